"""The desk: who is asked, and how the answers of several actors are joined."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import BlockReason, Operation
from authorizer.domain.accounts.commands import (
    BlockCard,
    Credit,
    OpenAccount,
    QueryLimit,
    ReadAccount,
)
from authorizer.domain.customers.rules import MAX_IMPORTED_OPERATIONS
from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Done, Outcome, Reason, Refusal, RefusalKind
from tests.actors.house import START_NS, House, begun, everything, registration
from tests.support.builders import BY, terms, words

pytestmark = pytest.mark.anyio

BLOCK = Operation("bloqueio", "k", WrittenTime(5_000_000, "t5"), "App", block_reason="roubo")


async def put(house: House, customer_id: str = "c", account_id: str = "a", **more: Any) -> Any:
    """A customer document with the card `k`, unless it says otherwise."""
    cards = more.pop("cards", (terms("k"),))
    card_ids = tuple(card.card_id for card in cards)
    command = registration(customer_id, account_id, card_ids=card_ids, **more)
    return await house.done(house.desk.register_customer(command, cards))


def kind(answer: Any) -> RefusalKind:
    """How an answer refuses."""
    assert isinstance(answer, Refusal), answer
    return answer.kind


# --- purchases -----------------------------------------------------------------------------------


async def test_a_purchase_on_an_unknown_account_is_answered_at_once_and_leaves_no_event() -> None:
    house = House()
    task = begun(house.purchase("x"))
    await asyncio.sleep(0)
    assert task.result() == Outcome(Reason.ACCOUNT_NOT_FOUND)
    assert house.appended == 0


async def test_purchases_on_one_account_are_decided_in_the_order_in_which_they_came() -> None:
    house = House()
    await house.open("a", CASH=10)
    answers = [begun(house.purchase("a", amount)) for amount in (4, 5, 2, 1, 1)]
    await house.settle()
    house.commit()
    await house.settle()
    assert [answer.result().reason.code for answer in answers] == ["00", "00", "51", "00", "51"]


async def test_copies_of_one_id_that_are_in_flight_together_debit_once() -> None:
    house = House()
    await house.open("a")
    answers = [begun(house.purchase("a", 10_00, transaction_id="t")) for _ in range(20)]
    await house.settle()
    house.commit()
    await house.settle()
    assert [answer.result().reason.word for answer in answers] == ["approved"] * 20
    assert [answer.result().replayed for answer in answers] == [False] + [True] * 19
    assert await house.cash("a") == 90_00


async def test_the_wait_in_the_inbox_counts_against_the_deadline() -> None:
    house = House(deadline_ns=80)
    await house.open("a")
    answer = begun(house.purchase("a"))
    await asyncio.sleep(0)
    house.monotonic_ns += 80
    assert (await house.done(answer)).reason is Reason.TOO_LATE
    punctual = begun(house.purchase("a"))
    await asyncio.sleep(0)
    house.monotonic_ns += 79
    assert (await house.done(punctual)).reason is Reason.APPROVED
    assert await house.cash("a") == 99_00


# --- cards ---------------------------------------------------------------------------------------


async def test_a_card_is_found_by_its_id_on_whatever_account_it_is() -> None:
    house = House(max_resident=1)
    await put(house, "c", "a")
    await put(house, "d", "b", cards=(terms("k2"), terms("k3")))
    found = {card_id: house.desk.account_of_card(card_id) for card_id in ("k", "k2", "k3", "k4")}
    assert found == {"k": "a", "k2": "b", "k3": "b", "k4": None}
    assert await house.done(house.desk.read_card("k3")) == terms("k3")
    assert kind(await house.done(house.desk.read_card("k4"))) is RefusalKind.NOT_FOUND


async def test_a_card_stays_on_its_account() -> None:
    house = House()
    await put(house)
    await house.open("b")
    for account_id in ("b", "new"):
        assert kind(await put(house, "d", account_id)) is RefusalKind.CONFLICT
    assert house.desk.account_of_card("k") == "a"
    assert list(house.state[ACCOUNTS]) == ["a", "b"]


async def test_of_two_documents_that_bring_one_card_together_one_gets_it() -> None:
    house = House()
    tasks = [
        begun(
            house.desk.register_customer(registration(name, name, card_ids=("k",)), (terms("k"),))
        )
        for name in ("c", "d")
    ]
    answers = [await house.done(task) for task in tasks]
    assert [isinstance(answer, Refusal) for answer in answers] == [False, True]
    assert house.desk.account_of_card("k") == "c"
    assert [event for event in words(house.journal.events()) if event == "CardOpened"] == [
        "CardOpened"
    ]


async def test_of_two_customers_that_bring_one_card_together_the_other_never_sees_it() -> None:
    house = House()
    await house.open("a")
    tasks = [
        begun(house.desk.register_customer(registration(name, "a", card_ids=("k",)), (terms("k"),)))
        for name in ("c", "d")
    ]
    answers = [await house.done(task) for task in tasks]
    assert [isinstance(answer, Refusal) for answer in answers] == [False, True]
    other = await house.done(house.desk.read_customer("d"))
    assert isinstance(other, Refusal) or other.cards == ()


async def test_no_purchase_with_a_card_is_approved_from_the_moment_its_block_is_answered() -> None:
    house = House()
    await put(house)
    before = begun(house.purchase("a", 1_00, card_id="k"))
    command = BlockCard("a", "k", BlockReason.OTHER, "App", BY)
    block = begun(house.desk.card(command))
    after = begun(house.purchase("a", 1_00, card_id="k"))
    await house.done(block)
    assert (await house.done(before)).reason is Reason.APPROVED
    assert (await house.done(after)).reason is Reason.CARD_BLOCKED


async def test_a_block_is_answered_with_the_blocked_card() -> None:
    house = House()
    await put(house)
    done, card = await house.block("a", "k", "roubo")
    assert done == Done(created=True)
    assert (card.status, card.block_reason) == ("bloqueado", "roubo")
    assert card.blocked_at == WrittenTime(START_NS // 1000)


async def test_a_limit_is_told_with_the_record_of_its_being_told() -> None:
    house = House()
    await put(house)
    await house.buy("a", 2_00, card_id="k")
    query = QueryLimit("a", "k", "WhatsApp", BY)
    answer = await house.done(house.desk.limit(query))
    assert not isinstance(answer, Refusal)
    card, operation = answer[1]
    assert card.limit_used_cents == 2_00
    assert (operation.kind, operation.available_cents) == ("consulta_limite", 998_00)
    unknown = await house.done(house.desk.limit(query._replace(account_id="x")))
    assert kind(unknown) is RefusalKind.NOT_FOUND


# --- customers -----------------------------------------------------------------------------------


async def test_a_document_registers_the_customer_first_and_opens_the_cards_last() -> None:
    house = House()
    answer = await put(house, operations=(BLOCK,))
    assert answer[0] == Done(created=True)
    assert words(house.journal.events()) == [
        "CustomerRegistered",
        "PersonalDataRecorded",
        "OperationsImported",
        "AccountOpened",
        "CardOpened",
    ]


async def test_a_document_is_answered_when_all_of_it_is_durable() -> None:
    house = House()
    command = registration("c", "a", card_ids=("k",))
    answer = begun(house.desk.register_customer(command, (terms("k"),)))
    await house.settle()
    assert house.journal.events() == []
    house.commit()
    await house.settle()
    assert not answer.done()
    assert words(house.journal.events()) == ["CustomerRegistered", "PersonalDataRecorded"]
    house.commit()
    await house.settle()
    assert answer.done()


async def test_the_same_document_again_changes_nothing() -> None:
    house = House()
    await put(house, operations=(BLOCK,))
    appended = house.appended
    assert (await put(house, operations=(BLOCK,)))[0] == Done(created=False)
    assert house.appended == appended


async def test_a_document_that_was_only_half_taken_in_is_mended_by_putting_it_again() -> None:
    house = House()
    command = registration("c", "a", card_ids=("k",))
    lost = begun(house.desk.register_customer(command, (terms("k"),)))
    await house.settle()
    lost.cancel()
    await house.settle()
    house.commit()
    half = await house.done(house.desk.read_customer("c"))
    assert not isinstance(half, Refusal)
    assert half.cards == ()
    assert house.desk.account_of_card("k") is None
    assert (await put(house))[0] == Done(created=False)
    file = await house.done(house.desk.read_customer("c"))
    assert not isinstance(file, Refusal)
    assert file.cards == (terms("k"),)


async def test_a_customer_keeps_the_account_and_a_document_for_another_one_opens_nothing() -> None:
    house = House()
    await put(house)
    appended = house.appended
    answer = await put(house, "c", "b", cards=(terms("new"),))
    assert kind(answer) is RefusalKind.CONFLICT
    assert house.appended == appended
    assert house.desk.account_of_card("new") is None


async def test_a_document_whose_card_conflicts_registers_nothing() -> None:
    house = House()
    await put(house)
    appended = house.appended
    cards = (terms("new"), terms("k", limit_cents=1))
    assert kind(await put(house, cards=cards, name="Other")) is RefusalKind.CONFLICT
    assert house.appended == appended
    file = await house.done(house.desk.read_customer("c"))
    assert not isinstance(file, Refusal)
    assert file.person.name == "Maria"


async def test_a_customer_whose_document_was_refused_is_nobody() -> None:
    house = House()
    too_many = tuple(
        BLOCK._replace(at=WrittenTime(number * 1000))
        for number in range(MAX_IMPORTED_OPERATIONS + 1)
    )
    assert kind(await put(house, operations=too_many)) is RefusalKind.INVALID
    assert kind(await house.done(house.desk.read_customer("c"))) is RefusalKind.NOT_FOUND
    assert house.appended == 0


async def test_a_customers_file_has_the_cards_of_the_document_as_they_are_now() -> None:
    house = House(max_resident=1)
    await put(house, cards=(terms("k2"), terms("k")))
    await put(house, "d", "a", cards=(terms("other"),))
    await house.buy("a", 2_00, card_id="k")
    await house.block("a", "k2", "roubo")
    file = await house.done(house.desk.read_customer("c"))
    assert not isinstance(file, Refusal)
    assert [(card.card_id, card.status, card.limit_used_cents) for card in file.cards] == [
        ("k2", "bloqueado", 0),
        ("k", "ativo", 2_00),
    ]


async def test_a_customers_file_has_the_operations_of_all_times_oldest_first() -> None:
    house = House()
    later = BLOCK._replace(at=WrittenTime(START_NS // 1000 + 10**9, "later"), kind="desbloqueio")
    await put(house, operations=(later, BLOCK))
    await put(house, "d", "a", cards=(terms("other"),))
    await house.block("a", "k", "roubo")
    await house.block("a", "other", "roubo")
    file = await house.done(house.desk.read_customer("c"))
    assert not isinstance(file, Refusal)
    assert [(operation.kind, operation.card_id) for operation in file.operations] == [
        ("bloqueio", "k"),
        ("bloqueio", "k"),
        ("desbloqueio", "k"),
    ]
    assert file.operations[0] == BLOCK
    assert file.operations[1].at == WrittenTime(START_NS // 1000)


async def test_a_document_that_was_read_can_be_put_again_and_doubles_no_operation() -> None:
    house = House()
    await put(house, operations=(BLOCK,))
    await house.block("a", "k", "outro")
    file = await house.done(house.desk.read_customer("c"))
    assert not isinstance(file, Refusal)
    read = tuple(
        operation._replace(at=WrittenTime(operation.at.at_us // 1000 * 1000, "as the wire says"))
        for operation in file.operations
    )
    appended = house.appended
    answer = await put(house, cards=file.cards, operations=read)
    assert answer[0] == Done(created=False)
    assert house.appended == appended


# --- merchants and accounts ----------------------------------------------------------------------


async def test_an_override_counts_from_the_purchase_behind_it_on_until_it_is_removed() -> None:
    house = House()
    await house.open("a", MEAL=10_00, CASH=10_00)
    assert (await house.buy("a", merchant="UBER TRIP")).wallet == "CASH"
    await house.done(house.desk.merchant_table(RegisterMerchant("UBER*", "5812", BY)))
    assert (await house.buy("a", merchant="UBER TRIP")).wallet == "MEAL"
    await house.done(house.desk.merchant_table(RemoveMerchant("uber *", BY)))
    assert (await house.buy("a", merchant="UBER TRIP")).wallet == "CASH"
    missing = await house.done(house.desk.merchant_table(RemoveMerchant("UBER*", BY)))
    assert kind(missing) is RefusalKind.NOT_FOUND
    assert everything(house.replayed()) == everything(house.state, house.desk)


async def test_an_account_is_opened_once_however_many_ask_together() -> None:
    house = House()
    command = OpenAccount("a", {"CASH": 1_00}, None, BY)
    tasks = [begun(house.desk.account(command)) for _ in range(10)]
    answers = [await house.done(task) for task in tasks]
    created = [answer[0] for answer in answers if not isinstance(answer, Refusal)]
    assert created == [Done(created=True), *[Done()] * 9]
    assert house.appended == 1


async def test_a_credit_counts_for_the_purchase_behind_it() -> None:
    house = House()
    await house.open("a", CASH=0)
    credit = begun(house.desk.known_account(Credit("a", "c", "CASH", 5_00, BY)))
    buy = begun(house.purchase("a", 5_00))
    await house.done(credit)
    assert (await house.done(buy)).reason is Reason.APPROVED


async def test_a_refused_document_leaves_no_account_behind() -> None:
    house = House()
    await put(house, "c", "a", cards=(terms("k"),))
    assert kind(await put(house, "d", "ghost", cards=(terms("k"),))) is RefusalKind.CONFLICT
    assert (await house.buy("ghost")).reason is Reason.ACCOUNT_NOT_FOUND
    credit = await house.done(house.desk.known_account(Credit("ghost", "x", "CASH", 100, BY)))
    assert kind(credit) is RefusalKind.NOT_FOUND
    read = await house.done(house.desk.known_account(ReadAccount("ghost")))
    assert kind(read) is RefusalKind.NOT_FOUND
    assert kind(await house.done(house.desk.read_customer("d"))) is RefusalKind.NOT_FOUND


async def test_a_document_refused_for_its_operations_opens_no_card() -> None:
    house = House()
    many = tuple(
        BLOCK._replace(at=WrittenTime(number * 1_000_000))
        for number in range(MAX_IMPORTED_OPERATIONS + 1)
    )
    answer = await put(house, "c", "a", cards=(terms("k"),), operations=many)
    assert kind(answer) is RefusalKind.INVALID
    assert house.appended == 0
    assert house.desk.account_of_card("k") is None
