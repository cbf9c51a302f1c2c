"""Archiving segments: those that every usable snapshot covers go from the folder to a store."""

from collections.abc import Callable
from typing import NamedTuple

from authorizer.persistence.backup.archived_segments import (
    COMPRESSED,
    ArchivedSegments,
    archived_disk,
    compressed,
    read_list,
    write_list,
)
from authorizer.persistence.backup.manifest import StoredSegment, sha256_of, stored_as
from authorizer.persistence.backup.reading import ReadSegment, segments_from
from authorizer.persistence.backup.segment_copies import BackupRefusedError
from authorizer.persistence.disk import Disk
from authorizer.persistence.disk_view import DiskView
from authorizer.persistence.journal import frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.segments import Batch, segment_name
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.history import events_of
from authorizer.persistence.state.snapshot import SnapshotDamagedError
from authorizer.persistence.stores.protocol import ObjectStore


class Moved(NamedTuple):
    """What was archived."""

    segments: int
    freed_bytes: int
    position: int
    """Where the archived segments end; the folder's journal begins behind it."""


class WithoutSegments(DiskView):
    """A data folder as it will be: without segments up to a position."""

    def __init__(self, disk: Disk, position: int) -> None:
        super().__init__(disk)
        self._first = segment_name(position + 1)

    def names(self, folder: str) -> list[str]:
        """Names in a folder, those of the segments left out."""
        found = super().names(folder)
        if folder != journal.FOLDER:
            return found
        return [name for name in found if f"{folder}/{name}" >= self._first]


def covered_position(disk: Disk, no_further: int) -> int:
    """Where the last segment ends that no usable snapshot needs; 0 if there is none.

    All snapshots that can be read count: each is to be of use if a newer one is lost. The newest
    segment is never archived.
    """
    usable = []
    for name in snapshot.snapshots(disk):
        try:
            usable.append(snapshot.load(disk, name).from_position)
        except SnapshotDamagedError:
            continue
    until = min([*usable, no_further]) if usable else 0
    begins = [journal.first_position_of(name) - 1 for name in journal.segments(disk)[1:]]
    return max((ends for ends in begins if ends <= until), default=0)


def archive_segments(
    disk: Disk, store: ObjectStore, until: int, progress: Callable[[int], None] = lambda _: None
) -> Moved:
    """Move the segments up to a position, with which one of them ends, to a store.

    Each is checked, stored, read back and compared. Only when the list in the store names all of
    them do they go from the folder; where that was broken off, the next time goes on.

    Raises:
        BackupRefusedError: the store has segments of another journal, or lacks some before these.
        JournalDamagedError: a segment is damaged.
        OSError: a disk or the store fails. Nothing that is not in the store was removed.
    """
    archived = read_list(store)
    segments = list(archived.segments)
    _check_there(disk, store, archived)
    first = segment_name(archived.position + 1)
    chain = segments[-1].chain if segments else frame.GENESIS.hex()
    for read in segments_from(disk, first, _newest_us(disk)):
        if read.last_position > until:
            break
        if read.first_position != archived.position + 1 or read.chain_before != chain:
            raise BackupRefusedError(
                f"{disk.path(read.name)} does not go on from what is in {store.path('')}: its "
                "segments go to one place, one behind the other"
            )
        segments.append(_store(store, read))
        archived, chain = ArchivedSegments(segments=tuple(segments)), read.chain
        progress(len(read.data))
    write_list(store, archived)
    return _remove(disk, archived)


def _check_there(disk: Disk, store: ObjectStore, archived: ArchivedSegments) -> None:
    """What the store has and the folder has still must be the same."""
    own = set(journal.segments(disk))
    stored = archived_disk(store, archived)
    for segment in archived.segments:
        if segment.name in own and sha256_of(disk.read(segment.name)) != segment.sha256:
            raise BackupRefusedError(
                f"{disk.path(segment.name)} is not what {stored.path(segment.name)} has: that is "
                "of another journal"
            )


def _store(store: ObjectStore, read: ReadSegment) -> StoredSegment:
    sha256 = sha256_of(read.data)
    segment = StoredSegment(
        name=read.name,
        stored_as=f"{stored_as(read.name, sha256)}{COMPRESSED}",
        size_bytes=len(read.data),
        sha256=sha256,
        first_position=read.first_position,
        last_position=read.last_position,
        chain=read.chain,
        newest_at_us=read.newest_at_us,
    )
    store.put(segment.stored_as, compressed(read.data))
    back = archived_disk(store, ArchivedSegments(segments=(segment,)))
    if back.read(read.name) != read.data:
        raise OSError(f"{store.path(segment.stored_as)} is not what was written")
    return segment


def _remove(disk: Disk, archived: ArchivedSegments) -> Moved:
    own = set(journal.segments(disk))
    there = [segment for segment in archived.segments if segment.name in own]
    for segment in there:
        disk.remove(segment.name)
    disk.sync_folder(journal.FOLDER)
    freed_bytes = sum(segment.size_bytes for segment in there)
    return Moved(len(there), freed_bytes, archived.position)


def _newest_us(disk: Disk) -> Callable[[Batch], int]:
    return lambda batch: max(event.at_us for _, event in events_of(disk, batch))
