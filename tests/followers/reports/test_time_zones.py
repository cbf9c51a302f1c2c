"""The days by which purchases are added up follow the setting, and the time zone database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, update

from authorizer.domain.moments import DAY_US
from authorizer.followers.reports.tables import transaction_days
from authorizer.followers.reports.tables.progress import OvertakenError
from authorizer.followers.reports.tables.schema import local_days
from tests.followers.reports.house import House
from tests.followers.reports.test_transaction_report import FIVE_PURCHASES
from tests.followers.reports.zones import SAO_PAULO
from tests.support.purchase_events import FIRST, OPERATIONS, approved, done

EVENING_US = (FIRST + 1) * DAY_US + 1
"""Just past midnight in Greenwich."""


def kept(house: House) -> list[tuple[int, int]]:
    """Days and how many purchases they have."""
    rows = house.tables()["transaction_days"]
    return sorted((day, count) for day, name, _, _, count, *_ in rows if name == "total")


def kept_operations(house: House) -> list[tuple[int, str, int]]:
    """Days and types, and how many operations they have."""
    rows = house.tables()["movement_days"]
    return sorted((day, type_, count) for day, type_, _, count, *_ in rows)


def as_if_always(house: House, time_zone: str) -> bool:
    """Whether the tables are what they were if they had been made with this zone."""
    made = house.tables()
    house.new_feed(time_zone=time_zone).begin_anew()
    house.feed = house.new_feed(time_zone=time_zone)
    house.feed.catch_up(house.durable)
    return made == house.tables()


@pytest.mark.parametrize("at_once", [1, 2, 10_000])
def test_another_zone_has_the_sums_made_anew(
    house: House, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(transaction_days, "READ_AT_ONCE", at_once)
    house.project(*FIVE_PURCHASES, approved(1)._replace(at_us=EVENING_US))
    utc = kept(house)
    house.new_feed(time_zone=SAO_PAULO).catch_up(house.durable)
    assert kept(house) != utc
    assert as_if_always(house, SAO_PAULO)


@pytest.mark.parametrize("at_once", [1, 3, 10_000])
def test_another_zone_has_the_sums_of_operations_made_anew(
    house: House, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(transaction_days, "READ_AT_ONCE", at_once)
    house.project(*(done(what, 10, 1) for what in OPERATIONS), done("refund", 7, 0.5))
    utc = kept_operations(house)
    house.new_feed(time_zone=SAO_PAULO).catch_up(house.durable)
    assert {day for day, *_ in utc} == {FIRST, FIRST + 1}
    assert {day for day, *_ in kept_operations(house)} == {FIRST}
    assert as_if_always(house, SAO_PAULO)


def test_the_same_zone_leaves_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.project(*FIVE_PURCHASES)
    monkeypatch.setattr("authorizer.followers.reports.tables.projector.add_up_anew", None)
    house.happen(approved(1))
    house.new_feed().catch_up(house.durable)
    assert sum(count for _, count in kept(house)) == 6


def test_who_keeps_the_days_adds_to_them(house: House) -> None:
    house.project(*FIVE_PURCHASES)
    house.happen(approved(1)._replace(at_us=EVENING_US))
    house.new_feed(time_zone=SAO_PAULO, keep_days=True).catch_up(house.durable)
    assert as_if_always(house, "UTC")


def test_a_zone_whose_rules_have_changed_has_the_sums_made_anew(
    house: House, engine: Engine
) -> None:
    """A newer time zone database may know of daylight saving what the one before did not."""
    house.project(*FIVE_PURCHASES)
    with engine.begin() as connection:
        connection.execute(
            update(local_days).where(local_days.c.day == FIRST).values(end_us=EVENING_US)
        )
    house.new_feed(keep_days=True).catch_up(house.durable)
    assert as_if_always(house, "UTC")


def test_two_who_disagree_never_mix_their_days(house: House) -> None:
    house.project(*FIVE_PURCHASES)
    house.happen(approved(1)._replace(at_us=EVENING_US))
    house.new_feed(time_zone=SAO_PAULO).catch_up(house.durable - 1)
    with pytest.raises(OvertakenError):
        house.feed.catch_up(house.durable)
    house.feed.catch_up(house.durable)
    assert as_if_always(house, "UTC")


def test_a_failure_on_the_way_leaves_the_sums_as_they_were(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.project(*FIVE_PURCHASES)
    before = house.tables()

    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(transaction_days, "add_sums", fail)
    with pytest.raises(OSError, match="no room"):
        house.new_feed(time_zone=SAO_PAULO).catch_up(house.durable)
    assert house.tables() == before
