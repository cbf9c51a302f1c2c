"""A disk in memory that knows what is synced and what is not.

It dies in two ways: `kill` ends the process, and what was not synced is still to be read;
`lose_power` ends the machine, and what was not synced is there, or in part, or with holes, or not
at all, as a seed decides.
"""

from __future__ import annotations

import errno
import os
from copy import deepcopy
from io import UnsupportedOperation
from random import Random

from typing_extensions import override

from authorizer.persistence.disk import Disk, DiskFile
from authorizer.simulation.inode import Folder, Inode


class MachineDied(BaseException):
    """The death of the process or the machine, at a step of the disk."""


class MemoryDisk(Disk):
    """A folder of files in memory, which outlives the processes that use it.

    Every effect on it is a step with a name: append, write, sync, truncate, overwrite, rename,
    remove, make_folder, sync_folder. `rename`, `truncate` and `overwrite` are two steps, as on a
    real disk: the change, and its sync. `die_after` lets so many steps pass and raises MachineDied
    before the next one, and before every later one, until `kill` or `lose_power` has been called.

    `fail_sync` has a sync fail as Linux does it: readers see what was to be synced, no later sync
    of it fails, and it is on no device.
    """

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}
        self._life = 0
        self._steps_left: int | None = None
        self._syncs_left: int | None = None
        self.steps: list[str] = []
        """The names of all steps so far."""

    @override
    def append(self, name: str) -> DiskFile:
        self._step("append")
        folder, entry = self._place(name)
        if entry not in folder.entries:
            folder.change({entry: Inode()})
        return MemoryFile(self, folder.entries[entry], self._life, name)

    @override
    def read(self, name: str) -> bytes:
        return self._inode(name).content

    @override
    def read_part(self, name: str, offset: int, length: int) -> bytes:
        return self._inode(name).content[offset : offset + length]

    @override
    def size(self, name: str) -> int:
        return len(self._inode(name).content)

    @override
    def identity(self, name: str) -> tuple[int, int] | None:
        folder, _, entry = name.rpartition("/")
        found = self._folders.get(folder, Folder()).entries.get(entry)
        return None if found is None else (0, id(found))

    @override
    def names(self, folder: str) -> list[str]:
        found = self._folders.get(folder)
        return sorted(found.entries) if found else []

    def truncate(self, name: str, length: int) -> None:
        """Cut a file to a length, durably."""
        self._step("truncate")
        inode = self._inode(name)
        inode.change(length, None)
        self.sync_step(inode, name)

    @override
    def sync(self, name: str) -> None:
        self.sync_step(self._inode(name), name)

    @override
    def drop_cache(self, name: str) -> None:
        self._inode(name).drop_cache()

    @override
    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        self._step("overwrite")
        inode = self._inode(name)
        inode.change(offset, data)
        self.sync_step(inode, name)

    @override
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

    @override
    def remove(self, name: str) -> None:
        self._inode(name)
        self._step("remove")
        folder, entry = self._place(name)
        folder.change({entry: None})

    @override
    def make_folder(self, folder: str) -> None:
        if folder not in self._folders:
            self._step("make_folder")
            self._folders[folder] = Folder()

    @override
    def sync_folder(self, folder: str) -> None:
        self.sync_step(self._folders[folder], folder, "sync_folder")

    @override
    def path(self, name: str) -> str:
        return f"memory:/{name}"

    # What happens to it.

    def die_after(self, steps: int) -> None:
        """Die after so many more steps."""
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

    # What is done with it from outside.

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


class MemoryFile(DiskFile):
    """A file of a `MemoryDisk`, open for appending."""

    def __init__(self, disk: MemoryDisk, inode: Inode, life: int, name: str) -> None:
        self._disk = disk
        self._inode = inode
        self._life = life
        self._name = name

    @property
    @override
    def path(self) -> str:
        return self._disk.path(self._name)

    @override
    def write(self, data: bytes) -> None:
        self._disk.step("write", self._life)
        self._inode.change(len(self._inode.content), data)

    @override
    def sync(self) -> None:
        self._disk.live(self._life)
        self._disk.sync_step(self._inode, self._name)

    @override
    def fileno(self) -> int:
        raise UnsupportedOperation("a file in memory has no number")

    def fail_sync(self) -> None:
        """Fail a sync, as `Inode.fail_sync` does."""
        self._inode.fail_sync()

    @override
    def close(self) -> None:
        pass
