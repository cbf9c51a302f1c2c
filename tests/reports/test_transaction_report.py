"""The sums of purchases: examples computed by hand, and any history computed naively."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from authorizer.domain import events
from authorizer.domain.moments import day_text
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.policy import DAY_US
from authorizer.reports import transaction_report
from authorizer.reports.amounts import with_amounts
from authorizer.reports.daily_sums import DailySums
from authorizer.reports.period import Period
from authorizer.reports.purchases import PARTS, Purchases
from authorizer.reports.transaction_report import TransactionReport
from tests.reports.house import House

FIRST: Final = 20_409
THREE_DAYS: Final = Period(FIRST * DAY_US, (FIRST + 3) * DAY_US)
Purchase = events.TransactionApproved | events.TransactionDeclined


def approved(
    cents: int, day: int = 0, mcc: str = "5811", merchant: str = "M", wallet: str | None = "MEAL"
) -> events.TransactionApproved:
    at_us = (FIRST + day) * DAY_US
    return events.TransactionApproved(
        at_us, "t", "a", None, cents, mcc, merchant, None, None, wallet
    )


def declined(
    cents: int,
    day: int = 0,
    mcc: str = "5811",
    merchant: str = "M",
    reason: str = "insufficient_funds",
) -> events.TransactionDeclined:
    at_us = (FIRST + day) * DAY_US
    return events.TransactionDeclined(
        at_us, "t", "a", None, cents, mcc, merchant, None, None, reason
    )


class Till:
    """Purchases happen, and a report is asked for, of one process as it would be."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.report = TransactionReport()

    def ask(self, by: str | None = None, period: Period = THREE_DAYS) -> Any:
        with self.house.engine.connect() as connection:
            return self.report(connection, {**period._asdict(), "by": by})


@pytest.fixture
def till(house: House) -> Till:
    return Till(house)


def sums(approved: int, approved_cents: int, declined: int, declined_cents: int) -> Any:
    return {
        "aprovadas": {"quantidade": approved, "centavos": str(approved_cents)},
        "recusadas": {"quantidade": declined, "centavos": str(declined_cents)},
    }


FIVE_PURCHASES: Final = (
    approved(1000),
    approved(500, 1, "5411", "FEIRA  DA   PRACA", "FOOD"),
    approved(200, 1, wallet=None),
    declined(9000, 1, merchant="FEIRA DA PRACA"),
    declined(1, 2, "9999", reason="card_blocked"),
)


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (
            "dia",
            [
                ("2025-11-17", 1, 1000, 0, 0),
                ("2025-11-18", 2, 700, 1, 9000),
                ("2025-11-19", 0, 0, 1, 1),
            ],
        ),
        (
            "carteira",
            [
                (None, 0, 0, 2, 9001),
                ("FOOD", 1, 500, 0, 0),
                ("MEAL", 1, 1000, 0, 0),
                ("credit_limit", 1, 200, 0, 0),
            ],
        ),
        ("mcc", [("5811", 2, 1200, 1, 9000), ("5411", 1, 500, 0, 0), ("9999", 0, 0, 1, 1)]),
        ("estabelecimento", [("M", 2, 1200, 1, 1), ("FEIRA DA PRACA", 1, 500, 1, 9000)]),
        (
            "motivo",
            [
                ("approved", 3, 1700, 0, 0),
                ("card_blocked", 0, 0, 1, 1),
                ("insufficient_funds", 0, 0, 1, 9000),
            ],
        ),
    ],
)
def test_five_purchases_by_hand(till: Till, by: str, groups: list[tuple[Any, ...]]) -> None:
    till.house.project(*FIVE_PURCHASES)
    report = till.ask(by)
    assert report == {
        **sums(3, 1700, 2, 9001),
        "grupos": [{"grupo": name, **sums(*numbers)} for name, *numbers in groups],
    }


def test_without_groups(till: Till) -> None:
    till.house.project(*FIVE_PURCHASES)
    assert till.ask() == sums(3, 1700, 2, 9001)
    assert till.ask(period=Period(FIRST * DAY_US, (FIRST + 1) * DAY_US)) == sums(1, 1000, 0, 0)


def test_no_purchases(till: Till) -> None:
    assert till.ask("estabelecimento") == {**sums(0, 0, 0, 0), "grupos": []}
    assert till.ask("dia")["grupos"] == [
        {"grupo": day_text(FIRST + day), **sums(0, 0, 0, 0)} for day in range(3)
    ]


def test_merchants_past_the_largest_are_told_together(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction_report, "MAX_GROUPS", 2)
    till.house.project(*(approved(10, merchant=name) for name in "aaabbccde"))
    report = till.ask("estabelecimento")
    assert [group["grupo"] for group in report["grupos"]] == ["a", "b"]
    assert report["outros"] == {"grupos": 3, **sums(4, 40, 0, 0)}


def test_sums_beyond_64_bits(till: Till) -> None:
    count = 150
    till.house.happen(*(approved(MAX_BALANCE_CENTS, day=n % 3) for n in range(count)))
    till.house.projector.catch_up(till.house.durable)
    assert till.ask("carteira")["aprovadas"]["centavos"] == str(count * MAX_BALANCE_CENTS)


def test_numbers_add_up_beyond_64_bits() -> None:
    numbers = np.full((PARTS, 3), 2**63 - 1)
    most = 3 * (2**63 - 1)
    assert Purchases.of(numbers) == Purchases(most, most * (10**15 + 1), most, most * (10**15 + 1))


def test_purchases_show_whatever_was_asked_before(till: Till) -> None:
    till.house.project(approved(1), approved(1, 2))
    assert till.ask("mcc") == {
        **sums(2, 2, 0, 0),
        "grupos": [{"grupo": "5811", **sums(2, 2, 0, 0)}],
    }
    till.house.project(approved(1, 2, mcc="1"), declined(5, 0))
    assert till.ask("mcc")["grupos"] == [
        {"grupo": "5811", **sums(2, 2, 1, 5)},
        {"grupo": "1", **sums(1, 1, 0, 0)},
    ]
    House(till.house.engine).project(approved(7, 1))
    assert till.ask("mcc") == {
        **sums(1, 7, 0, 0),
        "grupos": [{"grupo": "5811", **sums(1, 7, 0, 0)}],
    }


def test_sums_that_are_too_many_to_keep_are_read_again(house: House) -> None:
    kept = DailySums("mcc", max_rows=2)
    for day in range(3):
        house.project(approved(1, day, mcc=str(day)))
    with house.engine.connect() as connection:
        for _ in range(3):
            assert kept.added_up(connection, THREE_DAYS.days)[0].tolist() == [1, 1, 1]
            assert len(kept.names) == 3


@st.composite
def purchases(draw: st.DrawFn) -> list[Purchase]:
    def one() -> Purchase:
        fields: dict[str, Any] = {
            "cents": draw(st.integers(1, 10_000)),
            "day": draw(st.integers(-1, 3)),
            "mcc": draw(st.sampled_from(["5411", "5811"])),
            "merchant": draw(st.sampled_from(["A", "B ", "C  D"])),
        }
        if draw(st.booleans()):
            return approved(**fields, wallet=draw(st.sampled_from(["FOOD", "CASH", None])))
        return declined(**fields, reason=draw(st.sampled_from(["too_late", "card_blocked"])))

    return [one() for _ in range(draw(st.integers(0, 12)))]


def key_of(event: Purchase, by: str) -> Any:
    if by == "dia":
        return day_text(event.at_us // DAY_US)
    if by == "mcc":
        return event.mcc
    if by == "estabelecimento":
        return " ".join(event.merchant.split())
    if isinstance(event, events.TransactionApproved):
        paid = "credit_limit" if event.wallet is None else event.wallet
        return paid if by == "carteira" else "approved"
    return None if by == "carteira" else event.reason


def naive(found: list[Purchase]) -> Any:
    numbers: Counter[str] = Counter()
    for event in found:
        kind = "ok" if isinstance(event, events.TransactionApproved) else "no"
        numbers[kind] += 1
        numbers[kind + "cents"] += event.amount_cents
    return sums(*(numbers[name] for name in ("ok", "okcents", "no", "nocents")))


def check(house: House, happened: list[Purchase], seen: int) -> None:
    till = Till(house)
    ways = ("dia", "carteira", "mcc", "estabelecimento", "motivo")
    for part in (happened[:seen], happened[seen:]):
        house.project(*part)
        for by in ways:
            till.ask(by)
    inside = [event for event in happened if THREE_DAYS.start_us <= event.at_us < THREE_DAYS.end_us]
    for by in ways:
        report = till.ask(by)
        groups = {group.pop("grupo"): group for group in report.pop("grupos")}
        assert report == naive(inside)
        for key in {key_of(event, by) for event in inside} | set(groups):
            assert groups[key] == naive([e for e in inside if key_of(e, by) == key])


def test_any_purchases_are_told_as_one_would_count_them(engine: Engine) -> None:
    examples = 25 if engine.dialect.name == "sqlite" else 5

    @settings(deadline=None, max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(purchases(), st.integers(0, 12))
    def so_it_is(happened: list[Purchase], seen: int) -> None:
        check(House(engine), happened, seen)

    so_it_is()


def test_amounts_are_written_as_the_reader_wants_them() -> None:
    report = {**sums(1, 2**70, 0, 5), "grupos": [{"grupo": None, **sums(0, 0, 1, 7)}]}
    assert with_amounts(report, lambda cents: cents + 1) == {
        "aprovadas": {"quantidade": 1, "valor": 2**70 + 1},
        "recusadas": {"quantidade": 0, "valor": 6},
        "grupos": [
            {
                "grupo": None,
                "aprovadas": {"quantidade": 0, "valor": 1},
                "recusadas": {"quantidade": 1, "valor": 8},
            }
        ],
    }
