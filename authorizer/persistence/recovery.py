"""Recovery: the newest good snapshot, then the journal's tail."""

from collections.abc import Callable
from typing import NamedTuple

from authorizer.domain.policy import DAY_US
from authorizer.persistence import snapshot
from authorizer.persistence.disk import Disk
from authorizer.persistence.history import MISFITS, events_of, misfit
from authorizer.persistence.journal import Batch, JournalDamagedError, JournalReader
from authorizer.persistence.snapshot import Snapshot, SnapshotDamagedError
from authorizer.persistence.state import Replay, State


class Recovered(NamedTuple):
    """What recovery found."""

    state: State
    journal: JournalReader
    """Read to its end: where to go on writing."""
    from_snapshot: str | None
    replayed_events: int
    damaged_snapshots: tuple[str, ...]
    """Why snapshots were passed over, one line each."""


def recover(
    disk: Disk,
    progress: Callable[[int], None] = lambda _: None,
    use_snapshots: bool = True,
    id_retention_us: int = 31 * DAY_US,
) -> Recovered:
    """Rebuild all state. Every batch of the journal is checked; only the tail is replayed.

    `progress` is told how many bytes of the journal were passed, a batch at a time. Ids older than
    `id_retention_us` are forgotten on the way.

    Raises:
        JournalDamagedError: the journal has damage before its end, or is not the one that the
            snapshot was taken with.
    """
    damaged: list[str] = []
    found = _newest_snapshot(disk, damaged) if use_snapshots else None
    state = found.state if found else State()
    replay = Replay(state, id_retention_us)
    reader = JournalReader(disk)
    replayed = 0
    for batch in reader:
        _check_beginning(disk, found, reader)
        if found is not None:
            _check_belonging(disk, found, batch)
        if found is None or batch.last_position > found.from_position:
            replayed += _replay_batch(disk, replay, batch)
        progress(batch.size_bytes)
    replay.finish()
    _check_reach(disk, found, reader)
    return Recovered(state, reader, found.name if found else None, replayed, tuple(damaged))


def _newest_snapshot(disk: Disk, damaged: list[str]) -> Snapshot | None:
    for name in snapshot.snapshots(disk):
        try:
            return snapshot.load(disk, name)
        except (SnapshotDamagedError, OSError) as error:
            damaged.append(str(error))
    return None


def _replay_batch(disk: Disk, replay: Replay, batch: Batch) -> int:
    for position, event in events_of(disk, batch):
        try:
            replay.apply(event, position)
        except MISFITS as error:
            raise misfit(disk, batch, position, error) from error
    return batch.header.records


def _check_belonging(disk: Disk, found: Snapshot, batch: Batch) -> None:
    at, chain = found.end.journal_position, found.end.chain
    here = batch.first_position <= at <= batch.last_position
    if here and (batch.last_position, batch.header.chain.hex()) != (at, chain):
        raise JournalDamagedError(
            disk.path(batch.segment),
            batch.offset,
            f"it is not the journal that {disk.path(found.name)} was taken with",
        )


def _check_beginning(disk: Disk, found: Snapshot | None, reader: JournalReader) -> None:
    if reader.first_position > (found.from_position if found else 0) + 1:
        raise JournalDamagedError(
            disk.path(reader.segment or "journal"),
            0,
            f"the journal begins at position {reader.first_position}, too late",
        )


def _check_reach(disk: Disk, found: Snapshot | None, reader: JournalReader) -> None:
    _check_beginning(disk, found, reader)
    segment = disk.path(reader.segment or "journal")
    if found is not None and reader.position < found.end.journal_position:
        raise JournalDamagedError(
            segment,
            reader.segment_bytes,
            f"the journal ends at position {reader.position}, but {disk.path(found.name)} was "
            f"taken when it reached {found.end.journal_position}: records are missing",
        )
