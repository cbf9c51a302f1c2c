"""Standard error as a terminal: lines are written above a progress bar, never into it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_CLEAR_LINE: Final = "\r\033[K"


class Around(NamedTuple):
    """What is written with a line, so that the bar is below it again."""

    before: str = ""
    after: str = ""


class LastLine:
    """The line below all others, which a progress bar may have. One thread writes at a time."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._bar: ProgressBar[int] | None = None

    def show(self, bar: "ProgressBar[int]") -> None:
        """Give the line to a bar."""
        with self._mutex:
            self._bar = bar
            bar.render_progress()

    def move(self, steps: int) -> None:
        """Move the bar."""
        with self._mutex:
            if self._bar is not None:
                self._bar.update(steps)

    def end(self) -> None:
        """End the bar, if there is one: what is written next begins on a line of its own."""
        with self._mutex:
            bar, self._bar = self._bar, None
            if bar is not None:
                bar.render_finish()

    @contextmanager
    def above(self) -> Iterator[Around]:
        """Nobody else writes for as long as the context lasts, if there is a bar to keep whole.

        Without one nobody waits for another, whose reader may stall.
        """
        with nullcontext() if self._bar is None else self._mutex:
            bar = self._bar
            yield Around() if bar is None else Around(_CLEAR_LINE, bar.format_progress_line())


last_line: Final = LastLine()
"""That of this process's terminal: it has one."""


class Lines:
    """A stream for whole lines, which are written above the bar."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write whole lines; they are there when this returns."""
        with last_line.above() as (before, after):
            self._stream.write(before + text + after)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""
