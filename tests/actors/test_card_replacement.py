"""Cards: purchases that race a block, replacements that race each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authorizer.domain.accounts.cards import BlockReason
from authorizer.domain.accounts.commands import BlockCard, ChangeLimit, ReplaceCard
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.outcomes import Done, Refusal, RefusalKind
from tests.support.builders import BY, refusal_kind, terms, words
from tests.support.commands import registration
from tests.support.house import House, begun, everything

pytestmark = pytest.mark.anyio


def replacing(house: House, card_id: str = "k", new_card_id: str = "n") -> Any:
    command = ReplaceCard("a", card_id, new_card_id, None, "App", None, None, BY)
    return house.actors.cards.replace(command)


async def house_with_cards(*card_ids: str, **settings: Any) -> House:
    """Cards of one customer on the account `a`, by their document."""
    house = House(**settings)
    await put(house, *card_ids)
    return house


async def put(house: House, *card_ids: str, customer_id: str = "c", account_id: str = "a") -> Any:
    command = registration(customer_id, account_id, card_ids=card_ids)
    cards = tuple(terms(card_id) for card_id in card_ids)
    return await house.done(house.actors.onboarding.register(command, cards))


# --- a purchase that races the end of its card -----------------------------------------------


@pytest.mark.parametrize("bought_before", [0, 1, 7, 99, 100])
@pytest.mark.parametrize("ending", ["block", "replacement"])
async def test_whichever_the_account_took_first_decides(ending: str, bought_before: int) -> None:
    """All wait in one inbox, and are answered by one commit."""
    house = await house_with_cards("k")
    asked = [house.purchase("a", 1, card_id="k") for _ in range(100)]
    before = [begun(one) for one in asked[:bought_before]]
    block = BlockCard("a", "k", BlockReason.of("roubo"), "App", BY)
    end = begun(house.dispatcher.ask(block) if ending == "block" else replacing(house))
    after = [begun(one) for one in asked[bought_before:]]
    await house.settle()
    assert not end.done()
    house.commit()
    await house.settle()
    assert not isinstance(end.result(), Refusal)
    assert [one.result().reason.name_on_wire for one in before] == ["approved"] * bought_before
    assert [one.result().reason.name_on_wire for one in after] == ["card_blocked"] * len(after)
    card = await house.done(house.actors.cards.read("k" if ending == "block" else "n"))
    assert not isinstance(card, Refusal)
    assert card.limit_used_cents == bought_before


async def test_a_purchase_that_came_before_a_new_limit_is_bound_by_the_old_one() -> None:
    house = await house_with_cards("k")
    first = begun(house.purchase("a", 600_00, card_id="k"))
    change = begun(house.dispatcher.ask(ChangeLimit("a", "k", 600_00, False, "App", BY)))
    second = begun(house.purchase("a", 1, card_id="k"))
    answer = await house.done(change)
    assert not isinstance(answer, Refusal)
    assert answer[0] == Done(created=True)
    assert (await house.done(first)).reason.name_on_wire == "approved"
    assert (await house.done(second)).reason.name_on_wire == "insufficient_funds"


# --- replacements ----------------------------------------------------------------------------


async def test_a_new_card_is_found_on_the_account_and_in_the_document() -> None:
    house = await house_with_cards("k", "l", max_resident=1)
    await house.done(replacing(house))
    await house.open("b")
    assert house.dispatcher.account_of_card("n") == "a"
    card = await house.done(house.actors.cards.read("n"))
    assert card == terms("n")._replace(replaces="k")
    file = await house.done(house.actors.customers.read("c"))
    assert not isinstance(file, Refusal)
    assert [card.card_id for card in file.cards] == ["k", "l", "n"]
    assert [line.kind for line in file.operations] == ["substituicao"]
    house.commit()
    assert everything(house.replayed()) == everything(house.state, house.dispatcher)


async def test_the_document_as_it_stands_leaves_no_event() -> None:
    house = await house_with_cards("k")
    await house.done(replacing(house))
    file = await house.done(house.actors.customers.read("c"))
    assert not isinstance(file, Refusal)
    appended = house.appended
    command = registration("c", "a", card_ids=("k", "n"), operations=file.operations)
    answer = await house.done(house.actors.onboarding.register(command, file.cards))
    assert not isinstance(answer, Refusal)
    assert house.appended == appended


async def test_of_two_cards_one_is_replaced_by_a_new_one() -> None:
    house = await house_with_cards("k", "l")
    tasks = [begun(replacing(house, card_id)) for card_id in ("k", "l")]
    answers = [await house.done(task) for task in tasks]
    assert [isinstance(answer, Refusal) for answer in answers] == [False, True]
    assert refusal_kind(await house.done(replacing(house, "l"))) is RefusalKind.CONFLICT


async def test_copies_of_one_replacement_replace_once() -> None:
    house = await house_with_cards("k")
    tasks = [begun(replacing(house)) for _ in range(5)]
    answers = [await house.done(task) for task in tasks]
    assert [answer[0].created for answer in answers] == [True, False, False, False, False]
    assert words(house.journal.events()).count("CardReplaced") == 1


async def test_a_card_on_another_account_is_not_taken_for_a_new_one() -> None:
    house = await house_with_cards("k")
    await put(house, "other", customer_id="d", account_id="b")
    assert refusal_kind(await house.done(replacing(house, "k", "other"))) is RefusalKind.CONFLICT
    assert house.dispatcher.account_of_card("other") == "b"


async def test_a_card_on_its_way_in_a_document_is_not_taken_for_a_new_one() -> None:
    house = await house_with_cards("k")
    document = begun(
        house.actors.onboarding.register(registration("d", "b", card_ids=("n",)), (terms("n"),))
    )
    await asyncio.sleep(0)
    assert refusal_kind(await house.done(replacing(house))) is RefusalKind.CONFLICT
    assert not isinstance(await house.done(document), Refusal)
    assert house.dispatcher.account_of_card("n") == "b"


async def test_a_document_does_not_name_a_card_that_is_on_its_way_in_a_replacement() -> None:
    house = await house_with_cards("k")
    replacement = begun(replacing(house))
    await asyncio.sleep(0)
    assert (
        refusal_kind(await put(house, "n", customer_id="d", account_id="b")) is RefusalKind.CONFLICT
    )
    assert not isinstance(await house.done(replacement), Refusal)
    assert house.dispatcher.account_of_card("n") == "a"
    assert list(house.state[CUSTOMERS]) == ["c"]


async def test_an_id_is_made_that_neither_a_card_nor_a_request_on_its_way_has() -> None:
    house = await house_with_cards("k", "k-2")
    assert house.actors.cards.new_id("k") == "k-3"
    replacement = begun(replacing(house, "k", "k-3"))
    await asyncio.sleep(0)
    assert house.actors.cards.new_id("k") == "k-4"
    await house.done(replacement)
    assert house.actors.cards.new_id("k-2") == "k-2-2"


async def test_a_card_that_is_not_there_is_not_replaced() -> None:
    house = await house_with_cards("k")
    assert refusal_kind(await house.done(replacing(house, "x"))) is RefusalKind.NOT_FOUND
    command = ReplaceCard("z", "x", "n", None, "App", None, None, BY)
    assert (
        refusal_kind(await house.done(house.actors.cards.replace(command))) is RefusalKind.NOT_FOUND
    )
    assert house.dispatcher.account_of_card("n") is None
