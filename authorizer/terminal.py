"""A terminal with a progress bar: lines are written above the bar, never into it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_CLEAR_LINE: Final = "\r\033[K"


class Repaint(NamedTuple):
    """The text around a line that clears the bar before it and draws the bar after it."""

    before: str = ""
    after: str = ""


class StatusLine:
    """The lowest line of a terminal, which may hold a progress bar. One thread writes at a time."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._bar: ProgressBar[int] | None = None

    def show(self, bar: "ProgressBar[int]") -> None:
        """Draw a bar here."""
        with self._mutex:
            self._bar = bar
            bar.render_progress()

    def move(self, steps: int) -> None:
        """Move the bar."""
        with self._mutex:
            if self._bar is not None:
                self._bar.update(steps)

    def end(self) -> None:
        """End the bar, if there is one: the next line begins on a line of its own."""
        with self._mutex:
            bar, self._bar = self._bar, None
            if bar is not None:
                bar.render_finish()

    @contextmanager
    def above(self) -> Iterator[Repaint]:
        """Keep other writers out for as long as the context lasts, if there is a bar.

        Without a bar no writer waits for another one, whose reader may stall.
        """
        with nullcontext() if self._bar is None else self._mutex:
            bar = self._bar
            yield Repaint() if bar is None else Repaint(_CLEAR_LINE, bar.format_progress_line())


class Lines:
    """A stream of whole lines, which are written above the status line."""

    def __init__(self, stream: TextIO, status_line: StatusLine) -> None:
        self._stream = stream
        self._status_line = status_line

    def write(self, text: str) -> int:
        """Write whole lines; they are flushed when this returns."""
        with self._status_line.above() as (before, after):
            self._stream.write(before + text + after)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Every line is flushed already."""
