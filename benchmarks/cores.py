"""Which processor core does what: the server has one, the load generator another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_OURS: Final = sorted(os.sched_getaffinity(0))
SERVER: Final = _OURS[:1]
"""The server's core."""
LOAD: Final = _OURS[-1:]
"""The load generator's: the same one where there is no other."""


def pin(pid: int, cores: list[int]) -> None:
    """Keep all threads of a process on these cores, those to come too. Its children stay free."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def started_on(cores: list[int]) -> Iterator[None]:
    """Processes that are started within stay on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
