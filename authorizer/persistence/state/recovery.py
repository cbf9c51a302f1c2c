"""Recovery: the newest good snapshot, then the journal's tail."""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.policy import ID_RETENTION
from authorizer.persistence.archive.protocol import Archive, Attic, Mark
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import (
    Batch,
    JournalBeginsLateError,
    JournalDamagedError,
    segment_name,
)
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.history import events_of, replay_error
from authorizer.persistence.state.purchase_replay import NotReplayedError
from authorizer.persistence.state.record import UnknownRecordError
from authorizer.persistence.state.snapshot import Snapshot, SnapshotDamagedError
from authorizer.persistence.state.state import Replay, State

ASIDE: Final = ".ahead-of-"
"""What follows a snapshot's name, and then a position, where it was put aside."""


class JournalShorterError(JournalDamagedError):
    """A snapshot knows records that the journal has not.

    A copy of a folder has that where the journal was copied before the snapshots while a server
    ran. But so has a journal that lost its end, and with it what was answered: only whoever knows
    where the folder comes from can tell.
    """

    def __init__(self, segment: str, segment_bytes: int, snapshot: str, knows: int, ends: int):
        problem = (
            f"records are missing: {snapshot} knows position {knows}, but the journal ends at "
            f"{ends}, whole up to there"
        )
        super().__init__(segment, segment_bytes, problem)
        said = (
            f"{problem}, in {segment}. Nothing was changed. If this is a copy that was taken while "
            "a server ran, with the journal copied before the snapshots, then nothing is damaged: "
            f"go on with `authorizer serve --accept-shorter-journal {ends}`. If it is not a copy, "
            f"the journal has lost its end: restore it, or what was answered behind {ends} is lost"
        )
        self.args = (said,)
        self.snapshot = snapshot
        self.knows = knows
        self.ends = ends


class Unread(NamedTuple):
    """The part of the journal that was not read, in front of the tail."""

    until: int
    """The position with which it ends."""
    chain: bytes
    """The hash chain's head there, as the tail says."""
    size_bytes: int


class Recovered(NamedTuple):
    """What recovery found."""

    state: State
    journal: JournalReader
    """Read to its end: where to go on writing."""
    from_snapshot: str | None
    replayed_events: int
    damaged_snapshots: tuple[str, ...]
    """Why snapshots were passed over, one line each."""
    unread: Unread | None = None
    """What is still to be checked; None where every batch was."""


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Nothing that a recovery makes refers to itself: the collector would look at it in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_collector_at_rest()
def recover(  # noqa: PLR0913, PLR0917 - one argument a condition
    disk: Disk,
    progress: Callable[[int], None] = lambda _: None,
    use_snapshots: bool = True,
    id_retention: IdRetention = ID_RETENTION,
    shorter: int | None = None,
    attic: Attic | None = None,
    tail_only: bool = False,
) -> Recovered:
    """Rebuild all state. Every batch of the journal is checked; only the tail is replayed.

    With `tail_only` it is the batches from the beginning of the segment in which the snapshot's
    part ends. What was passed over is `Recovered.unread`, for the caller to have it checked.

    `progress` is told how many bytes of the journal were passed, a batch at a time. Ids past their
    `id_retention` are forgotten on the way. Snapshots that know more than `shorter` are passed
    over, where that is where the journal is known to end.

    Closed purchases lie in the `attic`. A snapshot that rests on another one, or on more than it
    holds, is passed over. Where none is left that rests on it, the archive begins anew, under
    another name. It does too where it holds less than it once did for any snapshot: it would come
    to hold as much again with other purchases, and then that snapshot would seem to rest on it.
    Without an archive all purchases are kept in memory.

    Raises:
        JournalShorterError: the journal is whole, but ends before a snapshot.
        JournalDamagedError: the journal has damage before its end, or is not the one that the
            snapshot was taken with.
    """
    damaged: list[str] = []
    archive = None if attic is None else attic.archive
    names = snapshot.snapshots(disk) if use_snapshots else []
    found = _newest_snapshot(disk, names, shorter, archive, damaged)
    state = found.state if found else State()
    if archive is not None and (found is None or found.archived is None):
        archive.begin_anew()  # what it has is not the snapshot's
    reader = JournalReader(disk, found.from_position if found and tail_only else 0)
    unread_bytes = sum(map(disk.size, reader.passed_over))
    progress(unread_bytes)
    known = found.end.journal_position if found else 0
    replay = Replay(state, id_retention, _newest_us(disk, reader), attic, known)
    replayed = 0
    for batch in reader:
        _check_beginning(disk, found, reader)
        if found is not None:
            _check_belonging(disk, found, batch)
        if found is None or batch.last_position > found.from_position:
            replayed += _replay_batch(disk, replay, batch)
        progress(batch.size_bytes)
    replay.finish()
    if archive is not None:
        archive.cut_after(reader.position)
    _check_reach(disk, found, None if shorter is not None else next(iter(names), None), reader)
    unread = None
    if reader.passed_over:
        unread = Unread(reader.first_position - 1, reader.first_chain, unread_bytes)
    return Recovered(state, reader, found.name if found else None, replayed, tuple(damaged), unread)


def _newest_us(disk: Disk, reader: JournalReader) -> int:
    """The time of the journal's newest event, as far as can be told before reading it; else 0."""
    batch = reader.last_batch()
    try:
        return max(event.at_us for _, event in events_of(disk, batch)) if batch else 0
    except JournalDamagedError:
        return 0  # whoever reads it in its turn says what is wrong with it


def put_aside(disk: Disk, position: int) -> list[str]:
    """Have the snapshots that are ahead of a position be snapshots no more; nothing is removed.

    They must go before the journal does: it would come to their position with another history. So
    must those that can't be read, since nobody knows what is in them.
    """
    names = [name for name in snapshot.snapshots(disk) if not _fits(disk, name, position)]
    for name in names:
        disk.rename(name, f"{name}{ASIDE}{position}")
    return names


def _fits(disk: Disk, name: str, position: int) -> bool:
    try:
        return snapshot.load(disk, name).end.journal_position <= position
    except SnapshotDamagedError:
        return False


def _newest_snapshot(
    disk: Disk,
    names: Iterable[str],
    shorter: int | None,
    archive: Archive | None,
    damaged: list[str],
) -> Snapshot | None:
    is_older = False
    for name in names:
        try:
            found = snapshot.load(disk, name)
        except (SnapshotDamagedError, OSError) as error:
            damaged.append(str(error))
            continue
        is_older = is_older or _is_older(archive, found.archived)
        if found.archived is not None and (is_older or not _rests_on(found.archived, archive)):
            damaged.append(f"{disk.path(name)}: its archive of purchases is not there")
            continue
        if shorter is None or found.end.journal_position <= shorter:
            return found
    return None


def _rests_on(archived: Mark, archive: Archive | None) -> bool:
    """Whether an archive has all the purchases that had left memory for a snapshot."""
    mark = None if archive is None else archive.mark
    return mark is not None and mark.identity == archived.identity and mark.taken >= archived.taken


def _is_older(archive: Archive | None, archived: Mark | None) -> bool:
    """Whether an archive is an earlier state of the one that a snapshot rests on."""
    mark = None if archive is None else archive.mark
    return (
        mark is not None
        and archived is not None
        and mark.identity == archived.identity
        and mark.taken < archived.taken
    )


def _replay_batch(disk: Disk, replay: Replay, batch: Batch) -> int:
    try:
        replay.apply_records(batch.records(), batch.first_position)
    except NotReplayedError as error:
        raise replay_error(disk, batch, error.position, error.error) from error
    except (UnknownRecordError, ValueError) as error:
        raise JournalDamagedError(disk.path(batch.segment), batch.offset, str(error)) from error
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
        raise JournalBeginsLateError(disk, segment_name(reader.first_position))


def _check_reach(
    disk: Disk, found: Snapshot | None, newest: str | None, reader: JournalReader
) -> None:
    """A snapshot is named when the journal has all that is in it: a damaged one's name tells."""
    _check_beginning(disk, found, reader)
    known = [] if found is None else [(found.end.journal_position, found.name)]
    known += [] if newest is None else [(snapshot.position_of(newest), newest)]
    knows, name = max(known, default=(0, ""))
    if reader.position < knows:
        if reader.passed_over:  # it is to be called whole only if it is
            deque(JournalReader(disk), maxlen=0)
        raise JournalShorterError(
            disk.path(reader.segment or journal.FOLDER),
            reader.segment_bytes,
            disk.path(name),
            knows,
            reader.position,
        )
