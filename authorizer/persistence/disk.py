"""The disk as the journal and the snapshots see it.

It comes in from outside, so that tests and simulations can put a faulty one in its place.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from authorizer.persistence import ownership


class DataFolderInUseError(Exception):
    """Another process owns the data folder."""


class DiskFile(Protocol):
    """A file that is being written, at its end only."""

    def write(self, data: bytes) -> None:
        """Append all of `data`. OSError if any of it could not be written."""

    def sync(self) -> None:
        """Return when all that was written is on the device. OSError if that failed."""

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
        """How messages name a file."""


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


class Place:
    """Where a file that is being written is to be found, for as long as somebody writes it."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        self._name = name
        self._identity = disk.identity(name)

    def check(self) -> None:
        """OSError if the file is gone from its place: what is written to it is lost with it."""
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


class LocalDisk:
    """A folder of the local file system. What is made in it belongs to its owner."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def append(self, name: str) -> "LocalFile":
        """See `Disk`."""
        return LocalFile(self._root / name)

    def read(self, name: str) -> bytes:
        """See `Disk`."""
        return (self._root / name).read_bytes()

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        """See `Disk`."""
        with (self._root / name).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def size(self, name: str) -> int:
        """See `Disk`."""
        return (self._root / name).stat().st_size

    def identity(self, name: str) -> tuple[int, int] | None:
        """See `Disk`."""
        try:
            found = (self._root / name).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino

    def names(self, folder: str) -> list[str]:
        """See `Disk`."""
        try:
            return sorted(
                entry.name for entry in os.scandir(self._root / folder) if entry.is_file()
            )
        except FileNotFoundError:
            return []

    def sync(self, name: str) -> None:
        """See `Disk`."""
        with _opened(self._root / name, os.O_RDONLY) as descriptor:
            os.fsync(descriptor)

    def drop_cache(self, name: str) -> None:
        """See `Disk`."""
        with _opened(self._root / name, os.O_RDONLY) as descriptor:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        """See `Disk`."""
        with _opened(self._root / name, os.O_WRONLY) as descriptor:
            while data:
                written = os.pwrite(descriptor, data, offset)
                offset, data = offset + written, data[written:]
            os.fdatasync(descriptor)

    def rename(self, old: str, new: str) -> None:
        """See `Disk`."""
        target = self._root / new
        (self._root / old).replace(target)
        _sync_folder(target.parent)

    def remove(self, name: str) -> None:
        """See `Disk`."""
        (self._root / name).unlink()

    def make_folder(self, folder: str) -> None:
        """See `Disk`."""
        path = self._root / folder
        missing = [at for at in path.parents if not at.exists()]
        for parent in reversed(missing):
            ownership.make_folder(parent, mode=0o777)
        ownership.make_folder(path, mode=0o700)
        for made in (path, *missing):
            _sync_folder(made.parent)

    def sync_folder(self, folder: str) -> None:
        """See `Disk`."""
        _sync_folder(self._root / folder)

    def path(self, name: str) -> str:
        """See `Disk`."""
        return str(self._root / name)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Own the folder until the context ends, or the process does.

        The file `lock` names the owner, and may be removed. So the folder itself is locked too.

        Raises:
            DataFolderInUseError: another process owns it.
        """
        self.make_folder(".")
        path = self._root / "lock"
        with (
            _file_for_long(path) as file,
            _folder_for_long(self._root) as folder,
        ):
            _take_lock(file, file, self._root)
            _take_lock(folder, file, self._root)
            try:
                os.ftruncate(file, 0)
                os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
            except OSError as error:
                raise _naming(path, error) from error
            yield

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Have a lock file to oneself until the context ends; wait while another process has it.

        As in `lock`, the folder that holds it is locked too.
        """
        path = self._root / name
        with (
            _file_for_long(path) as file,
            _folder_for_long(path.parent) as folder,
        ):
            fcntl.flock(file, fcntl.LOCK_EX)
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield


class LocalFile:
    """A file of the local file system, open for appending."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = ownership.open_or_make(path, os.O_WRONLY | os.O_APPEND)

    def write(self, data: bytes) -> None:
        """See `DiskFile`."""
        try:
            written = os.write(self._descriptor, data)
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError as error:
            raise _naming(self._path, error) from error

    def sync(self) -> None:
        """See `DiskFile`."""
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise _naming(self._path, error) from error

    def close(self) -> None:
        """See `DiskFile`."""
        os.close(self._descriptor)


def _take_lock(descriptor: int, lock_file: int, root: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = ""
        with suppress(OSError):
            owner = os.pread(lock_file, 20, 0).decode(errors="replace").strip()
        message = f"the data folder {root} is in use by another process"
        raise DataFolderInUseError(message + (f" (process {owner})" if owner else "")) from None


def _sync_folder(path: Path) -> None:
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


def _file_for_long(path: Path) -> AbstractContextManager[int]:
    return _open_for_long(ownership.open_or_make(path, os.O_RDWR))


def _folder_for_long(path: Path) -> AbstractContextManager[int]:
    return _open_for_long(os.open(path, os.O_RDONLY | os.O_DIRECTORY))


@contextmanager
def _open_for_long(descriptor: int) -> Iterator[int]:
    """A file that stays open while others work: their errors are not of this file."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    """An open file for a moment. An OSError of what is done with it names the file."""
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    except OSError as error:
        raise _naming(path, error) from error
    finally:
        os.close(descriptor)


def _naming(path: Path, error: OSError) -> OSError:
    """An error of a call that knows a file by its number only, with the file's name."""
    return error if error.filename else OSError(error.errno, error.strerror, str(path))
