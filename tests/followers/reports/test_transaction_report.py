"""The sums of purchases: examples computed by hand, and any history computed naively."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.moments import DAY_US, day_of, day_text, us_of
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.followers.reports.export.amounts import with_amounts
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases import report as transaction_report
from authorizer.followers.reports.purchases.daily_sums import DailySums
from authorizer.followers.reports.purchases.report import TransactionReport
from authorizer.followers.reports.purchases.totals import PARTS, PurchaseTotals
from authorizer.followers.reports.tables import stretches
from tests.followers.reports.house import House
from tests.followers.reports.zones import SAO_PAULO, ZONES, Plain
from tests.support.purchase_events import FIRST, approved, declined

THREE_DAYS: Final = Period(FIRST * DAY_US, (FIRST + 3) * DAY_US)
Purchase = PurchaseApproved | PurchaseDeclined


class Till:
    """Purchases happen, and a report is asked for, of one process as it would be."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.report = TransactionReport()

    def ask(
        self, by: str | None = None, period: Period = THREE_DAYS, time_zone: str = "UTC"
    ) -> Any:
        """The purchases; what was done to them is left to test_operation_report.py."""
        report = self.ask_all(by, period, time_zone)
        for part in (report, *report.get("grupos", ())):
            part.pop("operacoes", None)
        return report

    def ask_all(
        self, by: str | None = None, period: Period = THREE_DAYS, time_zone: str = "UTC"
    ) -> Any:
        params = {**period._asdict(), "by": by, "time_zone": time_zone}
        with self.house.engine.connect() as connection:
            return self.report(connection, params)


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
    till.house.feed.catch_up(till.house.durable)
    assert till.ask("carteira")["aprovadas"]["centavos"] == str(count * MAX_BALANCE_CENTS)


def test_numbers_add_up_beyond_64_bits() -> None:
    numbers = np.full((PARTS, 3), 2**63 - 1)
    most = 3 * (2**63 - 1)
    assert PurchaseTotals.of(numbers) == PurchaseTotals(
        most, most * (10**15 + 1), most, most * (10**15 + 1)
    )


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
    kept = DailySums("mcc", max_kept=2)
    for day in range(3):
        house.project(approved(1, day, mcc=str(day)))
    with house.engine.connect() as connection:
        for _ in range(3):
            kept.bring_up_to_date(connection, range(FIRST, FIRST + 3))
            assert kept.added_up(range(FIRST, FIRST + 3), {})[0].tolist() == [1, 1, 1]
            assert len(kept.names) == 3


AROUND: Final = (
    Period(FIRST * DAY_US, (FIRST + 5) * DAY_US),
    *(
        Period(us_of(datetime.fromisoformat(day)), us_of(datetime.fromisoformat(day)) + 4 * DAY_US)
        for day in (
            "2018-11-02T00:00Z",  # Sao Paulo: a day of 23 hours, and one of 25 below
            "2019-02-15T00:00Z",
            "2011-12-28T00:00Z",  # Samoa has no 30th
            "2005-10-28T00:00Z",  # Goose Bay's midnight comes twice
            "2026-03-27T00:00Z",
        )
    ),
)
WAYS: Final = ("dia", "carteira", "mcc", "estabelecimento", "motivo")


@st.composite
def instants(draw: st.DrawFn, around: Period) -> int:
    """Any, and often the beginning of a day somewhere, or just before it."""
    at_us = draw(st.integers(around.start_us, around.end_us))
    if draw(st.booleans()):
        days = LocalDays(draw(st.sampled_from(ZONES)))
        at_us = days.start_us(days.day_of(at_us)) - draw(st.sampled_from([0, 1]))
    return at_us


@st.composite
def purchases(draw: st.DrawFn, around: Period) -> list[Purchase]:
    def one() -> Purchase:
        fields: dict[str, Any] = {
            "cents": draw(st.integers(1, 10_000) | st.just(10**28)),
            "mcc": draw(st.sampled_from(["5411", "5811"])),
            "merchant": draw(st.sampled_from(["A", "B ", "C  D"])),
        }
        if fields["cents"] < 10_001 and draw(st.booleans()):
            made: Purchase = approved(
                **fields, wallet=draw(st.sampled_from(["FOOD", "CASH", None]))
            )
        else:
            made = declined(**fields, reason=draw(st.sampled_from(["too_late", "card_blocked"])))
        return made._replace(at_us=draw(instants(around)))

    return [one() for _ in range(draw(st.integers(0, 12)))]


class Case(NamedTuple):
    """What happened, and what is asked: in which zones the tables are kept, and the question is."""

    happened: list[Purchase]
    seen: int
    kept: tuple[str, str]
    asked: str
    period: Period


@st.composite
def cases(draw: st.DrawFn) -> Case:
    around = draw(st.sampled_from(AROUND))
    zone = st.sampled_from(ZONES)
    kept = (draw(zone), draw(zone))
    ends = sorted((draw(instants(around)), draw(instants(around))))
    return Case(
        draw(purchases(around)),
        draw(st.integers(0, 12)),
        kept,
        draw(st.sampled_from([*kept, draw(zone)])),
        Period(ends[0], ends[1] + 1),
    )


def key_of(event: Purchase, by: str, days: Plain) -> Any:
    if by == "dia":
        return day_text(days.day_of(event.at_us))
    if by == "mcc":
        return event.mcc
    if by == "estabelecimento":
        return " ".join(event.merchant.split())
    if isinstance(event, PurchaseApproved):
        paid = "credit_limit" if event.wallet is None else event.wallet
        return paid if by == "carteira" else "approved"
    return None if by == "carteira" else event.reason


def naive(found: list[Purchase]) -> Any:
    numbers: Counter[str] = Counter()
    for event in found:
        kind = "ok" if isinstance(event, PurchaseApproved) else "no"
        numbers[kind] += 1
        numbers[kind + "cents"] += event.amount_cents if event.amount_cents <= 10_000 else 0
    return sums(*(numbers[name] for name in ("ok", "okcents", "no", "nocents")))


def check(house: House, case: Case) -> None:
    till = Till(house)
    parts = (case.happened[: case.seen], case.happened[case.seen :])
    for part, zone in zip(parts, case.kept, strict=True):
        house.feed = house.new_feed(time_zone=zone)
        house.project(*part)
        for by in WAYS:
            till.ask(by, case.period, case.asked)
    start_us, end_us = case.period
    inside = [event for event in case.happened if start_us <= event.at_us < end_us]
    plain = Plain(case.asked)
    for by in WAYS:
        report = till.ask(by, case.period, case.asked)
        groups = {group.pop("grupo"): group for group in report.pop("grupos")}
        assert report == naive(inside)
        for key in {key_of(event, by, plain) for event in inside} | set(groups):
            wanted = [event for event in inside if key_of(event, by, plain) == key]
            assert groups[key] == naive(wanted)


def test_any_purchases_are_told_as_one_would_count_them(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever zone the tables are kept in, changed meanwhile, and whatever is asked for."""
    monkeypatch.setattr(stretches, "STRETCH", 3)
    examples = 60 if engine.dialect.name == "sqlite" else 10

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(cases())
    def so_it_is(case: Case) -> None:
        check(House(engine), case)

    so_it_is()


def test_an_evening_in_sao_paulo_is_of_its_own_month(till: Till) -> None:
    """Half past nine on the 30th of November is past midnight in Greenwich."""
    evening = us_of(datetime.fromisoformat("2026-12-01T00:30:00Z"))
    till.house.feed = till.house.new_feed(time_zone=SAO_PAULO)
    till.house.project(approved(100)._replace(at_us=evening))
    days = LocalDays(SAO_PAULO)
    november = Period(
        days.start_us(day_of(date(2026, 11, 1))), days.start_us(day_of(date(2026, 12, 1)))
    )
    report = till.ask("dia", november, SAO_PAULO)
    assert report["aprovadas"]["quantidade"] == 1
    assert report["grupos"][-1] == {"grupo": "2026-11-30", **sums(1, 100, 0, 0)}
    assert till.ask("dia", november, "UTC")["grupos"][-1]["grupo"] == "2026-12-01"


def test_instants_are_exact(till: Till) -> None:
    noon = FIRST * DAY_US + DAY_US // 2
    till.house.project(*(approved(1)._replace(at_us=noon + at_us) for at_us in (-1, 0, 1, 2)))
    for by in (None, *WAYS):
        assert till.ask(by, Period(noon, noon + 2))["aprovadas"]["quantidade"] == 2


def test_purchases_need_not_come_in_the_order_of_time(till: Till) -> None:
    noon = FIRST * DAY_US + DAY_US // 2
    for at_us in (noon + 5, noon + 9, noon, noon + 7):
        till.house.project(approved(1)._replace(at_us=at_us))
    for at_us in (noon, noon + 5, noon + 7, noon + 9):
        assert till.ask(None, Period(at_us, at_us + 1))["aprovadas"]["quantidade"] == 1


def test_parts_of_a_day_add_up_beyond_64_bits(till: Till) -> None:
    most = MAX_BALANCE_CENTS - 1
    till.house.happen(*(approved(most) for _ in range(150)), declined(10**28))
    till.house.feed.catch_up(till.house.durable)
    part = Period(FIRST * DAY_US, FIRST * DAY_US + 1)
    assert till.ask("carteira", part)["aprovadas"]["centavos"] == str(150 * most)
    assert till.ask("mcc", part)["recusadas"] == {"quantidade": 1, "centavos": "0"}


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
