"""Bugs that were put in on purpose, each as it might be written by mistake.

The simulation must find every one of them. A bug is a function that patches the program while it is
entered; what it replaces is named in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from types import SimpleNamespace
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from authorizer.actors import archiving, snapshots
from authorizer.actors.clock import Clock
from authorizer.actors.directory import Directory
from authorizer.actors.entity import EntityActor
from authorizer.actors.erasure import Erasure
from authorizer.actors.keys import Keys
from authorizer.actors.recall import Recall
from authorizer.actors.tickets import Tickets
from authorizer.domain.accounts import (
    assessment,
    captures,
    holds,
    limit_counters,
    purchases,
    refunds,
    reversals,
)
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.accounts.purchase_state import Purchase
from authorizer.domain.moments import HOUR_US
from authorizer.persistence.archive.memory_archive import MemoryArchive
from authorizer.persistence.journal import clean_shutdown, reader, segment_walk
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.place import BEGINNING
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state import recovery, snapshot
from authorizer.persistence.state.population import EntityStore
from authorizer.persistence.state.state import Replay
from authorizer.runtime import running
from authorizer.simulation.faulty_disk import FaultyFile
from authorizer.simulation.memory_disk import MemoryDisk, MemoryFile

Patch = Callable[[], AbstractContextManager[Any]]


class Bug(NamedTuple):
    """A bug, and the first seed that finds it."""

    name: str
    patch: Patch
    seed: int


def _put(owner: Any, name: str, new: Any) -> Patch:
    """A bug that is one function in the place of another."""
    return lambda: patch.object(owner, name, new)


def _nothing(*_: Any, **__: Any) -> None:
    """What does nothing where something should be done."""


async def _nothing_at_once(*_: Any, **__: Any) -> None:
    """The same, awaited."""


# --- the journal and its answers ---------------------------------------------------------------


def _answer_at_once(_: GroupCommit, __: int, waiter: Any, value: Any) -> None:
    waiter.set(value)


_release = GroupCommit._release


def _release_what_is_next(self: GroupCommit, _: int, *told: Any) -> None:
    _release(self, self.appended, *told)


def _take_the_first_alone(self: GroupCommit) -> Sequence[bytes]:
    self._began_s = self._seconds()
    self._taken = list(self._gathered.popleft())
    self._gathered.clear()
    return self._taken


def _take_the_newest_first(self: GroupCommit) -> Sequence[bytes]:
    self._began_s = self._seconds()
    self._taken = [record for records in reversed(self._gathered) for record in records]
    self._gathered.clear()
    return self._taken


def _sync_no_segment(self: MemoryFile) -> None:
    if not self._name.startswith("journal/0"):
        self._disk.sync_step(self._inode, self._name)


def _rename_without_the_folder(self: MemoryDisk, old: str, new: str) -> None:
    inode = self._inode(old)
    self._step("rename")
    (folder, old_entry), (_, new_entry) = self._place(old), self._place(new)
    folder.change({old_entry: None, new_entry: inode})


def _ignore_a_failed_sync(self: FaultyFile) -> None:
    with suppress(OSError):
        _sync(self)


_sync = FaultyFile.sync


def _trust_lengths(header: Any, body: bytes, *_: Any) -> str | None:
    return None if header is not None and len(body) == header.body_bytes else "it is cut"


def _say_always_that_it_ended_in_order(self: FileJournal) -> None:
    self._file.close()
    clean_shutdown.say(self._disk, "journal", self._end())


def _follow_from_the_beginning(self: JournalFiles, _: Any, until: int) -> Iterator[Any]:
    return _batches(self, BEGINNING, until)


_batches = JournalFiles.batches


def _forget_the_first_again(self: JournalFiles, after: Any, until: int) -> Iterator[Any]:
    batches = list(_batches(self, after, until))
    return iter(batches[1:] if len(batches) > 2 else batches)


# --- recovery, snapshots, sleep ----------------------------------------------------------------


def _say_the_end_for_the_beginning(*arguments: Any) -> Any:
    found = _newest(*arguments)
    return found and found._replace(from_position=found.end.journal_position)


_newest = recovery._newest_snapshot


def _entries_without(kind: str) -> Callable[..., Iterator[bytes]]:
    def entries(state: Any, look: Any) -> Iterator[bytes]:
        kept = state.singles, state.indexes
        if kind == "singles":
            state.singles = {}
        try:
            yield from _entries(state, look)
        finally:
            state.singles, state.indexes = kept

    return entries


_entries = snapshot._entries


def _trust_every_chunk() -> AbstractContextManager[Any]:
    """In this module alone: the journal's checksums are as they were."""
    return patch.object(snapshot, "zlib", SimpleNamespace(crc32=lambda _: _AnyChecksum()))


class _AnyChecksum(int):
    """A checksum that is equal to every other."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = int.__hash__


_apply = Replay.apply


def _decide_again(self: Replay, event: Any, position: int) -> None:
    if type(event) is PurchaseApproved and event.wallet and event.override_mcc:
        own = {"5411": "FOOD", "5812": "MEAL"}.get(event.mcc, "CASH")
        event = event._replace(wallet=own)
    _apply(self, event, position)


def _replay_all_but_the_last(self: Replay) -> None:
    for unpacked in self._unpacked.values():
        if len(unpacked) > 1:
            unpacked.popitem()
    _finish(self)


_finish = Replay.finish


def _sleep_without_a_trace(self: Directory[Any]) -> None:
    while len(self._active) >= self._max_resident:
        _, actor = self._active.popitem(last=False)
        actor.retire()


@contextmanager
def _wake_without(attribute: str, new: Callable[[], Any]) -> Iterator[None]:
    """An account that is unpacked has lost something."""
    load = EntityStore.load

    def forgetful(self: EntityStore[Any], entity_id: str) -> Any:
        found = load(self, entity_id)
        if hasattr(found, attribute):
            setattr(found, attribute, new())
        return found

    with patch.object(EntityStore, "load", forgetful):
        yield


# --- ids and the archive -----------------------------------------------------------------------


@contextmanager
def _archive_before_it_is_durable() -> Iterator[None]:
    with (
        patch.object(archiving, "durable", _nothing_at_once),
        patch.object(MemoryArchive, "cut_after", _nothing),
    ):
        yield


# --- rules -------------------------------------------------------------------------------------


def _give_to_cash(account: Any, _: Any, amount_cents: int) -> None:
    account.wallets_cents["CASH"] += amount_cents


def _give_without_paying_debt(account: Any, purchase: Any, amount_cents: int) -> None:
    account.wallets_cents[purchase.source] += amount_cents


def _capture_without_letting_go(_: Any, purchase: Any, of_hold: int, beyond: int) -> None:
    purchase.captured_cents += of_hold + beyond
    purchase.held_cents -= of_hold


def _tell_the_wall_clock(self: Clock) -> int:
    return self._wall_ns() // 1000


# --- people ------------------------------------------------------------------------------------


async def _destroy_first(self: Erasure, command: Any) -> Any:
    await self._keys.destroy(command.customer_id)
    return await self._dispatcher.ask(command)


def _open_vault_as_it_is(world: Any, _: Any) -> Vault:
    return Vault(world.keys.disk, world.keys.folder, world.random)


_new_tickets = Tickets.__init__


def _count_tickets_anew(self: Tickets, *arguments: Any) -> None:
    _new_tickets(self, *arguments)
    self._newest_number = 0


BUGS: Final = (
    # the journal and its answers
    Bug("answers before the sync", _put(GroupCommit, "when_durable", _answer_at_once), 0),
    Bug(
        "releases the next batch's answers", _put(GroupCommit, "_release", _release_what_is_next), 0
    ),
    Bug(
        "loses what gathered behind the first", _put(GroupCommit, "take", _take_the_first_alone), 0
    ),
    Bug("writes the newest first", _put(GroupCommit, "take", _take_the_newest_first), 0),
    Bug("never syncs a segment", _put(MemoryFile, "sync", _sync_no_segment), 0),
    Bug("does not sync the folder", _put(MemoryDisk, "rename", _rename_without_the_folder), 0),
    Bug("goes on after a failed sync", _put(FaultyFile, "sync", _ignore_a_failed_sync), 0),
    Bug("believes a tail without a mark", _put(FileJournal, "_is_known", lambda *_: True), 4),
    Bug("leaves the mark of an orderly end", _put(clean_shutdown, "withdraw", _nothing), 32),
    Bug("skips checksum and chain", _put(segment_walk, "_problem", _trust_lengths), 1),
    Bug("takes damage for a torn tail", _put(reader, "_is_torn", lambda *_: True), 22),
    Bug("shows a follower all again", _put(JournalFiles, "batches", _follow_from_the_beginning), 0),
    Bug(
        "leaves out a batch for a follower",
        _put(JournalFiles, "batches", _forget_the_first_again),
        0,
    ),
    # recovery, snapshots, sleep
    Bug(
        "begins the tail where the snapshot ends",
        _put(recovery, "_newest_snapshot", _say_the_end_for_the_beginning),
        0,
    ),
    Bug(
        "has no overrides in a snapshot", _put(snapshot, "_entries", _entries_without("singles")), 0
    ),
    Bug("trusts every chunk of a snapshot", _trust_every_chunk, 1),
    Bug("names a snapshot ahead of the journal", _put(snapshots, "durable", _nothing_at_once), 0),
    Bug("decides again at a replay", _put(Replay, "apply", _decide_again), 0),
    Bug("drops the last account of a replay", _put(Replay, "finish", _replay_all_but_the_last), 0),
    Bug("forgets what falls asleep", _put(Directory, "_make_room", _sleep_without_a_trace), 0),
    Bug("forgets credits asleep", lambda: _wake_without("credit_keys", IdempotencyKeys), 0),
    Bug("forgets limits asleep", lambda: _wake_without("limits", dict), 1),
    Bug("forgets when holds run out", lambda: _wake_without("expiries", list), 1),
    Bug("starts without timers", _put(running, "accounts_with_holds", lambda _: ()), 1),
    # ids and the archive
    Bug("knows no id again", _put(IdempotencyKeys, "get", _nothing), 0),
    Bug("looks for nothing in the archive", _put(MemoryArchive, "may_hold", lambda *_: False), 0),
    Bug("does not bring along what it found", _put(Recall, "look_up", _nothing_at_once), 0),
    Bug("archives what may be lost", _archive_before_it_is_durable, 18),
    # rules, as they are applied by the actors
    Bug("decides before overdue holds end", _put(EntityActor, "_catch_up", _nothing), 1),
    Bug("ends a hold early", _put(holds, "HOUR_US", HOUR_US * 9 // 10), 1),
    Bug("reverses to another wallet", _put(reversals, "give", _give_to_cash), 0),
    Bug("pays no debt", _put(refunds, "give", _give_without_paying_debt), 11),
    Bug("captures without letting go", _put(captures, "capture", _capture_without_letting_go), 1),
    Bug("counts no increment", _put(holds, "recount", _nothing), 1),
    Bug("counts no amount", _put(limit_counters.Limit, "count", _nothing), 1),
    Bug("takes a blocked card", _put(assessment, "_card", _nothing), 1),
    Bug("takes a blocked card on plain accounts", _put(purchases, "_obstacle", lambda *_: None), 0),
    Bug(
        "refunds without end",
        _put(Purchase, "left_cents", property(lambda self: self.captured_cents)),
        2,
    ),
    Bug("goes by the wall clock", _put(Clock, "now_us", _tell_the_wall_clock), 0),
    # people
    Bug("destroys a key before the event", _put(Erasure, "erase", _destroy_first), 24),
    Bug("destroys no key", _put(Keys, "destroy", _nothing_at_once), 3),
    Bug("leaves an erasure half done", _put(running, "_open_vault", _open_vault_as_it_is), 58),
    Bug("gives a ticket's number twice", _put(Tickets, "__init__", _count_tickets_anew), 8),
)
"""Each with the first seed that finds it."""
