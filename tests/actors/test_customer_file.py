"""The customer file: the cards and operations that it shows."""

from __future__ import annotations

import pytest

from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Refusal
from tests.actors.documents import BLOCK, put
from tests.support.builders import terms
from tests.support.house import START_NS, House

pytestmark = pytest.mark.anyio


async def test_a_customers_file_has_the_cards_of_the_document_as_they_are_now() -> None:
    house = House(max_resident=1)
    await put(house, cards=(terms("k2"), terms("k")))
    await put(house, "d", "a", cards=(terms("other"),))
    await house.buy("a", 2_00, card_id="k")
    await house.block("a", "k2", "roubo")
    file = await house.done(house.actors.customers.read("c"))
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
    file = await house.done(house.actors.customers.read("c"))
    assert not isinstance(file, Refusal)
    assert [(operation.kind, operation.card_id) for operation in file.operations] == [
        ("bloqueio", "k"),
        ("bloqueio", "k"),
        ("desbloqueio", "k"),
    ]
    assert file.operations[0] == BLOCK
    assert file.operations[1].at == WrittenTime(START_NS // 1000)
