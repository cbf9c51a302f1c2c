"""Bringing the tables up with the journal: once each, whoever does it, whatever goes wrong."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, inspect, select, update

from authorizer.followers.reports.tables.database import open_database
from authorizer.followers.reports.tables.progress import OvertakenError
from authorizer.followers.reports.tables.schema import SCHEMA_VERSION, progress
from authorizer.persistence.journal.segments import JournalDamagedError
from tests.followers.reports.house import House
from tests.support.purchase_events import numbered


def ids(house: House) -> list[str]:
    rows = house.ask("statement", account_id="a", limit=200)["rows"]
    return [row["id"] for row in reversed(rows)]


def wanted(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def test_nothing_behind_the_durable_position_is_read(house: House) -> None:
    for number in range(1, 4):
        house.happen(numbered(number))
    house.feed.catch_up(2)
    assert (house.feed.position, ids(house)) == (2, wanted(2))


def test_every_step_is_told(house: House) -> None:
    house.feed = house.new_feed(run_records=2)
    for number in range(1, 6):
        house.happen(numbered(number))
    told: list[int] = []
    house.feed.catch_up(5, told.append)
    assert told == [2, 4, 5]


def test_two_feeds_never_put_the_same_event_in_twice(house: House) -> None:
    one, other = house.feed, house.new_feed()
    house.happen(numbered(1))
    other.catch_up(1)
    one.catch_up(0)
    house.happen(numbered(2))
    with pytest.raises(OvertakenError):
        one.catch_up(2)
    one.catch_up(2)
    assert ids(house) == wanted(2)


def test_one_who_was_overtaken_does_not_think_that_the_journal_is_another(house: House) -> None:
    house.project(numbered(1))
    house.happen(numbered(2))
    house.happen(numbered(3))
    house.new_feed().catch_up(3)
    with pytest.raises(OvertakenError):
        house.feed.catch_up(2)
    house.feed.catch_up(2)
    assert ids(house) == wanted(3)


def test_a_transaction_that_fails_leaves_nothing_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.project(numbered(1))
    before = house.tables()
    house.happen(numbered(2))

    def fail(*_: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patched:
        patched.setattr("authorizer.followers.reports.tables.store.replace", fail)
        with pytest.raises(OSError, match="no room"):
            house.feed.catch_up(2)
    assert house.tables() == before
    house.feed.catch_up(2)
    assert ids(house) == wanted(2)


def test_tables_of_another_journal_are_made_anew(engine: Engine) -> None:
    house, other = House(engine), House(engine)
    other.project(*map(numbered, range(5, 9)))
    house.happen(numbered(1))
    house.new_feed().catch_up(1)
    assert ids(house) == wanted(1)


def test_a_journal_of_the_same_length_with_another_history_is_told_apart(engine: Engine) -> None:
    house, other = House(engine), House(engine)
    other.project(numbered(7), numbered(8))
    house.happen(numbered(1))
    house.happen(numbered(2))
    house.new_feed().catch_up(2)
    assert ids(house) == wanted(2)


def test_tables_of_another_version_are_made_anew(house: House) -> None:
    house.project(numbered(1))
    with house.engine.begin() as connection:
        connection.execute(update(progress).values(schema_version=SCHEMA_VERSION + 1))
    house.new_feed().catch_up(1)
    assert ids(house) == wanted(1)
    assert house.tables()["progress"][0][1] == SCHEMA_VERSION


def test_tables_that_were_made_in_part_are_made_anew(house: House) -> None:
    house.project(numbered(1))
    progress.drop(house.engine)
    house.new_feed().catch_up(1)
    assert ids(house) == wanted(1)


def test_damage_stops_before_it(house: House) -> None:
    house.project(numbered(1))
    house.happen(numbered(2))
    segment = house.disk.names("journal")[-1]
    at = house.disk.size(f"journal/{segment}") - 1
    house.disk.overwrite(f"journal/{segment}", at, b"!")
    with pytest.raises(JournalDamagedError, match="does not match its checksum"):
        house.feed.catch_up(2)
    assert ids(house) == wanted(1)


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", ""])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="reports"):
        open_database(url)


def test_a_new_start_goes_on_where_the_tables_are(house: House) -> None:
    house.project(*map(numbered, range(1, 4)))
    feed = house.new_feed()
    house.happen(numbered(4))
    read: list[str] = []
    real = house.disk.read_part

    def noted(name: str, offset: int, length: int) -> bytes:
        read.append(name)
        return real(name, offset, length)

    house.disk.read_part = noted  # type: ignore[method-assign]
    feed.catch_up(4)
    assert ids(house) == wanted(4)
    newest = sorted(house.disk.names("journal"))[-2:]
    assert {name.rpartition("/")[2] for name in read} <= set(newest)


def test_what_was_left_for_later_is_done_before_the_last_step_is_told(house: House) -> None:
    """Those who wait for the last position need the indexes."""
    house.feed = house.new_feed(run_records=2)
    for number in range(1, 6):
        house.happen(numbered(number))
    with_indexes: list[bool] = []
    house.feed.begin_anew()
    house.feed.catch_up(5, lambda _: with_indexes.append(has_indexes(house)))
    assert with_indexes == [False, False, True]


def test_a_start_makes_the_indexes_that_an_earlier_one_has_not_come_to(house: House) -> None:
    for number in range(1, 4):
        house.happen(numbered(number))
    house.feed = house.new_feed(run_records=1)
    house.feed.begin_anew()

    def stop(position: int) -> None:
        if position == 2:
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        house.feed.catch_up(3, stop)
    assert not has_indexes(house)
    house.new_feed().catch_up(2)
    assert has_indexes(house)


def has_indexes(house: House) -> bool:
    """All indexes of lines are there, or none; with a list they are as the list is."""
    indexes = {
        str(index["name"])
        for table in ("transactions", "movements", "purchases")
        for index in inspect(house.engine).get_indexes(table)
    }
    wanted = {"movements_by_account", "purchases_by_account"}
    if house.engine.dialect.name == "postgresql":
        wanted.add("transactions_by_account")
    assert indexes in (set(), wanted)
    with house.engine.connect() as connection:
        listed = connection.execute(select(progress.c.listed_position)).scalar_one()
    is_listed = bool(indexes) and house.engine.dialect.name == "sqlite"
    assert (listed > 0) == is_listed
    return bool(indexes)


def test_tables_that_were_made_anew_behind_its_back_are_not_moved_on(house: House) -> None:
    """It remembers what is in the tables, and these have it no more."""
    house.project(numbered(1))
    other = house.new_feed()
    other.begin_anew()
    other.catch_up(1)
    house.happen(numbered(2))
    with pytest.raises(OvertakenError):
        house.feed.catch_up(2)
    house.feed.catch_up(2)
    assert ids(house) == wanted(2)
