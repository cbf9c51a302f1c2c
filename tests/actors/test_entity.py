"""What all actors have in common: answers wait for durability, and a bug stays where it is."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.actors import entity
from authorizer.actors.directory import BrokenEntityError
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import CardStatus
from authorizer.domain.accounts.commands import Credit, OpenAccount, OpenCards, ReadAccount
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.aggregate import Handler
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.events import PersonalDataRecorded
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.merchants.commands import (
    ReadMerchants,
    RegisterMerchant,
    RemoveMerchant,
)
from authorizer.domain.merchants.events import MerchantRegistered
from authorizer.domain.outcomes import Done, Outcome, Reason, Refusal, RefusalKind
from authorizer.persistence.journal import group_commit
from tests.support.builders import BY, deep, terms, words
from tests.support.commands import registration
from tests.support.house import House, applies_of, awake_account, begun, everything, handlers_of

pytestmark = pytest.mark.anyio


class BugError(Exception):
    """What a rule raises that has a bug."""


# --- no answer before durability -----------------------------------------------------------------


async def test_an_approval_waits_until_its_event_is_durable() -> None:
    house = House()
    await house.open("a")
    answer = begun(house.purchase("a"))
    await house.settle()
    assert not answer.done()
    assert awake_account(house, "a").wallets_cents == {"CASH": 99_00}
    assert len(house.journal.records) == 1
    house.commit()
    await house.settle()
    assert answer.result() == Outcome(Reason.APPROVED, wallet="CASH")
    assert words(house.journal.events()) == ["AccountOpened", "PurchaseApproved"]


async def test_a_decline_waits_too() -> None:
    house = House()
    await house.open("a")
    answer = begun(house.purchase("a", 200_00))
    await house.settle()
    assert not answer.done()
    house.commit()
    await house.settle()
    assert answer.result().reason is Reason.INSUFFICIENT_FUNDS


async def test_the_repeat_of_an_id_waits_for_the_purchase_that_it_repeats() -> None:
    house = House()
    await house.open("a")
    first = begun(house.purchase("a", transaction_id="t"))
    await house.settle()
    again = begun(house.purchase("a", transaction_id="t"))
    await house.settle()
    assert (first.done(), again.done()) == (False, False)
    house.commit()
    await house.settle()
    assert not first.result().replayed
    assert again.result().replayed
    assert await house.cash("a") == 99_00


async def test_a_read_waits_for_the_newest_event_of_what_it_tells() -> None:
    house = House()
    await house.open("a")
    begun(house.purchase("a"))
    await house.settle()
    read = begun(house.dispatcher.ask(ReadAccount("a")))
    await house.settle()
    assert not read.done()
    house.commit()
    await house.settle()
    answer = read.result()
    assert not isinstance(answer, Refusal)
    assert answer[1].wallets_cents == {"CASH": 99_00}


async def test_a_read_of_what_is_durable_waits_for_nothing() -> None:
    house = House()
    await house.open("a")
    await house.open("b")
    read = begun(house.dispatcher.ask(ReadAccount("a")))
    await house.settle()
    assert read.done()
    assert not house.commit()


async def test_an_answer_rests_on_its_own_account_and_not_on_others() -> None:
    house = House()
    await house.open("a")
    await house.open("b")
    begun(house.purchase("b"))
    await house.settle()
    read = begun(house.dispatcher.ask(ReadAccount("a")))
    await house.settle()
    house.commit()
    await house.settle()
    answer = read.result()
    assert not isinstance(answer, Refusal)
    assert answer[1].wallets_cents == {"CASH": 100_00}


async def test_a_refusal_waits_for_what_it_rests_on() -> None:
    house = House()
    opening = begun(house.dispatcher.ask(OpenAccount("a", {"CASH": 1}, None, BY)))
    await house.settle()
    conflict = begun(house.dispatcher.ask(OpenAccount("a", {"CASH": 2}, None, BY)))
    await house.settle()
    assert (opening.done(), conflict.done()) == (False, False)
    house.commit()
    await house.settle()
    assert not isinstance(opening.result(), Refusal)
    refusal = conflict.result()
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.CONFLICT


async def test_an_answer_that_rests_on_nothing_new_does_not_overtake_those_before_it() -> None:
    house = House()
    await house.open("a")
    await house.open("b")
    order: list[str] = []
    purchase = begun(house.purchase("a"))
    purchase.add_done_callback(lambda _: order.append("purchase"))
    await house.settle()
    read = begun(house.dispatcher.ask(ReadAccount("b")))
    read.add_done_callback(lambda _: order.append("read"))
    await house.settle()
    assert order == []
    house.commit()
    await house.settle()
    assert order == ["purchase", "read"]


async def test_answers_are_let_go_in_order_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    await house.open("a")
    await house.open("b")
    order: list[str] = []

    def watch(name: str, account_id: str) -> None:
        begun(house.purchase(account_id)).add_done_callback(lambda _: order.append(name))

    watch("first", "a")
    watch("second", "b")
    watch("third", "a")
    await house.settle()
    monkeypatch.setattr(group_commit, "MAX_BATCH_RECORDS", 2)
    house.commit()
    await house.settle()
    assert order == ["first", "second"]
    house.commit()
    await house.settle()
    assert order == ["first", "second", "third"]


async def test_a_change_of_the_merchants_waits_and_so_does_reading_them() -> None:
    house = House()
    register = begun(house.dispatcher.ask(RegisterMerchant("UBER*", "5812", BY)))
    await house.settle()
    listing = begun(house.dispatcher.ask(ReadMerchants()))
    await house.settle()
    assert (register.done(), listing.done()) == (False, False)
    house.commit()
    await house.settle()
    assert listing.result() == (Done(), [("UBER*", "5812")])
    removal = begun(house.dispatcher.ask(RemoveMerchant("uber*", BY)))
    await house.settle()
    assert not removal.done()
    house.commit()
    await house.settle()
    assert removal.result() == (Done(), [])


async def test_a_purchase_that_an_override_steers_is_behind_the_override_in_the_journal() -> None:
    house = House()
    await house.open("a", MEAL=1_00, CASH=1_00)
    begun(house.dispatcher.ask(RegisterMerchant("UBER*", "5812", BY)))
    await house.settle()
    answer = begun(house.purchase("a", merchant="UBER TRIP"))
    await house.settle()
    assert not answer.done()
    house.commit()
    await house.settle()
    assert answer.result().wallet == "MEAL"
    assert words(house.journal.events())[1:] == ["MerchantRegistered", "PurchaseApproved"]


async def test_what_a_command_causes_is_in_one_batch_and_in_order() -> None:
    house = House()
    cards = OpenCards("a", "c", (terms("k1"), terms("k2")), BY)
    answer = begun(house.dispatcher.ask(cards))
    await house.settle()
    assert not answer.done()
    house.commit()
    assert words(house.journal.events()) == ["AccountOpened", "CardOpened", "CardOpened"]
    assert house.journal.batches == [3]
    await house.done(answer)


# --- a bug in a rule -----------------------------------------------------------------------------


@pytest.fixture
def _buggy_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that raise for amounts of 6.66, and for credits under the id `bug`."""
    real = authorize

    def decide(account: Any, command: Any, *rest: Any) -> Any:
        verdict = real(account, command, *rest)
        if command.amount_cents == 6_66:
            raise BugError("in a rule")
        return verdict

    def credit(*_: Any) -> Any:
        raise BugError("in a rule")

    monkeypatch.setattr(entity, "authorize", decide)
    monkeypatch.setitem(handlers_of(ACCOUNTS), Credit, Handler(Credit, credit))


@pytest.mark.usefixtures("_buggy_rules")
async def test_a_bug_in_a_rule_answers_unavailable_and_leaves_no_trace() -> None:
    house = House()
    await house.open("a")
    before = deep(awake_account(house, "a"))
    assert await house.buy("a", 6_66, transaction_id="t") == Outcome(Reason.UNAVAILABLE)
    [(entity_id, bug)] = house.bugs
    assert entity_id == "a"
    assert isinstance(bug, BugError)
    assert bug.__traceback__ is not None
    assert deep(awake_account(house, "a")) == before
    assert house.appended == 1


@pytest.mark.usefixtures("_buggy_rules")
async def test_the_account_goes_on_after_a_bug_in_a_rule_and_so_do_all_others() -> None:
    house = House()
    await house.open("a")
    await house.open("b")
    answers = [
        begun(house.purchase(account_id, amount_cents))
        for account_id, amount_cents in [("a", 1_00), ("a", 6_66), ("b", 1_00), ("a", 2_00)]
    ]
    await house.settle()
    house.commit()
    await house.settle()
    assert [answer.result().reason.name_on_wire for answer in answers] == [
        "approved",
        "unavailable",
        "approved",
        "approved",
    ]
    assert (await house.cash("a"), await house.cash("b")) == (97_00, 99_00)
    assert len(house.dispatcher.accounts.packed("a").data) > 0


@pytest.mark.usefixtures("_buggy_rules")
async def test_a_bug_in_any_other_rule_is_refused_as_unavailable() -> None:
    house = House()
    await house.open("a")
    refusal = await house.credit("a", "bug", 1)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.UNAVAILABLE
    assert "rule" not in refusal.detail
    assert house.appended == 1
    assert (await house.buy("a")).reason is Reason.APPROVED


async def test_an_event_that_has_no_bytes_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    await house.open("a")
    await house.done(house.actors.onboarding.register(registration("c", "a"), ()))
    before, appended = everything(house.state, house.dispatcher), house.appended

    def no_bytes(_: Any) -> bytes:
        raise BugError("in the encoder")

    monkeypatch.setattr("authorizer.actors.entity.encode", no_bytes)
    assert (await house.buy("a")).reason is Reason.UNAVAILABLE
    assert isinstance(await house.credit("a", "c", 1), Refusal)
    renamed = registration("c", "a", name="Other")
    assert isinstance(await house.done(house.actors.onboarding.register(renamed, ())), Refusal)
    refused = await house.done(house.dispatcher.ask(RegisterMerchant("X", "1", BY)))
    assert isinstance(refused, Refusal)
    assert everything(house.state, house.dispatcher) == before
    assert house.appended == appended
    assert [entity_id for entity_id, _ in house.bugs] == ["a", "a", "c", "merchants"]
    monkeypatch.undo()
    assert (await house.buy("a")).reason is Reason.APPROVED


# --- a bug in evolve -----------------------------------------------------------------------------


@pytest.fixture
def _buggy_evolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """An `evolve` that raises half-way: on purchases of 6.66, and on credits of them."""
    applies = applies_of(ACCOUNTS)
    for kind, real in list(applies.items()):

        def apply(account: Any, event: Any, real: Any = real) -> None:
            if getattr(event, "amount_cents", 0) == 6_66:
                account.wallets_cents["CASH"] = -1
                raise BugError("in evolve")
            real(account, event)

        monkeypatch.setitem(applies, kind, apply)


async def _break(house: House, how: str) -> Any:
    if how == "purchase":
        return await house.buy("a", 6_66)
    return await house.credit("a", "c", 6_66)


@pytest.mark.usefixtures("_buggy_evolve")
@pytest.mark.parametrize("how", ["purchase", "credit"])
async def test_a_bug_in_evolve_breaks_that_account_and_nothing_is_appended(how: str) -> None:
    house = House()
    await house.open("a")
    await house.open("b")
    answer = await _break(house, how)
    if how == "purchase":
        assert answer == Outcome(Reason.UNAVAILABLE)
    else:
        assert isinstance(answer, Refusal)
        assert answer.kind is RefusalKind.UNAVAILABLE
    assert house.appended == 2
    assert [entity_id for entity_id, _ in house.bugs] == ["a"]
    assert (await house.buy("a")).reason is Reason.UNAVAILABLE
    read = await house.read("a")
    assert isinstance(read, Refusal)
    assert read.kind is RefusalKind.UNAVAILABLE
    assert len(house.bugs) == 1
    assert (await house.buy("b")).reason is Reason.APPROVED
    assert await house.cash("b") == 99_00
    with pytest.raises(BrokenEntityError, match="a is broken"):
        house.dispatcher.accounts.packed("a")
    assert house.dispatcher.accounts.packed("b")


@pytest.mark.usefixtures("_buggy_evolve")
async def test_a_broken_account_never_sleeps_and_the_journal_makes_it_anew() -> None:
    house = House(max_resident=2)
    await house.open("a")
    await house.buy("a")
    await _break(house, "purchase")
    for number in range(5):
        await house.open(f"other-{number}")
    assert (await house.buy("a")).reason is Reason.UNAVAILABLE
    anew = house.replayed()
    assert anew[ACCOUNTS].load("a").wallets_cents == {"CASH": 99_00}


@pytest.mark.usefixtures("_buggy_evolve")
async def test_the_answer_of_a_broken_account_waits_for_all_that_was_appended() -> None:
    house = House()
    await house.open("a")
    await house.open("b")
    begun(house.purchase("a", 1_00))
    begun(house.purchase("b", 1_00))
    broken = begun(house.purchase("a", 6_66))
    await house.settle()
    assert not broken.done()
    house.commit()
    await house.settle()
    assert broken.result().reason is Reason.UNAVAILABLE


async def test_a_customer_breaks_alone_too(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    await house.done(house.actors.onboarding.register(registration("c", "a"), (terms(),)))
    await house.done(house.actors.onboarding.register(registration("d", "b"), ()))
    appended = house.appended

    def apply(*_: Any) -> None:
        raise BugError("in evolve")

    monkeypatch.setitem(applies_of(CUSTOMERS), PersonalDataRecorded, apply)
    renamed = registration("c", "a", name="Other")
    answer = await house.done(house.actors.onboarding.register(renamed, ()))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.UNAVAILABLE
    monkeypatch.undo()
    assert house.appended == appended
    assert isinstance(await house.done(house.actors.customers.read("c")), Refusal)
    assert not isinstance(await house.done(house.actors.customers.read("d")), Refusal)
    with pytest.raises(BrokenEntityError):
        house.dispatcher.customers.packed("c")
    assert (await house.buy("a", 1_00, card_id="card-1")).reason is Reason.APPROVED


async def test_without_its_merchants_nothing_is_authorized(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    await house.open("a")

    def apply(*_: Any) -> None:
        raise BugError("in evolve")

    monkeypatch.setitem(applies_of(MERCHANTS), MerchantRegistered, apply)
    refusal = await house.done(house.dispatcher.ask(RegisterMerchant("X", "1", BY)))
    monkeypatch.undo()
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.UNAVAILABLE
    assert await house.buy("a") == Outcome(Reason.UNAVAILABLE)
    assert house.appended == 1
    assert await house.cash("a") == 100_00


async def test_an_index_that_fails_breaks_the_account_before_anything_is_appended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()

    def fail(*_: Any) -> None:
        raise BugError("in the index")

    monkeypatch.setattr(house.state, "index", fail)
    answer = await house.done(house.dispatcher.ask(OpenCards("a", "c", (terms(),), BY)))
    assert isinstance(answer, Refusal)
    assert house.appended == 0
    assert (await house.buy("a")).reason is Reason.UNAVAILABLE


# --- bytes and state agree -----------------------------------------------------------------------


async def test_the_journal_makes_the_same_state_anew() -> None:
    house = House(max_resident=2)
    await house.done(house.actors.onboarding.register(registration("c", "a"), (terms("k"),)))
    await house.open("b", FOOD=5_00, CASH=5_00)
    await house.credit("a", "x", 10_00)
    await house.buy("a", 3_00, transaction_id="t")
    await house.buy("a", 900_00, card_id="k", transaction_id="u")
    await house.buy("b", 9_00, mcc="5411")
    await house.block("a", "k", "roubo")
    await house.buy("a", 1_00, card_id="k", transaction_id="v")
    await house.done(house.dispatcher.ask(RegisterMerchant("UBER*", "5812", BY)))
    assert everything(house.replayed()) == everything(house.state, house.dispatcher)
    assert awake_account(house, "a").cards["k"].status is CardStatus.BLOCKED


async def test_what_is_told_of_an_account_stays_as_it_was_told() -> None:
    house = House()
    await house.open("a")
    before = await house.read("a")
    await house.buy("a")
    assert not isinstance(before, Refusal)
    assert before[1].wallets_cents == {"CASH": 100_00}


async def test_reads_leave_no_event() -> None:
    house = House()
    await house.done(house.actors.onboarding.register(registration("c", "a"), ()))
    appended = house.appended
    await house.read("a")
    await house.done(house.actors.customers.read("c"))
    await house.done(house.dispatcher.ask(ReadMerchants()))
    assert house.appended == appended
