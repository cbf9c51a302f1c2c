"""A folder of the local file system as a disk, and its locks."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from typing_extensions import override

from authorizer.persistence import ownership
from authorizer.persistence.disk import Disk, DiskFile


class DataFolderInUseError(Exception):
    """Another process owns the data folder."""


class LocalDisk(Disk):
    """A folder of the local file system. What is made in it belongs to its owner."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @override
    def append(self, name: str) -> "LocalFile":
        return LocalFile(self._root / name)

    @override
    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()

    @override
    def read_part(self, name: str, offset: int, length: int) -> bytes:
        with (self._root / name).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    @override
    def size(self, name: str) -> int:
        return (self._root / name).stat().st_size

    @override
    def identity(self, name: str) -> tuple[int, int] | None:
        try:
            found = (self._root / name).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino

    @override
    def names(self, folder: str) -> list[str]:
        try:
            return sorted(
                entry.name for entry in os.scandir(self._root / folder) if entry.is_file()
            )
        except FileNotFoundError:
            return []

    @override
    def sync(self, name: str) -> None:
        with _opened(self._root / name, os.O_RDONLY) as descriptor:
            os.fsync(descriptor)

    @override
    def drop_cache(self, name: str) -> None:
        with _opened(self._root / name, os.O_RDONLY) as descriptor:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    @override
    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        with _opened(self._root / name, os.O_WRONLY) as descriptor:
            while data:
                written = os.pwrite(descriptor, data, offset)
                offset, data = offset + written, data[written:]
            os.fdatasync(descriptor)

    @override
    def rename(self, old: str, new: str) -> None:
        target = self._root / new
        (self._root / old).replace(target)
        _sync_folder(target.parent)

    @override
    def remove(self, name: str) -> None:
        (self._root / name).unlink()

    @override
    def make_folder(self, folder: str) -> None:
        path = self._root / folder
        missing = [at for at in path.parents if not at.exists()]
        for parent in reversed(missing):
            ownership.make_folder(parent, mode=0o777)
        ownership.make_folder(path, mode=0o700)
        for made in (path, *missing):
            _sync_folder(made.parent)

    @override
    def sync_folder(self, folder: str) -> None:
        _sync_folder(self._root / folder)

    @override
    def path(self, name: str) -> str:
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
        """Hold a lock file until the context ends; wait while another process holds it.

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


class LocalFile(DiskFile):
    """A file of the local file system, open for appending."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = ownership.open_or_make(path, os.O_WRONLY | os.O_APPEND)

    @property
    @override
    def path(self) -> str:
        return str(self._path)

    @override
    def write(self, data: bytes) -> None:
        try:
            written = os.write(self._descriptor, data)
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError as error:
            raise _naming(self._path, error) from error

    @override
    def sync(self) -> None:
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise _naming(self._path, error) from error

    @override
    def fileno(self) -> int:
        return self._descriptor

    @override
    def close(self) -> None:
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
    """A descriptor that stays open in the context; errors raised there are not its own."""
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
