"""The mark of files that are written without a sync: whether a loss of power may have torn them.

Files that can be made anew need no sync, as long as it is told when they must be: after the machine
went down while some of what was written was in its memory only. What a process leaves that is
killed is whole: the system has it.

So a folder has a mark from before the first such write until all of it is on the device. The mark
names the boot of the machine. One of an earlier boot was left by a machine that went down.
"""

import secrets
from pathlib import Path
from typing import Final

from authorizer.persistence.disk import Disk, is_there, remove_if_there, replace

MARK: Final = "unsynced"
_TEMPORARY: Final = "new-unsynced.tmp"
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str | None:
    """What no other boot of a machine has; None where the system does not tell."""
    try:
        return _BOOT_ID.read_text().strip() or None
    except OSError:
        return None


def may_be_torn(disk: Disk, folder: str, boot: str | None) -> bool:
    """Whether the machine went down after files of a folder were written and before a sync."""
    name = f"{folder}/{MARK}"
    if not is_there(disk, name):
        return False
    return disk.read(name).decode(errors="replace").split()[:1] != [boot]


def begin(disk: Disk, folder: str, boot: str) -> str:
    """Put the mark, durably, before anything is written; the text to end it with.

    One writer begins or ends at a time. The mark of another that still writes is replaced.
    """
    text = f"{boot} {secrets.token_hex(8)}"
    replace(disk, f"{folder}/{_TEMPORARY}", f"{folder}/{MARK}", f"{text}\n".encode())
    return text


def end(disk: Disk, folder: str, text: str) -> None:
    """Sync the files of a folder, of which nobody writes any more, and take the mark away.

    The mark of another who has begun since stays. OSError leaves it, too.
    """
    name = f"{folder}/{MARK}"
    if not is_there(disk, name) or disk.read(name).decode(errors="replace").strip() != text:
        return
    for file in disk.names(folder):
        if file != MARK:
            disk.sync(f"{folder}/{file}")
    disk.sync_folder(folder)
    remove_if_there(disk, name)
