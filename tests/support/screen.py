"""A terminal of one's own, and what stands on it."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_PIECES: Final = re.compile(
    r"\x1b\[(?P<clear>K)|\x1b\[[0-9;?]*[A-Za-z]|(?P<text>[^\x1b])", re.DOTALL
)


@contextmanager
def terminal() -> Iterator[tuple[io.FileIO, io.FileIO]]:
    """What is shown on it, to be read; and the end for a process; close it then."""
    shown, end = os.openpty()
    with (
        os.fdopen(shown, "rb", buffering=0) as screen,
        os.fdopen(end, "wb", buffering=0) as process_end,
    ):
        yield screen, process_end


def read(screen: io.FileIO) -> bytes:
    """What is shown next; nothing once every process has let go of the terminal."""
    try:
        return screen.read(4096) or b""
    except OSError:
        return b""


def lines_on(shown: bytes) -> list[str]:
    """What stands on a screen of endless width: carriage returns and cleared lines are obeyed."""
    lines, column = [""], 0
    for piece in _PIECES.finditer(shown.decode()):
        if piece["clear"]:
            lines[-1] = lines[-1][:column]
        elif piece["text"] == "\r":
            column = 0
        elif piece["text"] == "\n":
            lines.append("")
            column = 0
        elif piece["text"]:
            lines[-1] = lines[-1][:column] + piece["text"] + lines[-1][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]
