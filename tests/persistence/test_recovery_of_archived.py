"""A start with an archive of purchases that fits the snapshot, or does not."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.leaving import ClosedPurchases
from authorizer.domain.accounts.purchase_commands import Refund
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.verification.data_folder import verify
from tests.support import commands
from tests.support.builders import BY
from tests.support.machine import Machine, contents

SINGLE = "{at}\0approved\1CASH\1\0100\0\0005812\0LOJA"


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine on which a purchase has left memory, and a snapshot was taken of that."""
    made = Machine(closed_in_memory_hours=0.0001)
    made.start()
    made.ask(made.dispatcher.ask(commands.opening("a", CASH=100_00)))
    made.commit()
    for number in range(3):
        made.authorize(commands.purchase(1_00, account_id="a", transaction_id=f"t{number}"))
        made.commit()
    archive_all(made)
    made.take_snapshot()
    yield made
    made.close()


def archive_all(machine: Machine) -> None:
    machine.let_pass(10**9)
    machine.running.around.crowded("a")
    machine.answer(machine.ask(machine.running.archiving.work()))


def ids(machine: Machine) -> list[str]:
    return sorted(each.purchase_id for each in machine.archive.of_account("a"))


def test_a_snapshot_with_its_archive_is_used_and_says_the_same_as_the_journal(
    machine: Machine,
) -> None:
    assert ids(machine) == ["t0", "t1", "t2"]
    machine.kill()
    found, alone = machine.recover(), machine.recover(use_snapshots=False)
    assert found.from_snapshot is not None
    assert len(found.state[ACCOUNTS].load("a").purchase_keys) == 0
    assert len(alone.state[ACCOUNTS].load("a").purchase_keys) == 3
    assert contents(found.state, archive=machine.archive) == contents(alone.state)


def test_a_snapshot_without_its_archive_is_passed_over_and_the_archive_made_anew(
    machine: Machine,
) -> None:
    machine.kill()
    machine.archive.begin_anew()
    found = machine.recover()
    assert found.from_snapshot is None
    (problem,) = found.damaged_snapshots
    assert "its archive of purchases is not there" in problem
    alone = machine.recover(use_snapshots=False)
    assert alone.replayed_events == found.replayed_events
    assert contents(found.state, archive=machine.archive) == contents(alone.state)


def test_what_an_archive_has_of_another_journal_goes_with_a_replay_from_the_beginning(
    machine: Machine,
) -> None:
    machine.kill()
    stranger = {"never bought": SINGLE.format(at=1)}
    machine.archive.put([ClosedPurchases("a", 2, (), stranger, ())])
    for name in machine.disk.names("snapshots"):
        machine.disk.remove(f"snapshots/{name}")
    found = machine.recover().state[ACCOUNTS].load("a")
    assert {*ids(machine), *found.purchase_keys.open_page} == {"t0", "t1", "t2"}


def test_what_an_archive_has_from_behind_the_journals_end_goes(machine: Machine) -> None:
    """The journal is an older copy: it goes on with another history."""
    machine.kill()
    machine.archive.put([ClosedPurchases("a", 99, (), {"later": SINGLE.format(at=1)}, ())])
    assert machine.recover().from_snapshot is not None
    assert ids(machine) == ["t0", "t1", "t2"]


def test_a_refund_behind_the_snapshot_finds_the_purchase_as_it_was_by_then(
    machine: Machine,
) -> None:
    """It was archived once more, after the refund; to replay that on this would refund twice."""
    machine.answer(machine.ask(machine.dispatcher.ask(Refund("a", "t1", "r", 40, BY))))
    archive_all(machine)
    assert len(machine.archive._forms["a", "t1"]) == 2
    machine.kill()
    found, alone = machine.recover(), machine.recover(use_snapshots=False)
    assert found.from_snapshot is not None
    assert contents(found.state, archive=machine.archive) == contents(alone.state)


def test_verify_compares_what_was_archived_too(machine: Machine) -> None:
    machine.kill()
    assert verify(machine.disk, archive=machine.archive).compared is not None
    assert verify(machine.disk, archive=machine.archive).problems == ()
    without = verify(machine.disk)
    assert without.compared is None
    assert without.problems == ()
    end = JournalReader(machine.disk)
    list(end)
    wrong = {"t1": SINGLE.format(at=machine.wall_us)}
    machine.archive.put([ClosedPurchases("a", end.position, (), wrong, ())])
    (problem,) = verify(machine.disk, archive=machine.archive).problems
    assert "makes another state" in problem.problem


def test_an_archive_that_was_put_back_never_comes_to_pass_for_the_later_one(
    machine: Machine,
) -> None:
    """It takes other purchases, until it has as many as the newest snapshot asks for."""
    old = copy.deepcopy(machine.archive)
    machine.authorize(commands.purchase(1_00, account_id="a", transaction_id="late"))
    machine.commit()
    archive_all(machine)
    machine.take_snapshot()
    machine.kill()
    vars(machine.archive).update(vars(old))
    assert machine.recover().from_snapshot is None
    others = {f"other{number}": SINGLE.format(at=1) for number in range(9)}
    machine.archive.put([ClosedPurchases("b", 1, (), others, ())])
    found, alone = machine.recover(), machine.recover(use_snapshots=False)
    assert contents(found.state, archive=machine.archive) == contents(alone.state)


def test_a_snapshot_from_before_anything_left_finds_nothing_in_the_archive_of_another_folder() -> (
    None
):
    machine = Machine()
    machine.start()
    machine.ask(machine.dispatcher.ask(commands.opening("a", CASH=100_00)))
    machine.commit()
    machine.take_snapshot()
    machine.kill()
    machine.archive.put([ClosedPurchases("a", 1, (), {"bought": SINGLE.format(at=1)}, ())])
    assert machine.recover().from_snapshot is not None
    assert ids(machine) == []
    machine.close()


def test_a_purchase_that_was_refunded_before_its_id_left_is_found_as_refunded(
    machine: Machine,
) -> None:
    """The replay archives it earlier than its entry left: an older state must not lie above it."""
    machine.authorize(commands.purchase(1_00, account_id="a", transaction_id="x"))
    machine.commit()
    machine.take_snapshot()
    machine.answer(machine.ask(machine.dispatcher.ask(Refund("a", "x", "r", 40, BY))))
    archive_all(machine)
    assert ("a", "x") not in machine.archive._forms
    archive_all(machine)
    found = machine.archive.find("a", "x")
    assert found is not None
    assert not isinstance(found.form, str)


def test_verify_leaves_out_what_a_server_archived_behind_the_journals_end(
    machine: Machine,
) -> None:
    machine.kill()
    end = JournalReader(machine.disk)
    list(end)
    later = {name: SINGLE.format(at=machine.wall_us) for name in ("t1", "new")}
    machine.archive.put([ClosedPurchases("a", end.position + 1, (), later, ())])
    archive = machine.archive
    vars(archive)["cut_after"] = lambda _: None  # whoever only reads cuts nothing
    assert verify(machine.disk, archive=archive).problems == ()
