"""Lines and a progress bar on one terminal; tests/cli/test_progress.py looks at real ones."""

from __future__ import annotations

import io
from threading import Thread
from typing import Final

from authorizer.terminal import Lines, StatusLine

PATIENCE_S: Final = 10.0


def test_without_a_bar_nobody_waits_for_a_writer_whose_reader_stalls() -> None:
    stream, line = io.StringIO(), StatusLine()
    with line.above():
        writer = Thread(target=Lines(stream, line).write, args=("a line\n",), daemon=True)
        writer.start()
        writer.join(PATIENCE_S)
        assert not writer.is_alive()
    assert stream.getvalue() == "a line\n"


def test_without_a_bar_its_end_waits_for_nobody() -> None:
    line = StatusLine()
    with line.above():
        ender = Thread(target=line.end, daemon=True)
        ender.start()
        ender.join(PATIENCE_S)
        assert not ender.is_alive()
