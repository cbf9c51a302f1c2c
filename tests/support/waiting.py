"""Waiting for what another process or thread brings about: polled, with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

PATIENCE_S: Final = 60.0
POLL_S: Final = 0.01


def comes_true(
    condition: Callable[[], object], within_s: float = PATIENCE_S, poll_s: float = POLL_S
) -> bool:
    """Poll a condition until it holds; False if it does not in time. It is tried at least once."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_s)
    return True


def until(condition: Callable[[], object], what: str = "so") -> None:
    """Poll a condition until it holds; the test fails if it does not in time."""
    assert comes_true(condition), f"not {what} within {PATIENCE_S:.0f} s"


async def eventually(condition: Callable[[], object], poll_s: float = 0.001) -> None:
    """Let the event loop run until a condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(poll_s)


def in_time(work: Coroutine[Any, Any, None]) -> None:
    """Run work on a loop of its own; the test fails if it does not end in time."""
    asyncio.run(asyncio.wait_for(work, PATIENCE_S))
