"""Restoring a backup into an empty folder: every byte is checked on its way."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from authorizer.domain.customers.events import PersonalDataErased
from authorizer.persistence.backup.manifest import (
    BackupDamagedError,
    Manifest,
    StoredFile,
    StoredSegment,
)
from authorizer.persistence.backup.stored_disk import StoredDisk, access_log_disk, folder_disk
from authorizer.persistence.disk import Disk, remove_if_there, replace
from authorizer.persistence.journal.segment_walk import SegmentWalk
from authorizer.persistence.journal.segments import Batch, JournalDamagedError
from authorizer.persistence.privacy.access_log import FOLDER as ACCESS_LOG
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.history import events_of
from authorizer.persistence.state.record import records_of
from authorizer.persistence.stores.protocol import ObjectStore

UNFINISHED: Final = "restoring"
"""A file that is in a folder until all of it is restored."""
_TEMPORARY: Final = "restoring.tmp"
_USUAL: Final = frozenset({"lost+found"})
"""What a new file system has in its topmost folder."""

IsBeyond = Callable[[int, int], bool]
"""Whether an event is behind the point to restore to, by its position and time."""


class Restored(NamedTuple):
    """What was restored of a journal."""

    position: int
    chain: bytes
    at_us: int
    """The time of its newest event."""
    left_out: int
    """Events of the backup that lie behind the point."""
    erased_later: frozenset[str]
    """The customers who were erased behind it: their keys are gone."""


def names_inside(names: Iterable[str]) -> list[str]:
    """What of a folder's names keeps it from being restored into."""
    return sorted(name for name in names if name not in _USUAL)


def restore(
    store: ObjectStore,
    manifest: Manifest,
    into: Disk,
    is_beyond: IsBeyond | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Write a backup's files into an empty folder, the keys apart.

    The journal ends with the last batch that has no event beyond the point: a batch is there as a
    whole or not at all. Snapshots are restored with the whole journal only.

    Raises:
        BackupDamagedError: a file is not as it was stored.
        JournalDamagedError: the journal in it is damaged.
        OSError: the store or the disk fails.
    """
    replace(into, _TEMPORARY, UNFINISHED, b"This folder is not restored to its end.\n")
    source = folder_disk(store, manifest)
    restored = _Journal(source, into, is_beyond).restore(manifest.journal, progress)
    for file in manifest.files:
        if restored.left_out and file.name.startswith(f"{snapshot.FOLDER}/"):
            continue
        _write(into, file.name, _read(source, file))
    accesses = access_log_disk(store, manifest)
    for segment in manifest.access_log:
        _write(into, f"{ACCESS_LOG}/{segment.name}", _read(accesses, segment))
    return restored


def finish(into: Disk) -> None:
    """Say that everything is there, the keys too: a server may start."""
    remove_if_there(into, UNFINISHED)
    into.sync_folder(".")


class _Journal:
    """A journal on its way out of a store."""

    def __init__(self, source: StoredDisk, into: Disk, is_beyond: IsBeyond | None) -> None:
        self._source = source
        self._into = into
        self._is_beyond = is_beyond
        self._walk = SegmentWalk(source)
        self._end: Batch | None = None
        self._ended = False
        self._left_out = 0
        self._erased: set[str] = set()

    def restore(
        self, segments: Iterable[StoredSegment], progress: Callable[[int], None]
    ) -> Restored:
        at_us = 0
        for segment in segments:
            data = _read(self._source, segment)
            whole = self._pass_by(segment, data)
            if whole:
                _write(self._into, segment.name, data[:whole])
            progress(len(data))
        if self._end is None:
            raise BackupDamagedError("no batch of the backup lies before that point")
        at_us = max(event.at_us for _, event in events_of(self._source, self._end))
        return Restored(
            self._end.last_position,
            self._end.header.chain,
            at_us,
            self._left_out,
            frozenset(self._erased),
        )

    def _pass_by(self, segment: StoredSegment, data: bytes) -> int:
        """Check a segment; how many of its bytes lie before the point."""
        walk = self._walk
        walk.begin(segment.name, data)
        whole = 0
        for batch in walk.batches(data):
            self._ended = self._ended or self._is_behind(batch)
            if self._ended:
                self._leave_out(batch)
            else:
                self._end, whole = batch, walk.offset
        if walk.problem is not None:
            path = self._source.path(segment.name)
            raise JournalDamagedError(path, walk.offset, walk.problem)
        if (walk.position, walk.chain.hex()) != (segment.last_position, segment.chain):
            text = f"it ends at position {walk.position}, not at {segment.last_position}"
            raise JournalDamagedError(self._source.path(segment.name), walk.offset, text)
        return whole

    def _is_behind(self, batch: Batch) -> bool:
        if self._is_beyond is None:
            return False
        newest_us = max(event.at_us for _, event in events_of(self._source, batch))
        return self._is_beyond(batch.last_position, newest_us)

    def _leave_out(self, batch: Batch) -> None:
        self._left_out += batch.header.records
        for _, event in events_of(self._source, batch, _MAY_ERASE):
            if isinstance(event, PersonalDataErased):
                self._erased.add(event.customer_id)


_MAY_ERASE: Final = records_of({"personal_data_erased"})


def _read(source: StoredDisk, file: StoredFile) -> bytes:
    told = len(source.problems)
    try:
        data = source.read(file.name)
    except FileNotFoundError as error:
        raise BackupDamagedError(str(source.problems[told])) from error
    if len(source.problems) > told:
        raise BackupDamagedError(str(source.problems[told]))
    return data


def _write(into: Disk, name: str, data: bytes) -> None:
    into.make_folder(name.rpartition("/")[0])
    replace(into, _TEMPORARY, name, data)
