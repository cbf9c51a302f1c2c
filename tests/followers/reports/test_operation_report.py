"""What was done to purchases, in the report: by hand, and any history as one would count it."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from authorizer.domain.accounts.events import AccountCredited
from authorizer.domain.accounts.purchase_events import WalletAdjusted
from authorizer.domain.accounts.purchase_state import OperationType
from authorizer.domain.moments import DAY_US, day_text
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.followers.reports.export.amounts import reais, with_amounts
from authorizer.followers.reports.export.spreadsheet import csv_of
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.operations import DECLINED, NAMES
from tests.followers.reports.house import House
from tests.followers.reports.test_transaction_report import AROUND, THREE_DAYS, Till, instants
from tests.followers.reports.zones import ZONES, Plain
from tests.support.purchase_events import FIRST, OPERATIONS, approved, done

WORDS: Final = {
    "hold": "autorizacoes",
    "part": "autorizacoes",
    "declined hold": "recusas",
    "increment": "acrescimos",
    "declined increment": "recusas",
    "capture": "capturas",
    "reversal": "estornos",
    "reversal before": "estornos",
    "refund": "devolucoes",
    "expiry": "expiracoes",
}
"""The word under which each kind is told."""


@pytest.fixture
def till(house: House) -> Till:
    return Till(house)


def told(**numbers: tuple[int, int]) -> dict[str, Any]:
    """The member of the report: the words that are not named have none."""
    return {
        word: {"quantidade": count, "centavos": str(cents)}
        for word, (count, cents) in {**dict.fromkeys(WORDS.values(), (0, 0)), **numbers}.items()
    }


LIFE: Final = (
    done("hold", 10_000),
    done("increment", 2_000),
    done("declined increment", 10**28),
    done("capture", 5_000, 1),
    done("capture", 1_000, 1),
    done("reversal", 3_000, 1),
    done("refund", 500, 2),
    done("expiry", 3_000, 2),
    done("declined hold", 700, 2),
    done("part", 40, 2),
    done("reversal before", 0, 2),
    approved(9, 1),
)
BY_DAY: Final = (
    told(autorizacoes=(1, 10_000), acrescimos=(1, 2_000), recusas=(1, 0)),
    told(capturas=(2, 6_000), estornos=(1, 3_000)),
    told(
        devolucoes=(1, 500), expiracoes=(1, 3_000), recusas=(1, 700), autorizacoes=(1, 40),
        estornos=(1, 0),
    ),
)  # fmt: skip


def test_a_life_by_hand(till: Till) -> None:
    till.house.project(*LIFE)
    report = till.ask_all("dia")
    assert [group["operacoes"] for group in report["grupos"]] == list(BY_DAY)
    assert report["operacoes"] == told(
        autorizacoes=(2, 10_040),
        acrescimos=(1, 2_000),
        capturas=(2, 6_000),
        estornos=(2, 3_000),
        devolucoes=(1, 500),
        expiracoes=(1, 3_000),
        recusas=(2, 700),
    )
    assert till.ask_all()["operacoes"] == report["operacoes"]
    assert report["aprovadas"] == {"quantidade": 1, "centavos": "9"}


def test_every_operation_has_a_word() -> None:
    assert NAMES.keys() == {kind.value for kind in OperationType}
    assert WORDS.keys() == OPERATIONS.keys()
    assert {*WORDS.values()} == {*NAMES.values(), DECLINED}


@pytest.mark.parametrize("by", ["carteira", "mcc", "estabelecimento", "motivo"])
def test_other_groups_are_of_purchases_alone(till: Till, by: str) -> None:
    till.house.project(*LIFE)
    report = till.ask_all(by)
    assert report.keys() == {"aprovadas", "recusadas", "grupos"}
    assert [group.keys() for group in report["grupos"]] == [{"grupo", "aprovadas", "recusadas"}]


def test_credits_and_adjustments_are_no_operations(till: Till) -> None:
    at_us = FIRST * DAY_US
    till.house.project(
        AccountCredited(at_us, "t", "a", "c", "MEAL", 100),
        WalletAdjusted(at_us, "t", "a", "j", "MEAL", -100, "r", 0),
    )
    for period in (THREE_DAYS, Period(at_us, at_us + 1)):
        assert till.ask_all(period=period)["operacoes"] == told()


def test_instants_are_exact(till: Till) -> None:
    noon = FIRST * DAY_US + DAY_US // 2
    till.house.project(*(OPERATIONS["hold"](noon + later, 1) for later in (-1, 0, 1, 2)))
    for by in (None, "dia"):
        found = till.ask_all(by, Period(noon, noon + 2))["operacoes"]
        assert found == told(autorizacoes=(2, 2))


def test_sums_beyond_64_bits(till: Till) -> None:
    count = 150
    till.house.happen(*(done("refund", MAX_BALANCE_CENTS, n % 3) for n in range(count)))
    till.house.feed.catch_up(till.house.durable)
    most = told(devolucoes=(count, count * MAX_BALANCE_CENTS))
    assert till.ask_all()["operacoes"] == most
    cut = Period(THREE_DAYS.start_us - 1, THREE_DAYS.end_us - DAY_US + 1)
    assert till.ask_all(period=cut)["operacoes"] == most  # the last day is counted by the rows


def test_csv_has_a_column_for_each(till: Till) -> None:
    till.house.project(*LIFE)
    days = {"de": day_text(FIRST), "ate": day_text(FIRST + 2)}
    text = csv_of({**days, **with_amounts(till.ask_all("dia"), reais)})
    head, *_, total = text.splitlines()
    columns = dict(zip(head.split(","), total.split(","), strict=True))
    assert columns["grupo"] == "(total)"
    assert columns["operacoes_autorizacoes_valor"] == "100.40"
    assert columns["operacoes_capturas_quantidade"] == "2"
    assert columns["operacoes_expiracoes_valor"] == "30.00"
    assert head.startswith("de,ate,grupo,aprovadas_quantidade,aprovadas_valor,recusadas_")


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[tuple[str, int, int]], tuple[str, str], str, Period]:
    """Operations, the zones in which the tables are kept, the zone of the question, its period."""
    around = draw(st.sampled_from(AROUND))
    one = st.tuples(st.sampled_from(list(OPERATIONS)), instants(around), st.integers(1, 10_000))
    zone = st.sampled_from(ZONES)
    kept = (draw(zone), draw(zone))
    ends = sorted((draw(instants(around)), draw(instants(around))))
    asked = draw(st.sampled_from([*kept, draw(zone)]))
    return draw(st.lists(one, max_size=12)), kept, asked, Period(ends[0], ends[1] + 1)


def naive(found: list[tuple[str, int, int]]) -> dict[str, Any]:
    numbers = dict.fromkeys(WORDS.values(), (0, 0))
    for what, _, cents in found:
        count, sum_cents = numbers[WORDS[what]]
        gives = 0 if what == "reversal before" else cents
        numbers[WORDS[what]] = (count + 1, sum_cents + gives)
    return told(**numbers)


def test_any_operations_are_told_as_one_would_count_them(engine: Engine) -> None:
    """Whatever zone the tables are kept in, changed meanwhile, and whatever is asked for."""
    examples = 60 if engine.dialect.name == "sqlite" else 10

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(cases(), st.integers(0, 12))
    def so_it_is(
        case: tuple[list[tuple[str, int, int]], tuple[str, str], str, Period], seen: int
    ) -> None:
        happened, kept, asked, period = case
        till = Till(House(engine))
        for part, zone in zip((happened[:seen], happened[seen:]), kept, strict=True):
            till.house.feed = till.house.new_feed(time_zone=zone)
            till.house.project(*(OPERATIONS[what](at_us, cents) for what, at_us, cents in part))
            till.ask_all("dia", period, asked)
        inside = [one for one in happened if period.start_us <= one[1] < period.end_us]
        assert till.ask_all(None, period, asked)["operacoes"] == naive(inside)
        report = till.ask_all("dia", period, asked)
        assert report["operacoes"] == naive(inside)
        plain = Plain(asked)
        for group in report["grupos"]:
            of_it = [one for one in inside if day_text(plain.day_of(one[1])) == group["grupo"]]
            assert group["operacoes"] == naive(of_it), group["grupo"]
        days = {group["grupo"] for group in report["grupos"]}
        assert {day_text(plain.day_of(one[1])) for one in inside} <= days

    so_it_is()
