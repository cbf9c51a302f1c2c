"""Pages of events: whatever is asked, what a reader of everything would pick."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.accounts.events import AccountCredited, AccountOpened, PurchaseApproved
from authorizer.domain.customers.events import CustomerRegistered
from authorizer.domain.merchants.events import MerchantRegistered
from authorizer.domain.messages import Event
from authorizer.followers.events import pages as module
from authorizer.followers.events.follower import EventsFollower, UpToDate
from authorizer.followers.events.pages import Page, Pages, Told, Wanted, told
from authorizer.persistence.journal import journal_files
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import (
    JournalBeginsLateError,
    JournalDamagedError,
    first_position_of,
    segments,
)
from authorizer.persistence.state.history import events_of
from authorizer.persistence.state.record import encode
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support.any_event import unhurried

ANYTHING: Final = Wanted(None, None)
AT_US: Final = 1_764_547_200_000_000

accounts = st.sampled_from(["1", "2", "ana", '"', "é"])


def purchase(account: str = "1", merchant: str = "m") -> Event:
    return PurchaseApproved(AT_US, "l", account, None, 1, "5811", merchant, None, None, "CASH")


MAKE: Final[dict[str, Callable[[str, str], Event]]] = {
    "account_opened": lambda one, _: AccountOpened(AT_US, "l", one, {}, None),
    "transaction_approved": purchase,
    "account_credited": lambda one, two: AccountCredited(AT_US, "l", one, two, "CASH", 5),
    "customer_registered": lambda one, two: CustomerRegistered(AT_US, "l", two, one, True, ()),
    "merchant_registered": lambda one, _: MerchantRegistered(AT_US, "l", one, "5811"),
}
names = st.sampled_from(sorted(MAKE))
batches_of_names = st.lists(
    st.lists(st.tuples(names, accounts, accounts), min_size=1, max_size=5), min_size=1, max_size=12
)


def journal_of(batches: list[list[Event]], segment_bytes: int = 600) -> MemoryDisk:
    disk = MemoryDisk()
    reader = JournalReader(disk)
    assert list(reader) == []
    journal = FileJournal(disk, reader, segment_bytes)
    for batch in batches:
        journal.write(journal.position + 1, [encode(event) for event in batch])
    return disk


def pages_of(disk: MemoryDisk) -> Pages:
    return Pages(JournalFiles(disk), partial(events_of, disk))


def positions(page: Page) -> list[int]:
    return [event.position for event in page.events]


@unhurried
@given(
    batches_of_names,
    st.none() | st.sets(names, min_size=1).map(frozenset),
    st.none() | accounts,
    st.integers(1, 7),
    st.data(),
)
def test_pages_one_after_another_are_what_is_wanted_of_everything(
    batches: list[list[tuple[str, str, str]]],
    types: frozenset[str] | None,
    account: str | None,
    limit: int,
    data: st.DataObject,
) -> None:
    every = [each for batch in batches for each in batch]
    after = reached = data.draw(st.integers(0, len(every)))
    pages = pages_of(
        journal_of([[MAKE[name](one, two) for name, one, two in batch] for batch in batches])
    )
    found: list[Told] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "MAX_PAGE_RECORDS", data.draw(st.integers(1, 10)))
        patched.setattr(module, "MAX_PLACES", data.draw(st.integers(1, 3)))
        patched.setattr(journal_files, "CHUNK_BYTES", 300)
        while reached < len(every):
            page = pages.page(reached, len(every), limit, Wanted(types, account))
            assert len(page.events) <= limit
            assert page.next > reached
            found += page.events
            reached = page.next
    documents = [orjson.loads(event.text) for event in found]
    assert [(event["position"], event["type"]) for event in documents] == [
        (position, name)
        for position, (name, one, _) in enumerate(every, 1)
        if position > after
        and (types is None or name in types)
        and (account is None or (one == account and name != "merchant_registered"))
    ]
    assert [event.position for event in found] == [event["position"] for event in documents]


def test_a_filter_by_type_takes_all_of_the_type() -> None:
    batch = [purchase(), AccountOpened(AT_US, "l", "1", {}, None), purchase()]
    pages = pages_of(journal_of([batch]))
    one = frozenset(["transaction_approved"])
    assert positions(pages.page(0, 3, 9, Wanted(one, None))) == [1, 3]
    assert positions(pages.page(0, 3, 9, Wanted(one | {"account_opened"}, None))) == [1, 2, 3]


def test_an_account_that_is_only_named_in_another_field_is_not_the_one() -> None:
    pages = pages_of(journal_of([[purchase("1", "2"), purchase("2", "1"), purchase("12", "x")]]))
    assert positions(pages.page(0, 3, 9, Wanted(None, "2"))) == [2]


def test_what_is_not_durable_is_not_told() -> None:
    pages = pages_of(journal_of([[purchase()], [purchase()], [purchase()]]))
    assert positions(pages.page(0, 2, 9, ANYTHING)) == [1, 2]
    assert pages.page(2, 2, 9, ANYTHING) == Page((), 2)


def test_a_page_ends_where_it_is_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGE_BYTES", 1)
    pages = pages_of(journal_of([[purchase(), purchase()]]))
    assert positions(pages.page(0, 2, 9, ANYTHING)) == [1]


def test_a_page_ends_where_enough_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGE_RECORDS", 3)
    pages = pages_of(journal_of([[purchase(), purchase()]] * 4))
    assert pages.page(0, 8, 9, Wanted(None, "nobody")) == Page((), 4)


def test_who_goes_on_begins_where_the_page_ended() -> None:
    disk = journal_of([[purchase()]] * 9, segment_bytes=10_000)
    pages = pages_of(disk)
    assert pages.page(0, 9, 4, ANYTHING).next == 4
    (segment,) = segments(disk)
    first = next(iter(JournalReader(disk)))
    disk.overwrite(segment, first.offset, b"!")  # a search would stumble over this header
    assert positions(pages.page(4, 9, 9, ANYTHING)) == [5, 6, 7, 8, 9]
    with pytest.raises(JournalDamagedError):
        pages_of(disk).page(4, 9, 9, ANYTHING)


def test_as_many_places_are_known_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PLACES", 3)
    pages = pages_of(journal_of([[purchase()]] * 9))
    for after in (0, 1, 2, 3, 2, 4):
        pages.page(after, 9, 1, ANYTHING)
    assert list(pages._places) == [4, 3, 5]


def test_what_lies_before_damage_is_a_page() -> None:
    disk = journal_of([[purchase(), purchase()]] * 4, segment_bytes=10_000)
    third = list(JournalReader(disk))[2]
    disk.overwrite(third.segment, third.offset + third.size_bytes - 1, b"!")
    pages = pages_of(disk)
    assert positions(pages.page(0, 8, 9, ANYTHING)) == [1, 2, 3, 4]
    assert pages.page(0, 8, 9, Wanted(None, "nobody")) == Page((), 4)
    with pytest.raises(JournalDamagedError):
        pages.page(4, 8, 9, ANYTHING)
    assert positions(pages_of(disk).page(6, 8, 9, ANYTHING)) == [7, 8]


def test_a_place_that_is_not_there_any_more_is_searched_for() -> None:
    disk = journal_of([[purchase()]] * 9)
    pages = pages_of(disk)
    at = first_position_of(segments(disk)[2]) - 1
    assert pages.page(0, 9, at, ANYTHING).next == at
    for segment in segments(disk)[:2]:
        disk.remove(segment)
    assert positions(pages.page(at, 9, 9, ANYTHING)) == list(range(at + 1, 10))
    with pytest.raises(JournalBeginsLateError):
        pages.page(at - 1, 9, 9, ANYTHING)
    assert pages.oldest() == at + 1


# --- as the server asks for them -----------------------------------------------------------------


def asked(**changed: Any) -> dict[str, Any]:
    return {
        "after": 0,
        "until": 3,
        "limit": 9,
        "types": None,
        "account": None,
        "form": "json",
        **changed,
    }


def test_a_page_is_answered_as_a_json_array() -> None:
    follower = EventsFollower(pages_of(journal_of([[purchase("a"), purchase("b"), purchase("a")]])))
    answer = follower.answer("page", asked())
    assert [each["position"] for each in orjson.loads(answer["text"])] == [1, 2, 3]
    assert answer["next"] == 3
    nothing = follower.answer("page", asked(types=["card_opened"]))
    assert nothing == {"text": "[]", "next": 3, "events": 0}
    assert follower.answer("page", asked(limit=2, account="a"))["next"] == 3


def test_a_page_is_answered_as_server_sent_events() -> None:
    follower = EventsFollower(pages_of(journal_of([[purchase("a"), purchase("é"), purchase("b")]])))
    answer = follower.answer("page", asked(form="stream", account="é"))
    said, last, end = answer["text"].split("\n\n")
    identity, data = said.splitlines()
    assert identity == "id: 2"
    assert orjson.loads(data.removeprefix("data: "))["account"] == "é"
    assert (last, end) == ("id: 3", "")
    whole = follower.answer("page", asked(form="stream"))["text"]
    assert whole.count("id: ") == whole.count("data: ") == 3


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029", "\n", "\x1e"])
def test_an_event_is_one_line_for_whoever_splits_lines(sign: str) -> None:
    event = told(1, purchase("1", f"a{sign}b"))
    assert len(event.text.decode().splitlines()) == 1
    assert orjson.loads(event.text)["data"]["merchant"] == f"a{sign}b"


def test_what_was_moved_away_is_told() -> None:
    disk = journal_of([[purchase()]] * 9)
    disk.remove(segments(disk)[0])
    oldest = first_position_of(segments(disk)[0])
    assert EventsFollower(pages_of(disk)).answer("page", asked(until=9)) == {"oldest": oldest}


def test_a_journal_that_cant_be_read_is_a_trouble_and_all_else_a_bug() -> None:
    follower = EventsFollower(pages_of(journal_of([[purchase()]])))
    trouble = follower.query_trouble(OSError("the disk is gone"))
    assert trouble is not None
    assert trouble.problem == "the disk is gone"
    assert follower.query_trouble(OverflowError()) is None
    assert follower.feed_trouble(RuntimeError()) is None


def test_it_is_up_to_date_without_reading_anything() -> None:
    place = UpToDate()
    assert place.position == 0
    place.catch_up(7)
    assert place.position == 7
