"""Pipes that take no more."""

from __future__ import annotations

import os
from contextlib import suppress


def fill(file_number: int) -> int:
    """Fill a pipe until it takes no more."""
    os.set_blocking(file_number, False)
    filled = 0
    for size in (4096, 1):
        with suppress(BlockingIOError):
            while True:
                filled += os.write(file_number, b"x" * size)
    os.set_blocking(file_number, True)
    return filled
