"""A server whose disk waits: while the file GATE is there, no sync of a journal's file returns.

python -m tests.support.gated GATE serve …
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from authorizer.cli import main
from tests.support.waiting import POLL_S


def hold_syncs(gate: Path) -> None:
    """Have every `fdatasync` wait until the gate is gone."""
    sync = os.fdatasync

    def waiting(descriptor: int) -> None:
        while gate.exists():
            time.sleep(POLL_S)
        sync(descriptor)

    os.fdatasync = waiting  # type: ignore[assignment]


if __name__ == "__main__":
    hold_syncs(Path(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    main()
