"""The disk as the journal and the snapshots see it.

It comes in from outside, so that tests and simulations can put a faulty one in its place.
"""

import errno
from typing import Protocol


class DiskFile(Protocol):
    """A file that is being written, at its end only."""

    @property
    def path(self) -> str:
        """The file's name in messages."""

    def write(self, data: bytes) -> None:
        """Append all of `data`. OSError if any of it could not be written."""

    def sync(self) -> None:
        """Return when all that was written is on the device. OSError if that failed."""

    def fileno(self) -> int:
        """The system's number of the file. OSError if it has none."""

    def close(self) -> None:
        """Let the file go, without syncing."""


class Disk(Protocol):
    """A folder of files. Names are relative to it, with `/` between folder and file."""

    def append(self, name: str) -> DiskFile:
        """Open a file to write at its end; it is made if missing."""

    def read(self, name: str) -> bytes:
        """All of a file's bytes. FileNotFoundError if there is none."""

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        """At most `length` of a file's bytes from an offset on. FileNotFoundError if none."""

    def size(self, name: str) -> int:
        """How many bytes a file holds. FileNotFoundError if there is none."""

    def identity(self, name: str) -> tuple[int, int] | None:
        """Which file has a name now, as a mark that no other file has; None if there is none."""

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, sorted; none if the folder is missing."""

    def sync(self, name: str) -> None:
        """Return when what a file holds is on the device, as far as the system still knows."""

    def drop_cache(self, name: str) -> None:
        """Have a file read from the device again, not from memory, as far as the system can.

        After a sync that failed Linux takes what was written for clean: until its memory is short
        it goes on to show bytes that no device has. Bytes that are still to be written stay.
        """

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        """Put bytes in the place of others inside a file, durably."""

    def rename(self, old: str, new: str) -> None:
        """Put a file in the place of another, durably and at once."""

    def remove(self, name: str) -> None:
        """Take a file away."""

    def make_folder(self, folder: str) -> None:
        """Make a folder, durably, if it is missing."""

    def sync_folder(self, folder: str) -> None:
        """Return when the folder's entries are on the device."""

    def path(self, name: str) -> str:
        """A file's name in messages."""


def replace(disk: Disk, temporary: str, name: str, content: bytes) -> None:
    """Have a file hold these bytes, durably and at once, in place of all that it held.

    They go into a new file, `temporary`, which gets the name when they are on the device. So it
    does not matter what became of the old file's bytes. OSError leaves the old file as it was.
    """
    remove_if_there(disk, temporary)
    file = disk.append(temporary)
    try:
        file.write(content)
        file.sync()
    finally:
        file.close()
    disk.rename(temporary, name)


class FilePlace:
    """The path and identity of a file that is being written."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        self._name = name
        self._identity = disk.identity(name)

    def check(self) -> None:
        """OSError if the path no longer leads to the file: what is written to it would be lost."""
        if self._disk.identity(self._name) != self._identity:
            text = "the file was removed, moved or replaced while it was written"
            raise OSError(errno.ESTALE, text, self._disk.path(self._name))


def is_there(disk: Disk, name: str) -> bool:
    """Whether a folder has a file of this name."""
    folder, _, entry = name.rpartition("/")
    return entry in disk.names(folder)


def remove_if_there(disk: Disk, name: str) -> None:
    """Take a file away, if there is one."""
    if is_there(disk, name):
        disk.remove(name)
