"""Taking a backup of a data folder, also while a server runs on it.

The journal is read up to some batch's end, which makes it consistent: all state follows from it.
The keys are read before and after the journal's end: no key that the journal needs is missing, and
no key was destroyed whose erasure is not in the journal.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from authorizer import __version__
from authorizer.persistence import api_keys, users
from authorizer.persistence.backup import manifest as stored
from authorizer.persistence.backup.key_copies import KeyCopy, KeySource
from authorizer.persistence.backup.manifest import Manifest, StoredFile
from authorizer.persistence.backup.segment_copies import BackupRefusedError, JournalCopy
from authorizer.persistence.disk import Disk, is_there
from authorizer.persistence.journal.segments import FOLDER, Batch
from authorizer.persistence.privacy.access_log import FOLDER as ACCESS_LOG
from authorizer.persistence.privacy.access_log import access_at_us
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.history import events_of
from authorizer.persistence.stores.protocol import ObjectStore

MAX_ROUNDS: Final = 20
"""How often the journal's end is read anew because a key was destroyed meanwhile."""


class Source(NamedTuple):
    """A data folder, and what of it goes into a backup."""

    disk: Disk
    access_log: Disk
    keys: KeySource | None
    """None where the keys are not to be backed up."""
    with_snapshot: bool


class Taken(NamedTuple):
    """A backup that was taken."""

    manifest: Manifest
    new_files: int
    new_bytes: int


def take(
    source: Source,
    store: ObjectStore,
    taken_at_us: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Taken:
    """Take a backup. `progress` is told how many bytes of the journal were passed.

    Raises:
        BackupRefusedError: the store has backups of another journal, or of this one with an end
            that it has no more; or there are no records yet.
        JournalDamagedError: the journal is damaged, or begins too late.
        BackupDamagedError: the manifest of the backup before is damaged.
        OSError: a disk or the store fails. No backup was finished then.
    """
    newest = stored.backups(store).newest
    previous = None if newest is None else stored.read(store, newest)
    writer = _Writer(store, {} if previous is None else _files_of(previous))
    snapshots = _newest_snapshot(source, writer)
    journal = JournalCopy(
        source.disk, writer.put, previous.journal if previous else (), _event_at_us(source.disk)
    )
    journal.advance(progress)
    keys = None if source.keys is None else KeyCopy(source.keys)
    if keys is not None:
        for _ in range(MAX_ROUNDS):
            keys.read()
            journal.advance()
            if not keys.destroyed_since():
                break
    accesses = JournalCopy(
        source.access_log, writer.put_access, previous.access_log if previous else (), access_at_us
    )
    accesses.advance()
    identity = previous.identity if previous else journal.identity
    if not identity:
        raise BackupRefusedError(f"{source.disk.path(FOLDER)} holds no records yet")
    taken = Manifest(
        program=__version__,
        taken_at_us=taken_at_us,
        identity=identity,
        journal=journal.finish(),
        access_log=accesses.finish(),
        files=(*snapshots, *_who_may_ask(source, writer)),
        keys=None if keys is None else keys.put(identity),
    )
    stored.write(store, taken)
    return Taken(taken, writer.new_files, writer.new_bytes)


class _Writer:
    """Puts files into the store, unless it has them already."""

    def __init__(self, store: ObjectStore, known: Mapping[str, int]) -> None:
        self._store = store
        self._known = known
        self.new_files = 0
        self.new_bytes = 0

    def put_access(self, name: str, data: bytes) -> StoredFile:
        """Store a file of the access log, which has a folder of its own in the store."""
        return self.put(name, data, f"{ACCESS_LOG}/")

    def put(self, name: str, data: bytes, folder: str = "") -> StoredFile:
        """Store the file; its name in the store says what is in it."""
        sha256 = stored.sha256_of(data)
        name_there = stored.stored_as(f"{folder}{name}", sha256)
        if self._known.get(name_there) != len(data):
            self._store.put(name_there, data)
            self.new_files += 1
            self.new_bytes += len(data)
        return StoredFile(name=name, stored_as=name_there, size_bytes=len(data), sha256=sha256)


def _files_of(previous: Manifest) -> Mapping[str, int]:
    return {file.stored_as: file.size_bytes for file in previous.stored_files}


def _event_at_us(disk: Disk) -> Callable[[Batch], int]:
    return lambda batch: max(event.at_us for _, event in events_of(disk, batch))


def _newest_snapshot(source: Source, writer: _Writer) -> tuple[StoredFile, ...]:
    """The newest snapshot. It is read before the journal, which then holds all that it knows."""
    for name in snapshot.snapshots(source.disk) if source.with_snapshot else ():
        try:
            data = source.disk.read(name)
        except FileNotFoundError:  # a server has put a newer one in its place
            continue
        return (writer.put(name, data),)
    return ()


def _who_may_ask(source: Source, writer: _Writer) -> tuple[StoredFile, ...]:
    """The files of API keys and of people, as far as there are any."""
    api_keys.read_keys(source.disk)  # a damaged file must not become the backup of a sound one
    users.read_users(source.disk)
    there = [name for name in (api_keys.FILE, users.FILE) if is_there(source.disk, name)]
    return tuple(writer.put(name, source.disk.read(name)) for name in there)
