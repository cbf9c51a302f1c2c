"""The configuration of structlog and of the standard library's logging."""

import logging
import sys
from typing import Literal, TextIO

import orjson
import structlog

from authorizer.logs.background import BackgroundHandler
from authorizer.terminal import Lines, StatusLine

LogFormat = Literal["auto", "json", "console"]


def configure_logging(
    log_format: LogFormat, level: str, status_line: StatusLine, *, in_background: bool = False
) -> None:
    """Write all log lines in one format, the libraries' lines too, above the status line.

    `in_background` suits a process with an event loop: see `BackgroundHandler`. Log lines hold no
    personal data: endpoints log ids and reasons, never documents.
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
        logging.StreamHandler(Lines(sys.stderr, status_line))
        if descriptor is None
        else BackgroundHandler(descriptor, status_line)
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


def _descriptor(stream: TextIO) -> int | None:
    """The file behind a stream; None for one in memory, which can't stall."""
    try:
        return stream.fileno()
    except OSError:
        return None
