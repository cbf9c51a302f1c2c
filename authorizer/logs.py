"""Structured logs on standard error: JSON lines, or readable ones on a terminal.

Where an event loop runs, a thread writes them: whoever reads them may stall, and the loop may not.
"""

import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, Literal, NamedTuple, TextIO

import orjson
import structlog

from authorizer.terminal import Lines, last_line

LogFormat = Literal["auto", "json", "console"]

MAX_QUEUED_BYTES: Final = 1 << 20
"""What may wait to be written; lines beyond that are lost, and counted."""
BURST: Final = 20
"""How many lines of one kind are logged in a window; those beyond it are summed up in one."""
WINDOW_SECONDS: Final = 10.0
MAX_KINDS: Final = 256
"""Kinds that are told apart at a time; all others are one."""
FLUSH_SECONDS: Final = 0.5
"""How long an end waits until everything is written."""

_LEFT_OUT: Final = "log lines left out"
_LOST: Final = "log lines lost"
_LOOK_SECONDS: Final = 1.0

log = structlog.get_logger()


class Kind(NamedTuple):
    """What lines have in common that say the same."""

    logger: str
    level: int
    event: str


def kind_of(record: logging.LogRecord) -> Kind:
    """The kind of a line: its event, or the text that its values are put into."""
    told = record.msg
    event = told.get("event", "") if isinstance(told, dict) else told
    return Kind(record.name, record.levelno, str(event))


class Repeats:
    """Lets a few lines of a kind pass in each window, and counts the others."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._windows: dict[Kind, tuple[float, int]] = {}
        """When each kind's window ends, and how many lines came in it."""
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
        """What was left out in windows that have ended; all that was left out, if `at_once`."""
        self._end_windows(float("inf") if at_once else self._now())
        taken, self._over = self._over, []
        return taken

    def _end_windows(self, now: float) -> None:
        for kind in [kind for kind, (ends_at, _) in self._windows.items() if ends_at <= now]:
            self._sum_up(kind, self._windows.pop(kind)[1])

    def _sum_up(self, kind: Kind, lines: int) -> None:
        if lines > BURST:
            self._over.append((kind, lines - BURST))


class BackgroundHandler(logging.Handler):
    """Has a thread of its own write the lines. Nobody who logs ever waits for whoever reads.

    What a line says is put together where it is logged. A line that finds no room is lost.
    """

    def __init__(self, file_number: int, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._file_number = file_number
        self._repeats = Repeats(now)
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._mutex = threading.Lock()  # never held while anything is written
        self._bytes = 0
        self._untold = 0
        self._written = threading.Event()
        self._written.set()
        self.lost = 0
        """Lines that found no room, or that could not be written."""
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def left_out(self) -> int:
        """Lines that were summed up."""
        return self._repeats.left_out

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
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

    def flush(self) -> None:
        """Wait until everything is written, but not for long."""
        if threading.current_thread() is not self._thread:
            self._tell_sums(at_once=True)
            self._written.wait(FLUSH_SECONDS)

    def close(self) -> None:
        """See `logging.Handler`. A write that hangs is left to the end of the process."""
        self.flush()
        self._queue.put(None)
        super().close()

    def _lose(self) -> None:
        with self._mutex:
            self.lost += 1
            self._untold += 1

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
                self._tell_sums()
                self._tell_losses()

    def _write(self, line: bytes) -> None:
        try:
            with last_line.above() as (before, after):
                self._write_all(before.encode() + line + after.encode())
        except (OSError, ValueError):  # nobody is there to read it
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

    def _tell_sums(self, at_once: bool = False) -> None:
        with self._mutex:
            sums = self._repeats.take_sums(at_once)
        for kind, lines in sums:
            log.log(kind.level, _LEFT_OUT, like=kind.event, lines=lines)

    def _tell_losses(self) -> None:
        with self._mutex:
            lines, self._untold = self._untold, 0
        if lines:
            log.warning(_LOST, lines=lines)


class Counts(NamedTuple):
    """Lines that nobody sees."""

    lost: int = 0
    left_out: int = 0


def counts() -> Counts:
    """How many lines were lost, or left out and summed up, since the logs were configured."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, BackgroundHandler):
            return Counts(handler.lost, handler.left_out)
    return Counts()


def flush() -> None:
    """Wait until what was logged is written, but not for long."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def _descriptor(stream: TextIO) -> int | None:
    """The file behind a stream; None for one in memory, which nobody can stall."""
    try:
        return stream.fileno()
    except OSError:
        return None


def configure(log_format: LogFormat, level: str, *, in_background: bool = False) -> None:
    """Have everything logged in one format, the libraries' lines too.

    `in_background` is for whoever runs an event loop: see `BackgroundHandler`. Nothing here may
    hold personal data: endpoints log ids and reasons, never documents.
    """
    readable = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[structlog.typing.Processor] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # the default one shows local variables, personal data among them
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
        if readable
        else [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ]
    )
    descriptor = _descriptor(sys.stderr) if in_background else None
    handler: logging.Handler = (
        logging.StreamHandler(Lines(sys.stderr))
        if descriptor is None
        else BackgroundHandler(descriptor)
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    for former in root.handlers:
        if isinstance(former, BackgroundHandler):
            former.close()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _to_json(value: object, **_: object) -> str:
    return orjson.dumps(value, default=str).decode()
