"""An account's purchases are found wherever they stand: in the list, behind it, by an index."""

from __future__ import annotations

from typing import Any, Final

import pytest
from sqlalchemy import Engine, select

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.purchase_events import HoldApproved, PurchaseReversed
from authorizer.followers.reports.tables.schema import movements, purchases, terms
from tests.followers.reports.house import House
from tests.support.purchase_events import numbered

EACH_UNLISTED: Final = (0, 1, 2, 3, 100)
"""How many may be left behind the list: so everything stands in it, or behind it."""


@pytest.fixture(params=EACH_UNLISTED)
def most_unlisted(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def house(engine: Engine, most_unlisted: int) -> House:
    """A journal whose tables have begun their list."""
    made = House(engine, most_unlisted=most_unlisted)
    made.project(numbered(1, "of another"))
    return made


def bought(at_us: int, cents: int, purchase_id: str = "p") -> PurchaseApproved:
    return PurchaseApproved(at_us, "t", "a", purchase_id, cents, "5811", "M", None, None, "MEAL")


def mismatched(at_us: int) -> PurchaseDeclined:
    said = (at_us, "t", "a", "p", 9_999, "5811", "M", None, None)
    return PurchaseDeclined(*said, "duplicate_mismatch")


def reversed_(at_us: int, cents: int, of_us: int | None) -> PurchaseReversed:
    """`of_us`: when the purchase was answered, which older records do not say."""
    answered = None if of_us is None else StoredAnswer(of_us, "approved", "f")
    money = (cents, None, None, "MEAL", False, 0, "reversed")
    return PurchaseReversed(at_us, "t", "a", "p", f"r{at_us}", *money, answered)


def stored(house: House) -> list[tuple[Any, ...]]:
    """The purchases to which something has happened: when they were made, and what counts."""
    with house.engine.connect() as connection:
        found = select(purchases.c.position, purchases.c.at_us, purchases.c.counted_cents)
        return [tuple(row) for row in connection.execute(found)]


@pytest.mark.parametrize("of_us", [10, 20])
def test_a_reversal_finds_the_purchase_of_its_time_among_those_of_one_id(
    house: House, of_us: int
) -> None:
    """An id may be used again once it is forgotten."""
    house.project(bought(10, 700))
    house.project(bought(20, 500))
    house.project(reversed_(30, 100, of_us))
    cents = {10: 700, 20: 500}[of_us]
    assert stored(house) == [({10: 2, 20: 3}[of_us], of_us, cents - 100)]


def test_a_reversal_that_does_not_say_the_time_finds_the_first_purchase(house: House) -> None:
    house.project(bought(10, 700))
    house.project(bought(20, 500))
    house.project(reversed_(30, 100, None))
    assert stored(house) == [(2, 10, 600)]


@pytest.mark.parametrize("of_us", [10, None])
@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_decline_for_another_purchases_id_is_never_taken_for_it(
    house: House, others: int, of_us: int | None
) -> None:
    """Nor where it is of the same microsecond, as a clock that stands still makes it.

    How many come before decides whether the purchase is listed by then, and the decline is not.
    """
    for number in range(others):
        house.project(numbered(2 + number, "of another"))
    house.project(bought(10, 700))
    house.project(mismatched(10))
    house.project(reversed_(10, 100, of_us))
    assert stored(house) == [(2 + others, 10, 600)]


def test_every_question_finds_all_and_each_once(house: House) -> None:
    for number in range(2, 8):
        house.project(bought(number, number * 10, f"p{number}"), numbered(number, "of another"))
    house.project(numbered(9, "of another"))
    lines = house.ask("statement", account_id="a", limit=3)
    assert [row["id"] for row in lines["rows"]] == ["p7", "p6", "p5"]
    more = house.ask("statement", account_id="a", limit=9, before=lines["next"])
    assert [row["id"] for row in more["rows"]] == ["p4", "p3", "p2"]
    ids = house.ask("authorizations", account_id="a", limit=4)
    assert ids["ids"] == ["p7", "p6", "p5", "p4"]
    assert house.ask("authorizations", account_id="a", limit=4, before=ids["next"])["ids"] == [
        "p3",
        "p2",
    ]
    assert house.ask("authorizations", account_id="a", limit=9, status="declined")["ids"] == []
    spent = house.ask("spending", account_id="a", since_us=4)
    assert [(row["key"], row["amount_cents"]) for row in spent] == [
        (f"p{number}", number * 10) for number in (4, 5, 6, 7)
    ]
    for position, left in ((0, 270), (6, 180), (11, 70), (12, 0)):
        moved = house.ask("moved_since", account_id="a", position=position)
        wanted = [{"wallet": "MEAL", "available_cents": -left, "held_cents": 0}] if left else []
        assert moved == wanted


def test_a_hold_that_a_cards_limit_pays_moves_no_wallet(house: House) -> None:
    said = (50, 50, "5811", "M", "k", None, CREDIT_LIMIT, 10**9, False, None, None)
    house.project(HoldApproved(10, "t", "a", "p", *said))
    with house.engine.connect() as connection:
        (row,) = connection.execute(
            select(movements.c.available_cents, movements.c.held_cents, terms.c.wallet)
            .join_from(movements, terms, movements.c.terms_id == terms.c.id)
            .where(movements.c.type == "authorization")
        )
    assert tuple(row) == (0, 0, None)
