"""Disks that forget and fail, and a journal without one.

`MemoryDisk` is a disk in memory that knows what is synced and what is not. It dies in two ways:
`kill` ends the process, and what was not synced is still to be read; `lose_power` ends the machine,
and what was not synced is there, or in part, or with holes, or not at all, as a seed decides.
`FaultyDisk` stands before any disk and refuses chosen operations. `MemoryJournal` is the shortest
journal that keeps the protocol's promises.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from random import Random
from typing import Final

from authorizer.persistence.disk import Disk, DiskFile
from authorizer.persistence.journal import frame

SECTOR_BYTES: Final = 512


class MachineDied(BaseException):
    """The process or the machine came to its end at this step of the disk."""


# --- a disk in memory --------------------------------------------------------------------------


@dataclass(eq=False)
class Inode:
    """A file's bytes, apart from its names."""

    content: bytes = b""
    """What whoever reads it sees."""
    synced: bytes = b""
    """What is surely on the device."""
    changes: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Since the last sync, in order: (offset, bytes written there), or (new length, None)."""
    doomed: list[tuple[int, int]] = field(default_factory=list)
    """From where to where a sync failed: nothing that is written there reaches the device now."""

    def change(self, at: int, data: bytes | None) -> None:
        self.changes.append((at, data))
        self.content = changed(self.content, at, data)

    def sync(self) -> None:
        """Put on the device what changed since the last sync, but for what was doomed by then.

        ext4 writes into a block whose first write failed, and reads it as zeros all the same: it
        never noted that the block holds anything.
        """
        before = self.synced
        for at, data in self.changes:
            self.synced = changed(self.synced, at, data)
        for begin, end in self.doomed:
            there = before[begin:end].ljust(end - begin, b"\0")
            if begin < len(self.synced):
                there = there[: len(self.synced) - begin]
                self.synced = changed(self.synced, begin, there)
        self.changes.clear()

    def fail_sync(self) -> None:
        """A sync fails: what changed is clean in memory from now on, and is on no device."""
        self.doomed += [(at, at + len(data)) for at, data in self.changes if data is not None]
        self.changes.clear()

    def drop_cache(self) -> None:
        """Have the device's bytes be seen again, and what is not yet written over them."""
        self.content = self.synced
        for at, data in self.changes:
            self.content = changed(self.content, at, data)

    def lose_power(self, random: Random) -> None:
        """Keep what is synced, and a random part of what is not."""
        kept = self.synced
        fate = random.choice(("lost", "lost", "cut", "kept", "holes"))
        whole = {"lost": 0, "cut": random.randrange(len(self.changes) + 1)}
        count = whole.get(fate, len(self.changes))
        for at, data in self.changes[:count]:
            kept = changed(kept, at, with_holes(data, at, random) if fate == "holes" else data)
        if fate == "cut" and count < len(self.changes):
            at, data = self.changes[count]
            if data is not None:
                kept = changed(kept, at, data[: random.randrange(len(data) + 1)])
        self.content = self.synced = kept
        self.changes.clear()
        self.doomed.clear()


def changed(content: bytes, at: int, data: bytes | None) -> bytes:
    """Bytes after a write at an offset, or after a cut to a length."""
    if data is None:
        return content[:at]
    return content[:at].ljust(at, b"\0") + data + content[at + len(data) :]


def with_holes(data: bytes | None, at: int, random: Random) -> bytes | None:
    """What a write leaves when some of its sectors never arrive: there are zeros."""
    if data is None:
        return None
    return b"".join(
        bytes(len(piece)) if random.random() < 0.5 else piece for piece in sectors(data, at)
    )


def sectors(data: bytes, at: int) -> list[bytes]:
    """The pieces of a write that begins at an offset, one for each sector that it touches."""
    edges = [0, *range(SECTOR_BYTES - at % SECTOR_BYTES, len(data), SECTOR_BYTES), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


Entries = dict[str, Inode]


@dataclass(eq=False)
class Folder:
    """The names in a folder. What was not synced is lost from some operation on, in order."""

    entries: Entries = field(default_factory=dict)
    synced: Entries = field(default_factory=dict)
    changes: list[dict[str, Inode | None]] = field(default_factory=list)
    """Since the last sync: names and what they stand for now (None: taken away), each as one."""

    def change(self, names: dict[str, Inode | None]) -> None:
        self.changes.append(names)
        self.entries = named(self.entries, names)

    def sync(self) -> None:
        for names in self.changes:
            self.synced = named(self.synced, names)
        self.changes.clear()

    def fail_sync(self) -> None:
        """A sync fails: the names are seen from now on, and are on no device."""
        self.changes.clear()

    def lose_power(self, random: Random) -> None:
        kept = self.synced
        for names in self.changes[: random.randrange(len(self.changes) + 1)]:
            kept = named(kept, names)
        self.entries, self.synced = kept, dict(kept)
        self.changes.clear()


def named(entries: Entries, names: dict[str, Inode | None]) -> Entries:
    """A folder's entries after some names stand for something else."""
    together = {**entries, **names}
    return {name: inode for name, inode in together.items() if inode is not None}


class MemoryDisk:
    """A folder of files in memory, which outlives the processes that use it.

    Every effect on it is a step with a name: append, write, sync, truncate, overwrite, rename,
    remove, make_folder, sync_folder. `rename`, `truncate` and `overwrite` are two steps, as on a
    real disk: the change, and its sync. `die_after` lets so many steps pass and raises MachineDied
    before the next one, and before every later one, until `kill` or `lose_power` has been called.

    `fail_sync` has a sync fail as Linux does it: what was to be synced is seen by whoever reads it,
    no later sync of it fails, and it is on no device.
    """

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}
        self._life = 0
        self._steps_left: int | None = None
        self._syncs_left: int | None = None
        self.steps: list[str] = []
        """The names of all steps so far."""

    # What a process does with it: see `Disk`.

    def append(self, name: str) -> DiskFile:
        self._step("append")
        folder, entry = self._place(name)
        if entry not in folder.entries:
            folder.change({entry: Inode()})
        return MemoryFile(self, folder.entries[entry], self._life, name)

    def read(self, name: str) -> bytes:
        return self._inode(name).content

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        return self._inode(name).content[offset : offset + length]

    def size(self, name: str) -> int:
        return len(self._inode(name).content)

    def identity(self, name: str) -> tuple[int, int] | None:
        folder, _, entry = name.rpartition("/")
        found = self._folders.get(folder, Folder()).entries.get(entry)
        return None if found is None else (0, id(found))

    def names(self, folder: str) -> list[str]:
        found = self._folders.get(folder)
        return sorted(found.entries) if found else []

    def truncate(self, name: str, length: int) -> None:
        self._step("truncate")
        inode = self._inode(name)
        inode.change(length, None)
        self.sync_step(inode, name)

    def sync(self, name: str) -> None:
        self.sync_step(self._inode(name), name)

    def drop_cache(self, name: str) -> None:
        self._inode(name).drop_cache()

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        self._step("overwrite")
        inode = self._inode(name)
        inode.change(offset, data)
        self.sync_step(inode, name)

    def rename(self, old: str, new: str) -> None:
        inode = self._inode(old)
        self._step("rename")
        (old_folder, old_entry), (new_folder, new_entry) = self._place(old), self._place(new)
        if old_folder is new_folder:
            new_folder.change({old_entry: None, new_entry: inode})
        else:
            new_folder.change({new_entry: inode})
            old_folder.change({old_entry: None})
        self.sync_step(new_folder, new, "sync_folder")

    def remove(self, name: str) -> None:
        self._inode(name)
        self._step("remove")
        folder, entry = self._place(name)
        folder.change({entry: None})

    def make_folder(self, folder: str) -> None:
        if folder not in self._folders:
            self._step("make_folder")
            self._folders[folder] = Folder()

    def sync_folder(self, folder: str) -> None:
        self.sync_step(self._folders[folder], folder, "sync_folder")

    def path(self, name: str) -> str:
        return f"memory:/{name}"

    # What happens to it.

    def die_after(self, steps: int) -> None:
        """Let so many more steps pass, and none behind them."""
        self._steps_left = steps

    def fail_sync(self, nth: int = 1) -> None:
        """Have the nth sync from now on fail, of a file or of a folder."""
        self._syncs_left = nth

    def kill(self) -> None:
        """The process ends. What it wrote is to be read, synced or not."""
        self._life += 1
        self._steps_left = None
        self._syncs_left = None

    def lose_power(self, random: Random) -> None:
        """The machine ends. What was not synced is lost, in part or whole; the rest is synced."""
        self.kill()
        for folder in self._folders.values():
            folder.lose_power(random)
            for inode in folder.entries.values():
                inode.lose_power(random)

    # What tests do with it.

    def files(self) -> dict[str, bytes]:
        """Every file, by its name."""
        return {
            f"{name}/{entry}" if name else entry: inode.content
            for name, folder in self._folders.items()
            for entry, inode in folder.entries.items()
        }

    def put(self, name: str, content: bytes) -> None:
        """Have a file hold these bytes, synced."""
        folder_name, _, entry = name.rpartition("/")
        folder = self._folders.setdefault(folder_name, Folder())
        folder.change({entry: Inode(content, content)})
        folder.sync()

    def twin(self) -> MemoryDisk:
        """Another disk in the same state: what is not synced here is not synced there."""
        return deepcopy(self)

    def copy(self) -> MemoryDisk:
        """Another disk with the same files, all of them synced."""
        other = MemoryDisk()
        other._folders = {name: Folder() for name in self._folders}
        for name, content in self.files().items():
            other.put(name, content)
        return other

    def step(self, name: str, life: int) -> None:
        """Pass a step of a file that a process of this life has opened."""
        self.live(life)
        self._step(name)

    def live(self, life: int) -> None:
        """MachineDied if the process of this life has ended."""
        if life != self._life:
            raise MachineDied("the process that opened this file has ended")

    def sync_step(self, what: Inode | Folder, name: str, step: str = "sync") -> None:
        """Pass a step that syncs, or fails to."""
        self._step(step)
        if self._syncs_left is not None:
            self._syncs_left -= 1
            if self._syncs_left == 0:
                self._syncs_left = None
                what.fail_sync()
                raise OSError(errno.EIO, os.strerror(errno.EIO), self.path(name))
        what.sync()

    def _step(self, name: str) -> None:
        if self._steps_left is not None:
            if self._steps_left == 0:
                raise MachineDied(name)
            self._steps_left -= 1
        self.steps.append(name)

    def _place(self, name: str) -> tuple[Folder, str]:
        folder, _, entry = name.rpartition("/")
        if folder and folder not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.path(name))
        return self._folders.setdefault(folder, Folder()), entry

    def _inode(self, name: str) -> Inode:
        folder, entry = self._place(name)
        if entry not in folder.entries:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.path(name))
        return folder.entries[entry]


class MemoryFile:
    """A file of a `MemoryDisk`, open for appending."""

    def __init__(self, disk: MemoryDisk, inode: Inode, life: int, name: str) -> None:
        self._disk = disk
        self._inode = inode
        self._life = life
        self._name = name

    def write(self, data: bytes) -> None:
        """See `DiskFile`."""
        self._disk.step("write", self._life)
        self._inode.change(len(self._inode.content), data)

    def sync(self) -> None:
        """See `DiskFile`."""
        self._disk.live(self._life)
        self._disk.sync_step(self._inode, self._name)

    def fail_sync(self) -> None:
        """See `Inode`."""
        self._inode.fail_sync()

    def close(self) -> None:
        """See `DiskFile`."""


# --- a disk that refuses -----------------------------------------------------------------------


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


class FaultyDisk:
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

    # See `Disk`.

    def append(self, name: str) -> DiskFile:
        self.pass_or_fail("append", name)
        return FaultyFile(self, self.disk.append(name), name)

    def read(self, name: str) -> bytes:
        self.pass_or_fail("read", name)
        return self.disk.read(name)

    def read_part(self, name: str, offset: int, length: int) -> bytes:
        self.pass_or_fail("read", name)
        return self.disk.read_part(name, offset, length)

    def size(self, name: str) -> int:
        return self.disk.size(name)

    def identity(self, name: str) -> tuple[int, int] | None:
        return self.disk.identity(name)

    def names(self, folder: str) -> list[str]:
        return self.disk.names(folder)

    def sync(self, name: str) -> None:
        self.pass_or_fail("sync", name)
        self.disk.sync(name)

    def drop_cache(self, name: str) -> None:
        self.disk.drop_cache(name)

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        self.pass_or_fail("overwrite", name)
        self.disk.overwrite(name, offset, data)

    def rename(self, old: str, new: str) -> None:
        self.pass_or_fail("rename", new)
        self.disk.rename(old, new)

    def remove(self, name: str) -> None:
        self.pass_or_fail("remove", name)
        self.disk.remove(name)

    def make_folder(self, folder: str) -> None:
        self.pass_or_fail("make_folder", folder)
        self.disk.make_folder(folder)

    def sync_folder(self, folder: str) -> None:
        self.pass_or_fail("sync_folder", folder)
        self.disk.sync_folder(folder)

    def path(self, name: str) -> str:
        return self.disk.path(name)


class FaultyFile:
    """A file of a `FaultyDisk`."""

    def __init__(self, disk: FaultyDisk, inner: DiskFile, name: str) -> None:
        self._disk = disk
        self._inner = inner
        self._name = name

    def write(self, data: bytes) -> None:
        """See `DiskFile`."""
        self._disk.write(self._inner, self._name, data)

    def sync(self) -> None:
        """See `DiskFile`. One that is refused takes what was written for clean, as Linux does."""
        try:
            self._disk.pass_or_fail("sync", self._name)
        except OSError:
            if isinstance(self._inner, MemoryFile):
                self._inner.fail_sync()
            raise
        self._inner.sync()

    def close(self) -> None:
        """See `DiskFile`."""
        self._disk.pass_or_fail("close", self._name)
        self._inner.close()


def refusal(met: Failpoint, path: str) -> OSError:
    """The error of the operating system that a failpoint raises."""
    return OSError(met.error, os.strerror(met.error), path)


# --- a journal without a disk ------------------------------------------------------------------


class MemoryJournal:
    """A `Journal` that keeps its batches in a list."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.position = 0
        self.chain = frame.GENESIS

    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        """See `Journal`."""
        if first_position != self.position + 1:
            raise ValueError(f"position {first_position} does not follow {self.position}")
        _, self.chain = frame.batch(first_position, records, self.chain)
        self.batches.append(list(records))
        self.position += len(records)
        return self.chain

    def close(self) -> None:
        """See `Journal`."""
