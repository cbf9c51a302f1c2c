"""Any disk, with failpoints before it: it refuses chosen operations."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from fnmatch import fnmatchcase

from typing_extensions import override

from authorizer.persistence.disk import Disk, DiskFile
from authorizer.simulation.memory_disk import MemoryFile


@dataclass
class Failpoint:
    """An operation that fails: the `nth` of those that meet `operation` and the pattern `file`."""

    operation: str
    file: str
    error: int
    nth: int
    written_bytes: int
    """How much of its data a failing write leaves in the file."""
    forever: bool

    def meets(self, operation: str, file: str) -> bool:
        """Count one operation; whether it is the one that fails."""
        if operation != self.operation or not fnmatchcase(file, self.file):
            return False
        self.nth -= 1
        return self.nth == 0 or (self.forever and self.nth < 0)


class FaultyDisk(Disk):
    """Any disk, with failpoints before it. Notes every operation in `calls`."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.calls: list[tuple[str, str]] = []
        """(operation, file) of everything that was asked for, also of what was refused."""
        self.refused: list[tuple[str, str]] = []
        self._failpoints: list[Failpoint] = []

    def fail(
        self,
        operation: str,
        file: str = "*",
        error: int = errno.EIO,
        *,
        nth: int = 1,
        written_bytes: int = 0,
        forever: bool = False,
    ) -> None:
        """Have the `nth` operation of a kind from now on fail, and with `forever` all behind it."""
        self._failpoints.append(Failpoint(operation, file, error, nth, written_bytes, forever))

    def mend(self) -> None:
        """Have nothing fail any more."""
        self._failpoints.clear()

    def pass_or_fail(self, operation: str, file: str) -> None:
        """Note an operation. OSError if a failpoint is set on it."""
        met = self._met(operation, file)
        if met is not None:
            raise refusal(met, self.path(file))

    def write(self, inner: DiskFile, file: str, data: bytes) -> None:
        """Write, or write the part that a failpoint leaves and fail."""
        met = self._met("write", file)
        if met is None:
            inner.write(data)
            return
        if met.written_bytes:
            inner.write(data[: met.written_bytes])
        raise refusal(met, self.path(file))

    def _met(self, operation: str, file: str) -> Failpoint | None:
        self.calls.append((operation, file))
        met = [point for point in self._failpoints if point.meets(operation, file)]
        if met:
            self.refused.append((operation, file))
        return met[0] if met else None

    @override
    def append(self, name: str) -> DiskFile:
        self.pass_or_fail("append", name)
        return FaultyFile(self, self.disk.append(name), name)

    @override
    def read(self, name: str) -> bytes:
        self.pass_or_fail("read", name)
        return self.disk.read(name)

    @override
    def read_part(self, name: str, offset: int, length: int) -> bytes:
        self.pass_or_fail("read", name)
        return self.disk.read_part(name, offset, length)

    @override
    def size(self, name: str) -> int:
        return self.disk.size(name)

    @override
    def identity(self, name: str) -> tuple[int, int] | None:
        return self.disk.identity(name)

    @override
    def names(self, folder: str) -> list[str]:
        return self.disk.names(folder)

    @override
    def sync(self, name: str) -> None:
        self.pass_or_fail("sync", name)
        self.disk.sync(name)

    @override
    def drop_cache(self, name: str) -> None:
        self.disk.drop_cache(name)

    @override
    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        self.pass_or_fail("overwrite", name)
        self.disk.overwrite(name, offset, data)

    @override
    def rename(self, old: str, new: str) -> None:
        self.pass_or_fail("rename", new)
        self.disk.rename(old, new)

    @override
    def remove(self, name: str) -> None:
        self.pass_or_fail("remove", name)
        self.disk.remove(name)

    @override
    def make_folder(self, folder: str) -> None:
        self.pass_or_fail("make_folder", folder)
        self.disk.make_folder(folder)

    @override
    def sync_folder(self, folder: str) -> None:
        self.pass_or_fail("sync_folder", folder)
        self.disk.sync_folder(folder)

    @override
    def path(self, name: str) -> str:
        return self.disk.path(name)


class FaultyFile(DiskFile):
    """A file of a `FaultyDisk`."""

    def __init__(self, disk: FaultyDisk, inner: DiskFile, name: str) -> None:
        self._disk = disk
        self._inner = inner
        self._name = name

    @property
    @override
    def path(self) -> str:
        return self._inner.path

    @override
    def write(self, data: bytes) -> None:
        self._disk.write(self._inner, self._name, data)

    @override
    def sync(self) -> None:
        """One that is refused takes what was written for clean, as Linux does."""
        try:
            self._disk.pass_or_fail("sync", self._name)
        except OSError:
            if isinstance(self._inner, MemoryFile):
                self._inner.fail_sync()
            raise
        self._inner.sync()

    @override
    def fileno(self) -> int:
        return self._inner.fileno()

    @override
    def close(self) -> None:
        self._disk.pass_or_fail("close", self._name)
        self._inner.close()


def refusal(met: Failpoint, path: str) -> OSError:
    """The error of the operating system that a failpoint raises."""
    return OSError(met.error, os.strerror(met.error), path)
