"""A server whose disk waits: while the file GATE is there, no sync of a journal's file ends.

python -m tests.support.gated GATE serve …
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from authorizer.cli import main
from authorizer.persistence.disk import DiskFile
from authorizer.persistence.journal.kernel_syncs import KernelSyncs
from authorizer.persistence.journal.syncs import Done
from tests.support.waiting import POLL_S


def hold_syncs(gate: Path) -> None:
    """Have every `fdatasync` wait until the gate is gone, in whatever thread, and the kernel's."""
    sync = os.fdatasync

    def waiting(descriptor: int) -> None:
        while gate.exists():
            time.sleep(POLL_S)
        sync(descriptor)

    os.fdatasync = waiting  # type: ignore[assignment]
    sync_by_kernel = KernelSyncs.sync

    def sync_later(syncs: KernelSyncs, file: DiskFile, done: Done) -> None:
        if gate.exists():
            asyncio.get_running_loop().call_later(POLL_S, sync_later, syncs, file, done)
        else:
            sync_by_kernel(syncs, file, done)

    KernelSyncs.sync = sync_later  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    hold_syncs(Path(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    main()
