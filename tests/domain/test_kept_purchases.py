"""Purchases of an account that has woken: made of their values when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from authorizer.domain.accounts import kept_purchases
from authorizer.domain.accounts.kept_purchases import Purchases
from authorizer.domain.accounts.purchase_state import (
    OperationType,
    Purchase,
    PurchaseOperation,
    PurchaseStatus,
    pack_purchase,
    unpack_purchase,
)
from authorizer.domain.money import MAX_JSON_INT
from authorizer.domain.outcomes import Reason
from tests.support.builders import deep

AT_US = 1_700_000_000_000_000


def purchase(purchase_id: str, status: PurchaseStatus, at_us: int = AT_US) -> Purchase:
    made = Purchase(purchase_id, at_us)
    made.status = status
    made.amount_cents = made.requested_cents = 10_00
    for number in range(2):
        kind = (OperationType.AUTHORIZATION, OperationType.CAPTURE)[number]
        made.operations.append(
            PurchaseOperation(kind, f"o{number}", 10_00, Reason.APPROVED, at_us + number, "x")
        )
    return made


def values_of(made: Purchase) -> list[Any]:
    values: list[Any] = orjson.loads(orjson.dumps(pack_purchase(made)))
    return values


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the purchases that were made of their values."""
    ids: list[str] = []

    def unpack(values: list[Any]) -> Purchase:
        ids.append(values[0])
        return unpack_purchase(values)

    monkeypatch.setattr(kept_purchases, "unpack_purchase", unpack)
    return ids


@pytest.fixture
def kept() -> Purchases:
    """Two at rest, of which one is open; one awake, closed; one awake, open."""
    found = Purchases()
    found.lay(values_of(purchase("rests", PurchaseStatus.CLOSED, AT_US + 10)))
    found.lay(values_of(purchase("holds", PurchaseStatus.PENDING, AT_US + 20)))
    found["awake"] = purchase("awake", PurchaseStatus.EXPIRED, AT_US + 30)
    found["held"] = purchase("held", PurchaseStatus.PENDING, AT_US + 40)
    return found


def test_to_look_around_makes_none(kept: Purchases, made: list[str]) -> None:
    assert (len(kept), bool(kept), "rests" in kept, "other" in kept) == (4, True, True, False)
    assert list(kept) == list(kept.keys()) == ["rests", "holds", "awake", "held"]
    assert list(kept.ended()) == [("rests", AT_US + 11), ("awake", AT_US + 31)]
    assert [values[0] for values in kept.packed()] == ["rests", "holds", "awake", "held"]
    assert made == []


def test_what_is_open_is_made_and_nothing_else(kept: Purchases, made: list[str]) -> None:
    assert [each.purchase_id for each in kept.open()] == ["holds", "held"]
    assert made == ["holds"]


@pytest.mark.parametrize("ask", [Purchases.get, Purchases.__getitem__])
def test_one_is_made_once_and_stays_where_it_is(
    ask: Callable[[Purchases, str], Purchase | None], kept: Purchases, made: list[str]
) -> None:
    first = ask(kept, "rests")
    assert first is not None
    assert ask(kept, "rests") is first
    assert made == ["rests"]
    assert next(iter(kept)) == "rests"
    first.status = PurchaseStatus.REVERSED
    assert next(kept.packed())[3] == "reversed"


def test_nothing_gives_out_the_values(kept: Purchases) -> None:
    assert {type(each) for each in kept.values()} == {Purchase}
    assert {type(each) for _, each in Purchases(kept).items()} == {Purchase}
    assert kept.get("other") is None
    with pytest.raises(KeyError):
        kept["other"]


def test_a_comparison_of_states_sees_into_each(kept: Purchases) -> None:
    """As the tests of crashes and recovery compare them."""
    before = deep(kept)
    found = kept.get("rests")
    assert found is not None
    found.refunded_cents = 77
    assert deep(kept) != before


def test_equal_is_what_has_equal_values(kept: Purchases) -> None:
    twin = Purchases()
    for values in map(list, kept.packed()):
        twin.lay(values)
    assert kept == twin == dict(kept.items())
    assert Purchases() == {} != kept
    found = kept.get("rests")
    assert found is not None
    found.refunded_cents = 77
    assert kept != twin


@pytest.mark.parametrize(
    "give_out",
    [
        lambda kept: kept.pop("rests"),
        lambda kept: kept.popitem(),
        lambda kept: kept.setdefault("rests", None),
        lambda kept: kept.copy(),
        lambda kept: kept | {},
    ],
)
def test_what_would_give_out_values_is_refused(
    give_out: Callable[[Purchases], Any], kept: Purchases
) -> None:
    with pytest.raises(TypeError, match="values"):
        give_out(kept)


def test_one_that_was_never_asked_for_is_packed_as_it_came(kept: Purchases) -> None:
    """An amount beyond 64 bits too, which is text."""
    large = purchase("large", PurchaseStatus.DECLINED)
    large.requested_cents = MAX_JSON_INT + 1
    before = values_of(large)
    kept.lay(before)
    (after,) = (values for values in kept.packed() if values[0] == "large")
    assert orjson.dumps(after) == orjson.dumps(before)
    found = kept.get("large")
    assert found is not None
    assert found.requested_cents == MAX_JSON_INT + 1
    assert values_of(found) == before
