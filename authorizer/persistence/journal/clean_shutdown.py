"""The mark of an orderly end: what a folder's process knew to be on the device when it ended.

After a failed sync Linux takes what was written for clean. A later start reads it back, and every
sync of that file succeeds, though no device has it. So a start believes the files of the previous
process only if that one has noted, at its end, that all of its syncs had succeeded, and with which
bytes. Any other start writes them anew.

The mark is taken away before the first write. A sync that fails can leave a file that reads as
before, which the mark would fit again, and yet the device never takes what is written behind it.
"""

from contextlib import suppress
from typing import Final

from authorizer.persistence.disk import Disk, is_there, remove_if_there, replace

MARK: Final = "clean-shutdown"
_TEMPORARY: Final = "new-clean-shutdown.tmp"


def say(disk: Disk, folder: str, end: str) -> None:
    """Write the mark. If the disk refuses, the next start takes longer."""
    with suppress(OSError):
        replace(disk, f"{folder}/{_TEMPORARY}", f"{folder}/{MARK}", f"{end}\n".encode())


def said(disk: Disk, folder: str) -> str:
    """The mark of the last orderly end; empty if there is none."""
    name = f"{folder}/{MARK}"
    return disk.read(name).decode(errors="replace").strip() if is_there(disk, name) else ""


def withdraw(disk: Disk, folder: str) -> None:
    """Take the mark away, before anything is written.

    The folder need not be synced: after a loss of power nothing is left of a failed sync.
    """
    remove_if_there(disk, f"{folder}/{MARK}")
