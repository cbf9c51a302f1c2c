"""A log handler with a thread of its own: an event loop never waits for the reader of its lines."""

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

import structlog
from typing_extensions import override

from authorizer.logs.repeats import Repeats, kind_of
from authorizer.terminal import StatusLine

MAX_QUEUED_BYTES: Final = 1 << 20
"""Bytes that may wait to be written; lines beyond that are lost, and counted."""
FLUSH_SECONDS: Final = 0.5
"""How long a flush waits until everything is written."""

_LEFT_OUT: Final = "log lines left out"
_LOST: Final = "log lines lost"
_LOOK_SECONDS: Final = 1.0

log = structlog.get_logger()


class BackgroundHandler(logging.Handler):
    """Queues lines for a thread that writes them, so logging never waits for a reader.

    A line is formatted where it is logged. A line for which the queue has no room is lost.
    """

    def __init__(
        self,
        file_number: int,
        status_line: StatusLine,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._file_number = file_number
        self._status_line = status_line
        self._repeats = Repeats(now)
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._mutex = threading.Lock()  # never held while anything is written
        self._bytes = 0
        self._unreported = 0
        self._written = threading.Event()
        self._written.set()
        self.lost = 0
        """Lines for which the queue had no room, or that could not be written."""
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def left_out(self) -> int:
        """Lines that were summed up instead of written."""
        return self._repeats.left_out

    @override
    def emit(self, record: logging.LogRecord) -> None:
        kind = kind_of(record)
        if kind.event not in (_LEFT_OUT, _LOST):
            with self._mutex:
                if not self._repeats.passes(kind):
                    return
        try:
            line = self.format(record).encode(errors="replace") + b"\n"
        except Exception:  # noqa: BLE001 - a line is not worth an answer
            self._lose()
            return
        with self._mutex:
            fits = self._bytes + len(line) <= MAX_QUEUED_BYTES
            if fits:
                self._bytes += len(line)
                self._written.clear()
                self._queue.put(line)
        if not fits:
            self._lose()

    @override
    def flush(self) -> None:
        if threading.current_thread() is not self._thread:
            self._log_sums(at_once=True)
            self._written.wait(FLUSH_SECONDS)

    @override
    def close(self) -> None:
        self.flush()  # a write that hangs is left to the end of the process
        self._queue.put(None)
        super().close()

    def _lose(self) -> None:
        with self._mutex:
            self.lost += 1
            self._unreported += 1

    def _run(self) -> None:
        looked_at = time.monotonic()
        while True:
            try:
                line = self._queue.get(timeout=_LOOK_SECONDS)
            except Empty:
                line = b""
            if line is None:
                return
            if line:
                self._write(line)
            if not line or time.monotonic() - looked_at > _LOOK_SECONDS:
                looked_at = time.monotonic()
                self._log_sums()
                self._log_losses()

    def _write(self, line: bytes) -> None:
        try:
            with self._status_line.above() as (before, after):
                self._write_all(before.encode() + line + after.encode())
        except (OSError, ValueError):  # the reader is gone
            self._lose()
        with self._mutex:
            self._bytes -= len(line)
            if not self._bytes:
                self._written.set()

    def _write_all(self, text: bytes) -> None:
        left = memoryview(text)
        while left:
            with suppress(BlockingIOError):
                left = left[os.write(self._file_number, left) :]
                continue
            select.select([], [self._file_number], [], _LOOK_SECONDS)

    def _log_sums(self, at_once: bool = False) -> None:
        with self._mutex:
            sums = self._repeats.take_sums(at_once)
        for kind, lines in sums:
            log.log(kind.level, _LEFT_OUT, like=kind.event, lines=lines)

    def _log_losses(self) -> None:
        with self._mutex:
            lines, self._unreported = self._unreported, 0
        if lines:
            log.warning(_LOST, lines=lines)
