"""The short way of purchases into the tables does what the general way does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.purchase_events import PurchaseReversed
from authorizer.domain.moments import DAY_US
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables import terms as terms_module
from authorizer.followers.reports.tables.projection import project
from authorizer.followers.reports.tables.rows import Rows
from authorizer.followers.reports.tables.schema import transactions
from authorizer.followers.reports.tables.terms import KnownTerms
from authorizer.persistence.state.record import encode, event_of, fields_of
from tests.followers.reports.house import House
from tests.support.any_event import EVENTS, unhurried
from tests.support.purchase_events import approved, declined

WIDTH = len(transactions.c)
TERMS_ID = list(transactions.c.keys()).index("terms_id")


def told(rows: Rows) -> tuple[Any, ...]:
    """What a run brings of purchases: by position, each with its terms; and the sums."""
    of_terms = {row[0]: row[1:] for row in rows.known.new}
    values = rows.purchases.values
    lines = [values[at : at + WIDTH] for at in range(0, len(values), WIDTH)]
    for line in lines:
        line[TERMS_ID] = of_terms[line[TERMS_ID]]
    sums = rows.purchases.sums()
    return sorted(lines), sorted(sums.rows()), sorted(sums.days()), rows.lives.changes.keys()


def general_way(events: list[Any]) -> Rows:
    rows = Rows(KnownTerms(), LocalDays("America/Sao_Paulo"))
    for position, event in enumerate(events, 1):
        project(rows, event, position)
    return rows


def short_way(events: list[Any]) -> tuple[Rows, int]:
    rows = Rows(KnownTerms(), LocalDays("America/Sao_Paulo"))
    others = rows.purchases.short_way(1, fields_of(list(map(encode, events))))
    for position, fields in others:
        project(rows, event_of(fields), position)
    return rows, len(others)


def plain(event: Any) -> Any:
    """The event as most are: with texts that others have too, and without NULs."""
    texts = {"mcc": "5811", "merchant": "M", "account_id": "a", "override_mcc": None}
    changed: dict[str, Any] = {"card_id": None, "product": None, "transaction_id": "1", **texts}
    if isinstance(event, PurchaseApproved):
        changed |= {"wallet": "MEAL" if event.wallet else None}
    return event._replace(**changed)


PURCHASES = EVENTS[PurchaseApproved] | EVENTS[PurchaseDeclined]


@unhurried
@given(st.lists(PURCHASES.map(plain) | EVENTS[AccountOpened], max_size=12))
def test_the_short_way_is_the_general_way(events: list[Any]) -> None:
    rows, _ = short_way(events)
    assert told(rows) == told(general_way(events))


def test_plain_purchases_go_the_short_way() -> None:
    events = [approved(5), declined(7), approved(1, day=1, wallet=None), approved(2)]
    rows, others = short_way(events)
    assert others == 0
    assert told(rows) == told(general_way(events))


@pytest.mark.parametrize("reason", list(Reason))
def test_a_decline_after_its_reversal_is_left_to_the_general_way(reason: Reason) -> None:
    event = declined(5, reason=reason.name_on_wire)._replace(transaction_id="1")
    rows, others = short_way([event])
    assert others == (reason is Reason.REVERSED_BEFORE)
    assert told(rows) == told(general_way([event]))


def test_no_nul_comes_into_a_table_by_the_short_way(house: House) -> None:
    house.project(approved(5), approved(6)._replace(transaction_id="x\0y"))
    found = [row["id"] for row in house.ask("statement", account_id="a", limit=9)["rows"]]
    assert found == ["x\u2400y", None]


def test_terms_whose_run_has_failed_are_put_in_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.project(approved(1))
    house.happen(approved(2, merchant="N"))

    def fail(*_: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patched:
        patched.setattr("authorizer.followers.reports.tables.store.replace", fail)
        with pytest.raises(OSError, match="no room"):
            house.feed.catch_up(2)
    house.feed.catch_up(2)
    rows = house.ask("statement", account_id="a", limit=9)["rows"]
    assert [row["merchant"] for row in rows] == ["N", "M"]


def test_terms_that_were_forgotten_are_put_in_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms_module, "MAX_KNOWN", 1)
    names = ["M", "N", "M", "O", "N", "M"]
    for name in names:
        house.project(approved(1, merchant=name))
    rows = house.ask("statement", account_id="a", limit=9)["rows"]
    assert [row["merchant"] for row in reversed(rows)] == names


@pytest.mark.parametrize("says_when", [True, False])
@pytest.mark.parametrize("in_one_run", [True, False])
def test_what_happens_to_a_purchase_of_one_message_finds_it(
    house: House, says_when: bool, in_one_run: bool
) -> None:
    made = approved(500, day=3)._replace(transaction_id="p")
    other = made._replace(account_id="b")
    answered = made.at_us if says_when else None
    told = None if answered is None else StoredAnswer(answered, "approved", "f", "MEAL")
    undone = PurchaseReversed(
        made.at_us + DAY_US, "t", "a", "p", "o", 200, 200, None, "MEAL", False, 0, "closed", told
    )
    house.happen(other, approved(1), made)
    if not in_one_run:
        house.feed.catch_up(house.durable)
    house.project(undone)
    (row,) = house.tables()["purchases"]
    assert row[:6] == ("a", "p", 3, made.at_us, "closed", 300)


def test_few_terms_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms_module, "MAX_KNOWN", 2)
    known = KnownTerms()
    first = [known.learn_approved(("MEAL", "5811", name, None, None), 1) for name in "abc"]
    known.begin()
    again = known.learn_approved(("MEAL", "5811", "a", None, None), 9)
    assert again.terms == first[0].terms
    assert [row[0] for row in known.new] == [again.terms_id] == [9]
