"""A backup as a disk that is read: what checks a data folder checks a backup in the same way."""

import errno
import gzip
import zlib
from collections.abc import Mapping
from typing import Final

from typing_extensions import override

from authorizer.persistence.backup.manifest import Manifest, StoredFile, sha256_of
from authorizer.persistence.disk import Disk, DiskFile
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.privacy.vault import FILE
from authorizer.persistence.problem import Problem
from authorizer.persistence.stores.protocol import ObjectStore

KEYS: Final = "keys"
"""The folder of the keys in `keys_disk`."""


class StoredDisk(Disk):
    """Files of a store under the names that they had. Nothing can be written.

    A file that is not as it was stored is a problem, and is given as it is.
    """

    def __init__(self, store: ObjectStore, files: Mapping[str, StoredFile]) -> None:
        self._store = store
        self._files = files
        self._last = "", b""
        self.problems: list[Problem] = []
        """What is not as it was stored, of what was read so far."""

    @override
    def read(self, name: str) -> bytes:
        file = self._file(name)
        try:
            data = self._unpacked(file)
        except FileNotFoundError as error:
            self.problems.append(Problem(self.path(name), None, "the file is missing"))
            if name.startswith(f"{journal.FOLDER}/"):
                text = "the file is missing from the backup"
                raise JournalDamagedError(self.path(name), 0, text) from error
            raise
        if len(data) != file.size_bytes:
            text = f"it has {len(data)} bytes, but {file.size_bytes} were stored"
            self.problems.append(Problem(self.path(name), None, text))
        elif sha256_of(data) != file.sha256:
            self.problems.append(Problem(self.path(name), None, "it does not match its SHA-256"))
        return data

    def _unpacked(self, file: StoredFile) -> bytes:
        data = self._store.get(file.stored_as)
        if not file.stored_as.endswith(".gz"):
            return data
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return b""  # which is not what was stored, and is told

    @override
    def read_part(self, name: str, offset: int, length: int) -> bytes:
        """Whoever reads a file in parts reads all of it: it is fetched once."""
        if self._last[0] != name:
            self._last = name, self.read(name)
        return self._last[1][offset : offset + length]

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._files

    @override
    def size(self, name: str) -> int:
        return self._file(name).size_bytes

    @override
    def identity(self, name: str) -> tuple[int, int] | None:
        return None

    @override
    def names(self, folder: str) -> list[str]:
        inside = (name.rpartition("/") for name in self._files)
        return sorted(file for parent, _, file in inside if parent == folder)

    @override
    def sync(self, name: str) -> None:
        """Nothing was written."""

    @override
    def drop_cache(self, name: str) -> None:
        """Nothing of it is in this process's memory."""

    @override
    def sync_folder(self, folder: str) -> None:
        """Nothing was written."""

    @override
    def append(self, name: str) -> DiskFile:
        raise self._refusal(name)

    @override
    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        raise self._refusal(name)

    @override
    def rename(self, old: str, new: str) -> None:
        raise self._refusal(old)

    @override
    def remove(self, name: str) -> None:
        raise self._refusal(name)

    @override
    def make_folder(self, folder: str) -> None:
        raise self._refusal(folder)

    @override
    def path(self, name: str) -> str:
        file = self._files.get(name)
        return self._store.path(name if file is None else file.stored_as)

    def _file(self, name: str) -> StoredFile:
        if name not in self._files:
            raise FileNotFoundError(f"there is no {self.path(name)}")
        return self._files[name]

    def _refusal(self, name: str) -> OSError:
        return OSError(errno.EROFS, "a backup is not written to", self.path(name))


def folder_disk(store: ObjectStore, manifest: Manifest) -> StoredDisk:
    """The data folder of a backup: journal, snapshots, API keys."""
    return StoredDisk(store, {file.name: file for file in (*manifest.journal, *manifest.files)})


def access_log_disk(store: ObjectStore, manifest: Manifest) -> StoredDisk:
    """The folder of the access log of a backup."""
    return StoredDisk(store, {file.name: file for file in manifest.access_log})


def keys_disk(store: ObjectStore, stored_as: str) -> StoredDisk:
    """The folder `keys` with the keys that are stored under a name now, whichever they are."""
    name = f"{KEYS}/{FILE}"
    data = store.get(stored_as)
    file = StoredFile(name=name, stored_as=stored_as, size_bytes=len(data), sha256=sha256_of(data))
    return StoredDisk(store, {name: file})
