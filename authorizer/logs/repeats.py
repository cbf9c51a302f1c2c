"""Log lines that repeat: the first of a kind are written, the others are counted."""

import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple

BURST: Final = 20
"""Lines of one kind that are written in a window; those beyond it are summed up in one line."""
WINDOW_SECONDS: Final = 10.0
MAX_KINDS: Final = 256
"""Kinds that are told apart at a time; all others are one kind."""


class Kind(NamedTuple):
    """The logger, level and event that repeated lines have in common."""

    logger: str
    level: int
    event: str


def kind_of(record: logging.LogRecord) -> Kind:
    """The kind of a line; its event is the text before values are put in."""
    message = record.msg
    event = message.get("event", "") if isinstance(message, dict) else message
    return Kind(record.name, record.levelno, str(event))


class Repeats:
    """Passes the first lines of a kind in each window, and counts the others."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._windows: dict[Kind, tuple[float, int]] = {}
        """The end of each kind's window, and the number of lines in it."""
        self._over: list[tuple[Kind, int]] = []
        self.left_out = 0

    def passes(self, kind: Kind) -> bool:
        """Whether the line is to be logged."""
        now = self._now()
        if kind not in self._windows and len(self._windows) >= MAX_KINDS:
            self._end_windows(now)
            if len(self._windows) >= MAX_KINDS:
                kind = Kind("", kind.level, "others")
        ends_at, lines = self._windows.get(kind, (0.0, 0))
        if ends_at <= now:
            self._sum_up(kind, lines)
            ends_at, lines = now + WINDOW_SECONDS, 0
        self._windows[kind] = (ends_at, lines + 1)
        if lines < BURST:
            return True
        self.left_out += 1
        return False

    def take_sums(self, at_once: bool = False) -> list[tuple[Kind, int]]:
        """The lines left out in windows that have ended; in all windows, if `at_once`."""
        self._end_windows(float("inf") if at_once else self._now())
        taken, self._over = self._over, []
        return taken

    def _end_windows(self, now: float) -> None:
        for kind in [kind for kind, (ends_at, _) in self._windows.items() if ends_at <= now]:
            self._sum_up(kind, self._windows.pop(kind)[1])

    def _sum_up(self, kind: Kind, lines: int) -> None:
        if lines > BURST:
            self._over.append((kind, lines - BURST))
