"""Whether a data folder is whole: every byte of the journal, every snapshot, and that both agree.

The books must balance: every wallet holds what its events make, and never less than nothing.

The keys must open what is sealed, and the log of who read whose data be whole.

Only reads, so it may run beside a server; what is written meanwhile is left out. What the system
has in memory of the files is dropped first, so that it is the device that is checked.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.policy import ID_RETENTION
from authorizer.domain.accounts.room import Room
from authorizer.persistence.archive import database as archive_folder
from authorizer.persistence.archive.protocol import Archive, ArchiveError, Attic
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.segments import JournalDamagedError, TornTail
from authorizer.persistence.privacy.access_log import CheckedAccesses, check_accesses
from authorizer.persistence.problem import Problem
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.digest import SURELY_KEPT_US, state_digest
from authorizer.persistence.state.recovery import JournalShorterError, Recovered, recover
from authorizer.persistence.state.snapshot import (
    SnapshotDamagedError,
    SnapshotEnd,
    SnapshotVersionError,
)
from authorizer.persistence.verification.key_check import CheckedKeys, KeyCheck
from authorizer.persistence.verification.walk import Head, Progress, Walk
from authorizer.persistence.verification.wallet_books import Balances


class CheckedSnapshot(NamedTuple):
    """A snapshot, and whether it can be used."""

    file: str
    end: SnapshotEnd | None
    """What it rests on; None where it can't be used."""
    other_version: bool = False
    """Whether that is because another version of the program wrote it, which is no damage."""


class KeysIn(NamedTuple):
    """Where the keys of personal data are."""

    disk: Disk
    folder: str
    erased_later: Collection[str] = ()
    """Customers who were erased behind the end of this journal: they may lack their keys."""


class Verified(NamedTuple):
    """What a verification found. Everything was whole if there are no problems."""

    head: Head
    """The end of the journal, or of its whole part."""
    newest_at_us: int
    """The time of the newest event; 0 if there is none."""
    segments: int
    batches: int
    counts: Mapping[str, int]
    """How many there are of what people count: accounts, customers, …."""
    torn: TornTail | None
    """A batch that is being written, or that a crash left incomplete; no problem."""
    snapshots: tuple[CheckedSnapshot, ...]
    compared: str | None
    """The snapshot from which the state was made a second time, and was the same."""
    keys: CheckedKeys | None
    """The keys of personal data; None where they were not to be checked."""
    accesses: CheckedAccesses | None
    """The log of who read whose data; None where there is none."""
    shorter_than: int | None
    """The position that a snapshot knows where the journal is whole, but ends before it."""
    problems: tuple[Problem, ...]


def verify(  # noqa: PLR0913, PLR0917 - one argument a part of the folder
    disk: Disk,
    expected: Collection[Head] = (),
    id_retention: IdRetention = ID_RETENTION,
    progress: Progress = lambda _: None,
    keys_in: KeysIn | None = None,
    accesses_on: Disk | None = None,
    archive: Archive | None = None,
) -> Verified:
    """Check the data folder. The journal must pass through every head in `expected`.

    `progress` is told how many bytes of the journal were passed: all of it once, or twice where
    there are snapshots. `keys_in` and `accesses_on`, the disk of the access log, are None where
    these are not to be checked. The `archive` has the purchases that left memory: the newest
    snapshot may need it.
    """
    problems: list[Problem] = []
    for folder in (journal.FOLDER, snapshot.FOLDER):
        _drop_cache(disk, folder)
    keys = None if keys_in is None else KeyCheck(*keys_in)
    snapshots = tuple(_check_snapshots(disk, problems))
    taken = None
    begin = partial(_Shortcut.take, disk, archive, id_retention)
    if snapshots:
        taken = begin(progress)
    shorter = taken if isinstance(taken, JournalShorterError) else None
    if shorter is not None:  # what the other snapshots are worth is to be told too
        taken = begin(lambda _: None, shorter.ends)
    shortcut = taken if isinstance(taken, _Shortcut) else None
    wanted = {head.position for head in expected}
    wanted |= {checked.end.journal_position for checked in snapshots if checked.end}
    walk = Walk(disk, id_retention, wanted, problems)
    walk.to(shortcut.position if shortcut else None, progress)
    _check_heads(disk, walk, expected, snapshots, problems)
    differs = _difference(disk, taken, walk)
    problems += [differs] if differs else []
    problems += _unbalanced(disk, shortcut, walk)
    state = walk.state
    checked_keys = None if keys is None else keys.check(state)
    problems += checked_keys.problems if checked_keys else ()
    accesses = None
    if accesses_on is not None:
        _drop_cache(accesses_on, journal.FOLDER)
        accesses = check_accesses(accesses_on)
        problems += accesses.problems if accesses else ()
    return Verified(
        head=walk.head,
        newest_at_us=state.at_us,
        segments=len(journal.segments(disk)),
        batches=walk.batches,
        counts=state.counts(),
        torn=shortcut.torn if shortcut else walk.torn,
        snapshots=snapshots,
        compared=disk.path(shortcut.snapshot)
        if shortcut and walk.is_whole and not differs
        else None,
        keys=checked_keys,
        accesses=accesses,
        shorter_than=shorter.knows if shorter else None,
        problems=tuple(dict.fromkeys(problems)),
    )


def _drop_cache(disk: Disk, folder: str) -> None:
    for name in disk.names(folder):
        with suppress(FileNotFoundError):  # a server removes old snapshots
            disk.drop_cache(f"{folder}/{name}")


def _check_snapshots(disk: Disk, problems: list[Problem]) -> Iterable[CheckedSnapshot]:
    for name in snapshot.snapshots(disk):
        path = disk.path(name)
        try:
            end = snapshot.load(disk, name).end
        except FileNotFoundError:  # a server has put a newer one in its place
            continue
        except SnapshotVersionError:
            yield CheckedSnapshot(path, None, other_version=True)
        except SnapshotDamagedError as error:
            problems.append(Problem(path, None, str(error).removeprefix(f"{path}: ")))
            yield CheckedSnapshot(path, None)
        else:
            yield CheckedSnapshot(path, end)


class _Shortcut(NamedTuple):
    """The state as a start of the server would make it: the newest snapshot, then the tail."""

    snapshot: str
    position: int
    torn: TornTail | None
    ids_since_us: int
    digest: bytes
    balances: Balances

    @classmethod
    def take(
        cls,
        disk: Disk,
        archive: Archive | None,
        id_retention: IdRetention,
        progress: Progress,
        ends: int | None = None,
    ) -> "_Shortcut | Problem | JournalShorterError | None":
        try:
            attic = None if archive is None else Attic(archive, Room())
            recovered = recover(
                disk, progress, id_retention=id_retention, shorter=ends, attic=attic
            )
            return cls.of(recovered, archive) if recovered.from_snapshot else None
        except JournalShorterError as error:
            return error
        except JournalDamagedError as error:
            return Problem(error.file, error.offset, error.problem)
        except ArchiveError as error:
            return Problem(disk.path(archive_folder.FOLDER), None, str(error))

    @classmethod
    def of(cls, recovered: Recovered, archive: Archive | None) -> "_Shortcut":
        assert recovered.from_snapshot is not None
        since_us = recovered.state.at_us - SURELY_KEPT_US
        return cls(
            recovered.from_snapshot,
            recovered.journal.position,
            recovered.journal.torn,
            since_us,
            state_digest(recovered.state, since_us, archive, recovered.journal.position + 1),
            Balances.of(recovered.state),
        )


def _difference(
    disk: Disk, taken: _Shortcut | Problem | JournalShorterError | None, walk: Walk
) -> Problem | None:
    """What is amiss between the newest snapshot and the journal, if anything is."""
    if isinstance(taken, Problem):
        if not walk.is_whole:
            return taken
        return taken._replace(problem=f"behind the newest snapshot: {taken.problem}")
    if not isinstance(taken, _Shortcut) or not walk.is_whole:
        return None
    if taken.digest == state_digest(walk.state, taken.ids_since_us):
        return None
    text = "with the journal behind it, it makes another state than the journal alone"
    return Problem(disk.path(taken.snapshot), None, text)


def _unbalanced(disk: Disk, shortcut: _Shortcut | None, walk: Walk) -> Iterable[Problem]:
    """The wallets that hold something else than the events make, after a start and after replay."""
    journal_folder = disk.path(journal.FOLDER)
    for text in walk.books.problems(Balances.of(walk.state)):
        yield Problem(journal_folder, None, text)
    if shortcut is not None and walk.is_whole:
        for text in walk.books.problems(shortcut.balances):
            yield Problem(disk.path(shortcut.snapshot), None, text)


def _check_heads(
    disk: Disk,
    walk: Walk,
    expected: Iterable[Head],
    snapshots: Iterable[CheckedSnapshot],
    problems: list[Problem],
) -> None:
    folder = disk.path(journal.FOLDER)
    for head in expected:
        problem = walk.misses(head)
        if problem:
            problems.append(Problem(folder, None, f"{problem} is expected"))
    for checked in snapshots:
        if checked.end is None:
            continue
        rests_on = Head(checked.end.journal_position, bytes.fromhex(checked.end.chain))
        problem = walk.misses(rests_on)
        if problem:
            problems.append(Problem(checked.file, None, f"{problem} was there when it was taken"))
