"""Snapshots and recovery together: snapshots only ever save time, the journal is the truth."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from itertools import count, pairwise
from random import Random

import pytest

from authorizer.actors.directory import BrokenEntityError
from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.outcomes import Reason
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.record import decode
from authorizer.persistence.state.recovery import JournalShorterError, Recovered, put_aside, recover
from authorizer.persistence.state.state import State
from authorizer.simulation.machine import Task
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk
from tests.persistence.journals import Place, open_journal, read
from tests.support.builders import terms
from tests.support.commands import (
    block,
    credit,
    limit_query,
    merchant,
    merchant_removal,
    opening,
    opening_cards,
    operation,
    purchase,
    registration,
    unblock,
)
from tests.support.machine import Machine, contents

ACCOUNT_IDS = [f"a{number}" for number in range(12)]


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine on which an authorizer has some accounts, a customer and a merchant."""
    made = Machine(segment_bytes=2000, max_resident_accounts=5, snapshots_kept=3)
    made.start()
    for account in ACCOUNT_IDS:
        made.ask(made.dispatcher.ask(opening(account, FOOD=10_000, CASH=5_000)))
    made.ask(made.dispatcher.ask(merchant("UBER EATS", "5812")))
    made.ask(made.dispatcher.ask(opening_cards("a0", "c", terms("card"))))
    made.answer(made.ask(made.actors.onboarding.register(registration("c", "a0", ["card"]), ())))
    work(made, "first")
    yield made
    made.close()


def work(machine: Machine, name: str) -> None:
    """Have something happen everywhere."""
    for number, account in enumerate(ACCOUNT_IDS):
        machine.authorize(
            purchase(
                100 + number, mcc="5411", transaction_id=f"{name}-{number}", account_id=account
            )
        )
        machine.ask(machine.dispatcher.ask(credit(account, name, "CASH", 10)))
        machine.commit()
    machine.authorize(
        purchase(20_000, mcc="5811", transaction_id=f"{name}-card", card_id="card", account_id="a0")
    )
    machine.ask(machine.dispatcher.ask(block("a0", "card")))
    machine.ask(machine.actors.cards.unblock(unblock("a0", "card")))
    machine.ask(machine.dispatcher.ask(limit_query("a0", "card")))
    machine.ask(machine.dispatcher.ask(merchant(f"SHOP {name}", "5811")))
    registered = registration("c", "a0", ["card"], phone=name)
    machine.answer(machine.ask(machine.actors.onboarding.register(registered, ())))


def from_journal_alone(disk: Disk) -> State:
    return recover(disk, use_snapshots=False).state


def assert_same(one: State, other: State) -> None:
    assert contents(one) == contents(other)


def last_snapshot(machine: Machine) -> str:
    return snapshot.snapshots(machine.disk)[0]


# --- the newest good snapshot, then the tail ---------------------------------------------------


def test_recovery_replays_only_what_the_snapshot_has_not(machine: Machine) -> None:
    """The state is the same as from the journal alone."""
    taken = machine.take_snapshot()
    work(machine, "second")
    machine.kill()
    found = machine.recover()
    assert found.from_snapshot == snapshot.snapshot_name(taken.position)
    assert found.journal.position - taken.position <= found.replayed_events
    assert found.replayed_events < found.journal.position / 2 + 20
    assert found.damaged_snapshots == ()
    assert_same(found.state, from_journal_alone(machine.disk))


def test_the_first_event_behind_a_snapshot_is_replayed(machine: Machine) -> None:
    """Alone in its batch, or behind events that the snapshot has."""
    machine.take_snapshot()
    machine.answer(machine.authorize(purchase(1, mcc="5411", account_id="a1")))
    assert machine.recover().replayed_events == 1
    assert_same(machine.recover().state, from_journal_alone(machine.disk))
    machine.authorize(purchase(2, mcc="5411", account_id="a1"))
    taking = machine.snapshot()
    machine.authorize(purchase(3, mcc="5411", account_id="a1"))
    machine.answer(taking)
    machine.kill()
    found = machine.recover()
    assert found.from_snapshot == snapshot.snapshot_name(found.journal.position - 1)
    assert_same(found.state, from_journal_alone(machine.disk))


def test_losing_all_snapshots_costs_time_only(machine: Machine) -> None:
    """The journal alone makes the same state."""
    machine.take_snapshot()
    work(machine, "second")
    machine.kill()
    with_snapshot = machine.recover()
    for name in snapshot.snapshots(machine.disk):
        machine.disk.remove(name)
    found = machine.recover()
    assert (found.from_snapshot, found.damaged_snapshots) == (None, ())
    assert found.replayed_events == found.journal.position
    assert_same(found.state, with_snapshot.state)


def test_a_damaged_snapshot_is_told_and_an_older_one_used(machine: Machine) -> None:
    """And where none is good, the journal."""
    for name in ("second", "third", "fourth"):
        machine.take_snapshot()
        work(machine, name)
    machine.kill()
    expected = machine.recover().state
    newest, middle, oldest = snapshot.snapshots(machine.disk)
    for passed_over, (name, instead) in enumerate(
        [(newest, middle), (middle, oldest), (oldest, None)], start=1
    ):
        content = machine.disk.read(name)
        machine.memory.put(name, content[:200] + b"?" + content[201:])
        found = machine.recover()
        assert found.from_snapshot == instead
        assert len(found.damaged_snapshots) == passed_over
        assert name in found.damaged_snapshots[-1]
        assert_same(found.state, expected)


def test_a_snapshot_that_cannot_be_read_is_passed_over_too(machine: Machine) -> None:
    """A block of it may be lost: the older one, or the journal, has all."""
    machine.take_snapshot()
    work(machine, "second")
    machine.take_snapshot()
    machine.kill()
    expected = from_journal_alone(machine.disk)
    newest, older = snapshot.snapshots(machine.disk)
    machine.disk.fail("read", newest, errno.EIO)
    found = machine.recover()
    assert found.from_snapshot == older
    assert newest in found.damaged_snapshots[0]
    assert_same(found.state, expected)


def test_recovery_tells_how_far_it_is(machine: Machine) -> None:
    """In bytes of the journal, batch by batch, whether they are replayed or not."""
    machine.take_snapshot()
    machine.kill()
    passed: list[int] = []
    recover(machine.disk, passed.append)
    assert sum(passed) == sum(place.end - place.begin for place in read(machine.disk).places)


def test_a_start_without_anything_is_an_empty_state() -> None:
    """The data folder may be new."""
    found = recover(MemoryDisk())
    assert contents(found.state) == contents(State())
    assert (found.replayed_events, found.from_snapshot) == (0, None)


def test_a_record_that_is_not_known_is_refused_where_it_lies(machine: Machine) -> None:
    """With file and offset: it belongs to a newer program."""
    machine.stop()
    opened = open_journal(machine.disk)
    opened.write(opened.position + 1, [b'["no_such_event",1,5,"api"]'])
    opened.close()
    place = read(machine.disk).places[-1]
    with pytest.raises(JournalDamagedError, match="no_such_event") as refused:
        machine.recover()
    assert refused.value.offset == place.begin
    assert refused.value.file == machine.disk.path(place.segment)


# --- a snapshot of a state that goes on --------------------------------------------------------


def test_a_snapshot_is_right_though_the_accounts_go_on(machine: Machine) -> None:
    """Between any two slices anything may happen: recovery makes the same of it."""
    machine.gated = True
    taking = machine.snapshot()
    moments = 0
    while not taking.done():
        moments += 1
        change_everything(machine, moments)
        machine.commit()
        machine.step()
    assert moments > 10
    last = machine.appended
    machine.kill()
    found = machine.recover()
    assert found.from_snapshot == snapshot.snapshot_name(taking.result().position)
    assert found.journal.position == last
    assert_same(found.state, from_journal_alone(machine.disk))


def change_everything(machine: Machine, moment: int) -> None:
    """Change old accounts here and there, and have new ones of everything."""
    for account in (ACCOUNT_IDS[moment % 12], ACCOUNT_IDS[-1 - moment % 12], "a0"):
        machine.authorize(
            purchase(1, mcc="5411", transaction_id=f"moment-{moment}", account_id=account)
        )
    new = f"new-{moment}"
    machine.ask(machine.dispatcher.ask(opening_cards(new, new, terms(f"card-{moment}"))))
    machine.ask(machine.actors.onboarding.register(registration(new, new, [f"card-{moment}"]), ()))
    known = registration("c", "a0", ["card"], operations=(operation("card", moment * 1000),))
    machine.ask(machine.actors.onboarding.register(known, ()))
    machine.ask(machine.dispatcher.ask(merchant(f"SHOP {moment % 3}", str(moment))))
    machine.ask(machine.dispatcher.ask(merchant_removal("SHOP first")))


def test_a_snapshot_is_named_when_all_that_is_in_it_is_durable(machine: Machine) -> None:
    """Not before: else the journal might end before it."""
    for account in ACCOUNT_IDS:
        machine.authorize(purchase(1, mcc="5411", transaction_id="undurable", account_id=account))
    taking = machine.snapshot()
    assert not taking.done()
    assert snapshot.snapshots(machine.disk) == []
    machine.commit()
    assert taking.done()
    assert snapshot.snapshots(machine.disk) == [last_snapshot(machine)]


def test_only_one_snapshot_is_taken_at_a_time(machine: Machine) -> None:
    """Who asks for another one meanwhile is told so."""
    machine.gated = True
    taking = machine.snapshot()
    assert machine.snapshot().result() is None
    machine.answer(taking)
    assert machine.answer(machine.snapshot()) is not None


def test_the_server_does_not_stand_still_while_a_snapshot_is_taken(machine: Machine) -> None:
    """No slice holds the loop for longer than its time; purchases are answered in between."""
    machine.gated = True
    taking = machine.snapshot()
    machine.step()
    answer = machine.authorize(purchase(1, mcc="5411", account_id="a1"))
    machine.commit()
    assert answer.result().reason is Reason.APPROVED
    assert not taking.done()
    assert machine.answer(taking).longest_slice_seconds < 3 * snapshot.SLICE_SECONDS


def test_a_broken_entity_is_in_no_snapshot(machine: Machine) -> None:
    """A bug has made its state worth nothing; the journal alone tells it. Older ones stay."""
    machine.take_snapshot()
    before = machine.memory.files()
    actor = machine.dispatcher.accounts.find("a3")
    assert actor is not None
    actor.broken = True
    taking = machine.snapshot()
    assert isinstance(taking.exception(), BrokenEntityError)
    assert machine.memory.files() == before


# --- ids that are remembered -------------------------------------------------------------------


def test_all_remembered_ids_are_in_a_snapshot(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those in sealed pages, of accounts awake and asleep, of purchases and of credits."""
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 4)
    for number in range(18):
        for account in ("a1", "a2"):
            machine.authorize(
                purchase(1, mcc="5411", transaction_id=f"page-{number}", account_id=account)
            )
            machine.ask(machine.dispatcher.ask(credit(account, f"page-{number}", "CASH", 1)))
    machine.commit()
    for account in ACCOUNT_IDS[4:]:
        machine.authorize(purchase(1, mcc="5411", account_id=account))
    machine.commit()
    machine.take_snapshot()
    machine.stop()
    found = machine.start()
    assert found.replayed_events == 0
    assert len(found.state[ACCOUNTS].load("a1").purchase_keys.sealed_pages) > 3
    before = contents(found.state)
    for number in range(18):
        again = machine.authorize(
            purchase(1, mcc="5411", transaction_id=f"page-{number}", account_id="a1")
        )
        assert machine.answer(again).replayed
        repeated = machine.dispatcher.ask(credit("a2", f"page-{number}", "CASH", 1))
        assert not machine.answer(machine.ask(repeated))[0].created
    machine.stop()
    assert contents(machine.recover().state) == before
    assert_same(machine.recover().state, from_journal_alone(machine.disk))


# --- times -------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_snapshot", [True, False])
def test_no_event_is_older_than_the_one_before_it(machine: Machine, with_snapshot: bool) -> None:
    """Though the clock was set back while the authorizer was down, and again while it was up."""
    machine.wall_us += 50_000
    newest_us = machine.wall_us
    machine.answer(
        machine.authorize(purchase(1, mcc="5411", transaction_id="before", account_id="a1"))
    )
    if with_snapshot:
        machine.take_snapshot()
    machine.stop()
    machine.wall_us -= 3_600_000_000
    assert machine.start().state.at_us == newest_us
    machine.answer(
        machine.authorize(purchase(1, mcc="5411", transaction_id="after", account_id="a1"))
    )
    machine.wall_us -= 3_600_000_000
    machine.answer(
        machine.authorize(purchase(1, mcc="5411", transaction_id="later", account_id="a1"))
    )
    machine.wall_us = newest_us + 7
    machine.answer(
        machine.authorize(purchase(1, mcc="5411", transaction_id="at last", account_id="a1"))
    )
    machine.stop()
    times = [decode(record).at_us for record in read(machine.disk).records]
    assert times[-4:] == [newest_us, newest_us, newest_us, newest_us + 7]
    assert machine.recover().state.at_us == newest_us + 7


# --- snapshots that do not fit the journal -----------------------------------------------------


def cut_behind(disk: MemoryDisk, place: Place) -> None:
    """Have the journal end behind a batch, and look whole."""
    for segment in journal.segments(disk):
        if segment > place.segment:
            disk.remove(segment)
    disk.truncate(place.segment, place.end)


def test_a_snapshot_that_is_ahead_of_the_journal_is_refused(machine: Machine) -> None:
    """Records that were answered for are missing: nothing is made of the rest in silence."""
    machine.take_snapshot()
    machine.kill()
    place = read(machine.disk).places[-2]
    cut_behind(machine.memory, place)
    with pytest.raises(JournalDamagedError, match="records are missing") as refused:
        machine.recover()
    assert (refused.value.file, refused.value.offset) == (
        machine.disk.path(place.segment),
        place.end,
    )
    assert last_snapshot(machine) in str(refused.value)


@pytest.mark.parametrize("damage", [False, True])
def test_a_journal_that_ends_before_a_snapshot_is_gone_on_with_when_that_is_accepted(
    machine: Machine, damage: bool
) -> None:
    """With the snapshot that fits; the one that does not is kept, but is a snapshot no more.

    A damaged one tells by its name that there was more.
    """
    older = machine.take_snapshot()
    work(machine, "second")
    newer = machine.take_snapshot()
    machine.kill()
    if damage:
        name = snapshot.snapshot_name(newer.position)
        machine.memory.put(name, machine.disk.read(name)[:-1])
    place = read(machine.disk).places[-2]
    cut_behind(machine.memory, place)
    with pytest.raises(JournalShorterError) as refused:
        machine.recover()
    ends = refused.value.ends
    assert ends == len(read(machine.disk).records) < refused.value.knows
    assert f"--accept-shorter-journal {ends}" in str(refused.value)
    names = snapshot.snapshots(machine.disk)
    assert put_aside(machine.disk, ends) == [names[0]]
    assert snapshot.snapshots(machine.disk) == names[1:]
    assert f"{names[0]}.ahead-of-{ends}" in machine.memory.files()
    found = machine.recover()
    assert found.from_snapshot == snapshot.snapshot_name(older.position)
    assert_same(found.state, from_journal_alone(machine.disk))
    machine.start()
    work(machine, "another history")
    machine.kill()
    assert_same(machine.recover().state, from_journal_alone(machine.disk))


def test_a_snapshot_without_any_journal_is_refused(machine: Machine) -> None:
    """A snapshot is no truth of its own."""
    machine.take_snapshot()
    machine.kill()
    for segment in journal.segments(machine.disk):
        machine.disk.remove(segment)
    with pytest.raises(JournalDamagedError, match="records are missing"):
        machine.recover()


@pytest.mark.parametrize("batch_records", [1, 7, 10_000])
def test_a_snapshot_of_another_journal_is_refused(machine: Machine, batch_records: int) -> None:
    """Whether or not one of its batches ends where the snapshot was taken."""
    machine.take_snapshot()
    work(machine, "second")
    machine.kill()
    records = read(machine.disk).records
    for segment in journal.segments(machine.disk):
        machine.disk.remove(segment)
    opened = open_journal(machine.disk)
    for at in range(0, len(records), batch_records):
        opened.write(at + 1, records[at : at + batch_records])
    opened.close()
    with pytest.raises(JournalDamagedError, match="not the journal"):
        machine.recover()


def test_segments_that_a_snapshot_covers_may_be_kept_elsewhere(machine: Machine) -> None:
    """But not one more: then records are missing, with the snapshot or without it."""
    for _ in range(3):
        work(machine, f"more-{machine.appended}")
    taken = machine.take_snapshot()
    work(machine, "second")
    work(machine, "third")
    machine.kill()
    expected = from_journal_alone(machine.disk)
    segments = journal.segments(machine.disk)
    covered = [
        segment
        for segment, following in pairwise(segments)
        if int(following[8:28]) <= taken.position + 1
    ]
    assert len(covered) > 1
    for segment in covered:
        machine.disk.remove(segment)
    assert_same(machine.recover().state, expected)
    with pytest.raises(JournalDamagedError, match="begins at position"):
        from_journal_alone(machine.disk)
    machine.disk.remove(segments[len(covered)])
    with pytest.raises(JournalDamagedError, match="begins at position"):
        machine.recover()


# --- snapshots that could not be taken ---------------------------------------------------------


def test_the_newest_snapshots_are_kept_and_the_journal_whole(machine: Machine) -> None:
    """Older ones are removed when a newer one is there."""
    segments = {name: machine.disk.read(name) for name in journal.segments(machine.disk)}
    taken = []
    for number in range(5):
        taken.append(snapshot.snapshot_name(machine.take_snapshot().position))
        assert snapshot.snapshots(machine.disk) == taken[::-1][:3]
        work(machine, f"more-{number}")
    for name, content in segments.items():
        assert machine.disk.read(name).startswith(content)


def test_what_a_crashed_snapshot_left_behind_is_no_snapshot(machine: Machine) -> None:
    """It is passed over, and the next one takes its place."""
    expected = contents_now(machine)
    machine.memory.put(snapshot.TEMPORARY, b"anything" * 1000)
    machine.stop()
    found = machine.start()
    assert (found.from_snapshot, found.damaged_snapshots) == (None, ())
    machine.take_snapshot()
    assert machine.disk.names(snapshot.FOLDER) == [last_snapshot(machine).rpartition("/")[2]]
    assert contents_now(machine) == expected
    machine.stop()
    found = machine.recover()
    assert (found.from_snapshot, found.damaged_snapshots) == (last_snapshot(machine), ())
    assert contents(found.state) == expected


def contents_now(machine: Machine) -> dict[str, object]:
    return contents(from_journal_alone(machine.disk))


REFUSALS = [
    ("make_folder", 1),
    ("append", 1),
    *[("write", nth) for nth in range(1, 7)],
    *[("sync", nth) for nth in range(1, 6)],
    ("rename", 1),
]


@pytest.mark.parametrize(("operation", "nth"), REFUSALS)
def test_a_full_disk_costs_a_snapshot_and_nothing_else(
    machine: Machine, operation: str, nth: int
) -> None:
    """Older snapshots and the accounts are as they were, the server goes on, the next one works."""
    machine.take_snapshot()
    work(machine, "second")
    before = snapshot.snapshots(machine.disk)
    expected = contents_now(machine)
    machine.disk.fail(operation, "snapshots*", errno.ENOSPC, nth=nth, written_bytes=5)
    taking = machine.snapshot()
    assert_refused(taking)
    assert_nothing_left_open(machine)
    assert snapshot.snapshots(machine.disk) == before
    assert contents_now(machine) == expected
    bought = machine.authorize(purchase(1, mcc="5411", account_id="a1"))
    assert machine.answer(bought).reason is Reason.APPROVED
    taken = machine.take_snapshot()
    machine.kill()
    found = machine.recover()
    assert found.from_snapshot == snapshot.snapshot_name(taken.position)
    assert_same(found.state, from_journal_alone(machine.disk))


def assert_nothing_left_open(machine: Machine) -> None:
    """Every file of a snapshot that was opened was closed: else each attempt costs a descriptor."""
    asked = ("append", snapshot.TEMPORARY)
    opened = machine.disk.calls.count(asked) - machine.disk.refused.count(asked)
    assert machine.disk.calls.count(("close", snapshot.TEMPORARY)) == opened


def test_an_old_attempt_that_cannot_be_removed_is_not_written_on(machine: Machine) -> None:
    """What would be named a snapshot would be none."""
    machine.memory.put(snapshot.TEMPORARY, b"anything" * 1000)
    machine.disk.fail("remove", snapshot.TEMPORARY, errno.EIO, forever=True)
    taking = machine.snapshot()
    assert isinstance(taking.exception(), OSError | None)
    machine.kill()
    assert machine.recover().damaged_snapshots == ()


def assert_refused(taking: Task) -> None:
    error = taking.exception()
    assert isinstance(error, OSError)
    assert error.errno == errno.ENOSPC


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_snapshot_that_failed_takes_no_room(machine: Machine, nth: int) -> None:
    """The disk may be full because of it, and the journal needs that room at once."""
    machine.take_snapshot()
    before = machine.memory.files()
    machine.disk.fail("write", "snapshots*", errno.ENOSPC, nth=nth, written_bytes=5)
    assert_refused(machine.snapshot())
    assert machine.memory.files() == before


@pytest.mark.parametrize("kept", [1, 3])
def test_power_lost_at_any_step_of_a_snapshot_costs_at_most_the_snapshot(
    kept: int, machine: Machine
) -> None:
    """One that is there is whole; the older one is there until then, however few are kept."""
    machine.take_snapshot()
    work(machine, "second")
    machine.stop()
    expected = contents_now(machine)
    names = set()
    for steps in count():
        lived = [snapshot_and_lose_power(machine.memory, steps, seed, kept) for seed in range(4)]
        for found in (found for found, _ in lived):
            assert found.damaged_snapshots == ()
            assert contents(found.state) == expected
            names.add(found.from_snapshot)
        if lived[0][1]:
            break
    assert len(names) == 2
    assert None not in names
    assert steps > 10


def snapshot_and_lose_power(
    memory: MemoryDisk, steps: int, seed: int, kept: int
) -> tuple[Recovered, bool]:
    """Start on a twin of a disk, die so many steps into a snapshot, and recover.

    Gives what was recovered, and whether the snapshot was taken before.
    """
    machine = Machine(snapshots_kept=kept)
    machine.memory = machine.disk.disk = memory.twin()
    machine.start()
    machine.memory.die_after(steps)
    taken = not isinstance(machine.snapshot().exception(), MachineDied)
    machine.lose_power(Random(seed))
    machine.close()
    return machine.recover(), taken
