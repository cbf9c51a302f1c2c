"""A server whose wall clock somebody sets.

python -m tests.support.stepped_clock OFFSET serve …

The file OFFSET says how many seconds its wall clock is off. Its monotonic clock is right.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from authorizer.cli import main


def step_by(offset: Path) -> None:
    """Have the wall clock off by what a file says."""
    right_ns, right = time.time_ns, time.time

    def off() -> int:
        return int(offset.read_text() or "0")

    time.time_ns = lambda: right_ns() + off() * 1_000_000_000
    time.time = lambda: right() + off()


if __name__ == "__main__":
    step_by(Path(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    main()
