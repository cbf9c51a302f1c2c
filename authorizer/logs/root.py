"""The root logger's handlers: their losses, and a flush of what waits in them."""

import logging
from typing import NamedTuple

from authorizer.logs.background import BackgroundHandler


class Counts(NamedTuple):
    """Log lines that were not written."""

    lost: int = 0
    left_out: int = 0


def line_counts() -> Counts:
    """The lines lost, and those left out and summed up, since the logs were configured."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, BackgroundHandler):
            return Counts(handler.lost, handler.left_out)
    return Counts()


def flush_logs() -> None:
    """Wait for a short time until the lines logged so far are written."""
    for handler in logging.getLogger().handlers:
        handler.flush()
