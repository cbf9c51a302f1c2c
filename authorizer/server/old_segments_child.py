"""The process that checks old segments beside a server: JSON lines out, until its input ends.

It loads little, yields to everybody, and rests three times as long as it works.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from authorizer.persistence.journal.segments import Batch, JournalDamagedError
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.verification.old_segments import check_up_to

NICENESS: Final = 19
STRETCH_BYTES: Final = 1 << 20
RESTS_FOR: Final = 3.0
"""How long it rests after a stretch, in times of what that took."""
TELLS_EVERY_S: Final = 1.0


class _Pace:
    """Rests after every stretch, and tells once a second how far it is."""

    def __init__(self) -> None:
        self._bytes = 0
        self._began_s = self._told_s = time.monotonic()

    def passed(self, batch: Batch) -> None:
        self._bytes += batch.size_bytes
        if self._bytes < STRETCH_BYTES:
            return
        now_s = time.monotonic()
        if now_s - self._told_s >= TELLS_EVERY_S:
            self._told_s = now_s
            _say({"position": batch.last_position})
        time.sleep((now_s - self._began_s) * RESTS_FOR)
        self._bytes, self._began_s = 0, time.monotonic()


def main(arguments: Sequence[str]) -> None:
    """Check a data folder's journal up to a position and the hash chain's head there."""
    folder, until, chain = arguments
    os.nice(NICENESS)
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        check_up_to(LocalDisk(Path(folder)), int(until), bytes.fromhex(chain), _Pace().passed)
    except (JournalDamagedError, OSError) as error:
        _say({"problem": str(error)})
    else:
        _say({"position": int(until)})


def _end_with_input() -> None:
    """End the process when its server has gone."""
    sys.stdin.buffer.read()
    os._exit(1)


def _say(said: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
