"""`python -m tests.support.hanging_disk FILE ARGUMENTS…`: the authorizer on a disk that may hang.

While FILE is there no `fdatasync` returns.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from authorizer.cli import main

if __name__ == "__main__":
    hang = Path(sys.argv[1])
    sync = os.fdatasync

    def hanging(descriptor: int) -> None:
        while hang.exists():
            time.sleep(0.01)
        sync(descriptor)

    os.fdatasync = hanging  # type: ignore[assignment]
    sys.argv[1:] = sys.argv[2:]
    main()
