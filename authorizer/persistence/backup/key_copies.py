"""The keys of personal data in a backup: one file a journal, always the newest.

Keys are only ever added, or destroyed. So the newest key file opens what any earlier journal has
sealed, but for the persons who were erased since. One that is kept beside it would give their data
back. So a backup puts the keys in the place of those of the backup before.
"""

from typing import NamedTuple

from authorizer.persistence.backup.manifest import StoredKeys
from authorizer.persistence.backup.segment_copies import BackupRefusedError
from authorizer.persistence.disk import Disk
from authorizer.persistence.privacy.keyring import (
    Keyring,
    VaultDamagedError,
    destroyed_since,
    is_later,
    whole_slots,
)
from authorizer.persistence.privacy.vault import read_key_file
from authorizer.persistence.stores.protocol import ObjectStore


class KeySource(NamedTuple):
    """A folder of keys, and the store that they go to."""

    disk: Disk
    folder: str
    store: ObjectStore


def keys_stored_as(identity: str) -> str:
    """The name of the key file in the store: that of another journal has another one."""
    return f"keys/{identity[:16]}.keys"


class KeyCopy:
    """The key file as it is read, maybe more than once."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._data: bytes | None = None

    def read(self) -> None:
        """Read the key file.

        Raises:
            VaultDamagedError: it is none.
        """
        try:
            data = whole_slots(read_key_file(self._source.disk, self._source.folder))
        except FileNotFoundError:
            self._data = None
            return
        try:
            Keyring(data)
        except VaultDamagedError as error:
            path = self._source.disk.path(self._source.folder)
            raise VaultDamagedError(f"{path}: {error}") from error
        self._data = data

    def destroyed_since(self) -> bool:
        """Read it again; whether a key was destroyed since it was read before."""
        before = self._data or b""
        self.read()
        return destroyed_since(self._data or b"", before)

    def put(self, identity: str) -> StoredKeys | None:
        """Store what was read, in the place of what was stored before; None if there are no keys.

        Raises:
            BackupRefusedError: the store has keys that these have not come of.
        """
        if self._data is None:
            return None
        name, store = keys_stored_as(identity), self._source.store
        try:
            before = store.get(name)
        except FileNotFoundError:
            before = b""
        if before != self._data:
            if not is_later(self._data, before):
                raise BackupRefusedError(
                    f"{store.path(name)} has keys that are not in "
                    f"{self._source.disk.path(self._source.folder)}: nothing was put in their place"
                )
            store.put_secret(name, self._data)
        ring = Keyring(self._data)
        return StoredKeys(stored_as=name, keys=len(ring), destroyed=ring.destroyed)
