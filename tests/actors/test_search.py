"""The customer search: built behind the start, never behind what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from authorizer.actors import search as searches
from authorizer.domain.customers.commands import ErasePersonalData
from authorizer.domain.customers.person_search import NAME, Found, wanted
from authorizer.domain.outcomes import Refusal, RefusalKind
from tests.support.builders import BY
from tests.support.commands import registration
from tests.support.house import House, begun

pytestmark = pytest.mark.anyio


async def put(house: House, customer_id: str, name: str) -> None:
    command = registration(customer_id, customer_id, name=name)
    assert not isinstance(await house.done(house.actors.onboarding.register(command, ())), Refusal)


async def find(house: House, text: str) -> list[str] | Refusal:
    terms = wanted(NAME, text) if text else ()
    found = await house.done(house.actors.search.find(terms, None, 10))
    return found if isinstance(found, Refusal) else [one.customer_id for one in found]


async def test_nothing_is_spent_on_it_before_somebody_asks() -> None:
    house = House()
    await put(house, "a", "Ana")
    assert house.actors.search._index is None
    assert not house.actors.search._changed
    assert await find(house, "ana") == ["a"]


async def test_everybody_is_found_whatever_came_while_it_was_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searches, "SLICE_CUSTOMERS", 2)
    house = House(max_resident=3)
    for number in range(9):
        await put(house, f"c{number}", f"Ana {number}")
    building = house.actors.search.build()
    await put(house, "late", "Ana Late")
    await put(house, "c0", "Bia 0")
    await put(house, "c8", "Bia 8")
    assert await find(house, "ana") == [*(f"c{number}" for number in range(1, 8)), "late"]
    assert await find(house, "bia") == ["c0", "c8"]
    assert (await building).keyless == 0
    assert house.actors.search.build() is building


async def test_who_is_erased_is_not_found_even_before_the_key_is_gone() -> None:
    house = House()
    await put(house, "a", "Ana")
    assert await find(house, "ana") == ["a"]
    await house.done(house.actors.erasure.erase(ErasePersonalData("a", BY)))
    assert await find(house, "") == []
    house.vault.create(["a"])
    assert await find(house, "") == []


async def test_missing_keys_are_counted_and_those_erased_are_not() -> None:
    house = House()
    for name in "abc":
        await put(house, name, name)
    await house.done(house.actors.erasure.erase(ErasePersonalData("a", BY)))
    house.vault.destroy(["b"])
    built = await house.done(house.actors.search.build())
    assert built == (3, 1)
    assert await find(house, "") == ["c"]


async def test_an_answer_waits_until_all_before_it_is_durable() -> None:
    house = House()
    await put(house, "a", "Ana")
    await find(house, "ana")
    half = begun(house.actors.onboarding.register(registration("b", "b", name="Ana B"), ()))
    await house.settle()
    asked = begun(house.actors.search.find((), None, 10))
    await house.settle()
    assert not asked.done()
    house.commit()
    await house.settle()
    assert asked.result() == [Found("ana", "a")]
    await house.done(half)
    assert await find(house, "") == ["a", "b"]


async def test_who_gives_up_waiting_leaves_the_index_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The change is taken in all the same, and nobody else works on the index meanwhile."""
    house = House()
    await put(house, "a", "Ana")
    assert await find(house, "ana") == ["a"]
    search = house.actors.search
    inline, at_work, gate = search._off_loop, list[str](), asyncio.Event()

    async def slow(function: Callable[..., Any], *arguments: Any) -> Any:
        at_work.append(function.__name__)
        await gate.wait()
        return await inline(function, *arguments)

    search._off_loop = slow
    await put(house, "a", "Bia")
    monkeypatch.setattr(searches, "PATIENCE_SECONDS", 0.01)
    assert isinstance(await search.find((), None, 1), Refusal)
    assert isinstance(await search.find((), None, 1), Refusal)
    assert at_work == ["_put"]
    gate.set()
    monkeypatch.setattr(searches, "PATIENCE_SECONDS", 10.0)
    assert await find(house, "bia") == ["a"]
    assert await find(house, "ana") == []
    assert at_work == ["_put", "find", "find"]


async def test_too_many_searches_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "MAX_WAITING", 2)
    house = House()
    waiting = [begun(house.actors.search.find((), None, 1)) for _ in range(3)]
    results = await asyncio.gather(*waiting)
    refused = [result for result in results if isinstance(result, Refusal)]
    assert [refusal.kind for refusal in refused] == [RefusalKind.OVERLOADED]


async def test_a_search_waits_for_the_index_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "PATIENCE_SECONDS", 0.01)
    house = House()
    await put(house, "a", "Ana")
    never = asyncio.get_running_loop().create_future()

    async def stuck(*_: object) -> None:
        await never

    house.actors.search._off_loop = stuck
    found = await house.actors.search.find((), None, 1)
    assert isinstance(found, Refusal)
    assert found.kind is RefusalKind.OVERLOADED
