"""Whether a backup is whole: every file as it was stored, and all that holds of a data folder."""

from collections.abc import Callable, Collection
from contextlib import suppress

from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.persistence.backup.manifest import Manifest
from authorizer.persistence.backup.stored_disk import (
    KEYS,
    access_log_disk,
    folder_disk,
    keys_disk,
)
from authorizer.persistence.problem import Problem
from authorizer.persistence.state import snapshot
from authorizer.persistence.stores.protocol import ObjectStore
from authorizer.persistence.verification import data_folder as verification
from authorizer.persistence.verification.data_folder import KeysIn, Verified
from authorizer.persistence.verification.walk import Head


class StoredBackup:
    """A backup to be checked."""

    def __init__(self, store: ObjectStore, manifest: Manifest) -> None:
        self.disk = folder_disk(store, manifest)
        self._accesses = access_log_disk(store, manifest)
        self._manifest = manifest

    @property
    def passes(self) -> int:
        """How often the journal is read."""
        return 2 if snapshot.snapshots(self.disk) else 1

    def verify(
        self,
        expected: Collection[Head],
        id_retention: IdRetention,
        keys_at: ObjectStore | None,
        progress: Callable[[int], None],
    ) -> Verified:
        """Check everything. The keys are those that are there now; None: they are not checked."""
        missing_keys: list[Problem] = []
        keys = None
        if keys_at is not None and self._manifest.keys is not None:
            name = self._manifest.keys.stored_as
            try:
                keys = KeysIn(keys_disk(keys_at, name), KEYS)
            except FileNotFoundError:
                missing_keys = [Problem(keys_at.path(name), None, "the key file is missing")]
        end = Head(self._manifest.position, bytes.fromhex(self._manifest.chain))
        found = verification.verify(
            self.disk,
            [*expected, end],
            id_retention,
            progress,
            keys_in=keys,
            accesses_on=self._accesses,
        )
        for file in self._manifest.files:
            if not file.name.startswith(f"{snapshot.FOLDER}/"):  # those were read
                with suppress(FileNotFoundError):
                    self.disk.read(file.name)
        told = (*self.disk.problems, *self._accesses.problems, *missing_keys, *found.problems)
        return found._replace(problems=tuple(dict.fromkeys(told)))
