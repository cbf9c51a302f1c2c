"""Onboarding: a document becomes a customer and cards, or nothing at all."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import (
    Credit,
    ReadAccount,
)
from authorizer.domain.customers.rules import MAX_IMPORTED_OPERATIONS
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Done, Reason, Refusal, RefusalKind
from tests.actors.documents import BLOCK, put
from tests.support.builders import BY, refusal_kind, terms, words
from tests.support.commands import registration
from tests.support.house import House, begun

pytestmark = pytest.mark.anyio


async def test_a_card_stays_on_its_account() -> None:
    house = House()
    await put(house)
    await house.open("b")
    for account_id in ("b", "new"):
        assert refusal_kind(await put(house, "d", account_id)) is RefusalKind.CONFLICT
    assert house.dispatcher.account_of_card("k") == "a"
    assert list(house.state[ACCOUNTS]) == ["a", "b"]


async def test_of_two_documents_that_bring_one_card_together_one_gets_it() -> None:
    house = House()
    tasks = [
        begun(
            house.actors.onboarding.register(
                registration(name, name, card_ids=("k",)), (terms("k"),)
            )
        )
        for name in ("c", "d")
    ]
    answers = [await house.done(task) for task in tasks]
    assert [isinstance(answer, Refusal) for answer in answers] == [False, True]
    assert house.dispatcher.account_of_card("k") == "c"
    assert [event for event in words(house.journal.events()) if event == "CardOpened"] == [
        "CardOpened"
    ]


async def test_of_two_customers_that_bring_one_card_together_the_other_never_sees_it() -> None:
    house = House()
    await house.open("a")
    tasks = [
        begun(
            house.actors.onboarding.register(
                registration(name, "a", card_ids=("k",)), (terms("k"),)
            )
        )
        for name in ("c", "d")
    ]
    answers = [await house.done(task) for task in tasks]
    assert [isinstance(answer, Refusal) for answer in answers] == [False, True]
    other = await house.done(house.actors.customers.read("d"))
    assert isinstance(other, Refusal) or other.cards == ()


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
    answer = begun(house.actors.onboarding.register(command, (terms("k"),)))
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
    lost = begun(house.actors.onboarding.register(command, (terms("k"),)))
    await house.settle()
    lost.cancel()
    await house.settle()
    house.commit()
    half = await house.done(house.actors.customers.read("c"))
    assert not isinstance(half, Refusal)
    assert half.cards == ()
    assert house.dispatcher.account_of_card("k") is None
    assert (await put(house))[0] == Done(created=False)
    file = await house.done(house.actors.customers.read("c"))
    assert not isinstance(file, Refusal)
    assert file.cards == (terms("k"),)


async def test_a_customer_keeps_the_account_and_a_document_for_another_one_opens_nothing() -> None:
    house = House()
    await put(house)
    appended = house.appended
    answer = await put(house, "c", "b", cards=(terms("new"),))
    assert refusal_kind(answer) is RefusalKind.CONFLICT
    assert house.appended == appended
    assert house.dispatcher.account_of_card("new") is None


async def test_a_document_whose_card_conflicts_registers_nothing() -> None:
    house = House()
    await put(house)
    appended = house.appended
    cards = (terms("new"), terms("k", limit_cents=1))
    assert refusal_kind(await put(house, cards=cards, name="Other")) is RefusalKind.CONFLICT
    assert house.appended == appended
    file = await house.done(house.actors.customers.read("c"))
    assert not isinstance(file, Refusal)
    assert file.person.name == "João"


async def test_a_customer_whose_document_was_refused_is_nobody() -> None:
    house = House()
    too_many = tuple(
        BLOCK._replace(at=WrittenTime(number * 1000))
        for number in range(MAX_IMPORTED_OPERATIONS + 1)
    )
    assert refusal_kind(await put(house, operations=too_many)) is RefusalKind.INVALID
    assert refusal_kind(await house.done(house.actors.customers.read("c"))) is RefusalKind.NOT_FOUND
    assert house.appended == 0


async def test_a_document_that_was_read_can_be_put_again_and_doubles_no_operation() -> None:
    house = House()
    await put(house, operations=(BLOCK,))
    await house.block("a", "k", "outro")
    file = await house.done(house.actors.customers.read("c"))
    assert not isinstance(file, Refusal)
    read = tuple(
        operation._replace(at=WrittenTime(operation.at.at_us // 1000 * 1000, "as the wire says"))
        for operation in file.operations
    )
    appended = house.appended
    answer = await put(house, cards=file.cards, operations=read)
    assert answer[0] == Done(created=False)
    assert house.appended == appended


async def test_a_refused_document_leaves_no_account_behind() -> None:
    house = House()
    await put(house, "c", "a", cards=(terms("k"),))
    assert refusal_kind(await put(house, "d", "ghost", cards=(terms("k"),))) is RefusalKind.CONFLICT
    assert (await house.buy("ghost")).reason is Reason.ACCOUNT_NOT_FOUND
    credit = await house.done(house.dispatcher.ask(Credit("ghost", "x", "CASH", 100, BY)))
    assert refusal_kind(credit) is RefusalKind.NOT_FOUND
    read = await house.done(house.dispatcher.ask(ReadAccount("ghost")))
    assert refusal_kind(read) is RefusalKind.NOT_FOUND
    assert refusal_kind(await house.done(house.actors.customers.read("d"))) is RefusalKind.NOT_FOUND


async def test_a_document_refused_for_its_operations_opens_no_card() -> None:
    house = House()
    many = tuple(
        BLOCK._replace(at=WrittenTime(number * 1_000_000))
        for number in range(MAX_IMPORTED_OPERATIONS + 1)
    )
    answer = await put(house, "c", "a", cards=(terms("k"),), operations=many)
    assert refusal_kind(answer) is RefusalKind.INVALID
    assert house.appended == 0
    assert house.dispatcher.account_of_card("k") is None
