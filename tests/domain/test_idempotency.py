"""Idempotency keys: pages in the order of time, and nothing forgotten before its time."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.idempotency import IdempotencyKeys, StoredAnswer

PAGE = 3


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", PAGE)


def filled(*keys: str) -> IdempotencyKeys:
    """Ids that were answered one microsecond after the other, from 1 on."""
    ids = IdempotencyKeys()
    for at_us, key in enumerate(keys, 1):
        ids.add(key, at_us, "approved", f"fields of {key}")
    return ids


def test_an_unknown_id_has_no_answer() -> None:
    assert IdempotencyKeys().get("a", 0) is None
    assert filled("a").get("b", 0) is None


def test_an_answer_is_remembered_with_its_time_and_all_that_the_request_said() -> None:
    ids = IdempotencyKeys()
    ids.add("a", 5, "insufficient_funds", "100\0card\x005811\0MERCHANT\N{SNOWMAN} X")
    assert ids.get("a", 0) == StoredAnswer(
        5, "insufficient_funds", "100\0card\x005811\0MERCHANT\N{SNOWMAN} X"
    )


def test_an_approval_is_remembered_with_what_paid_and_the_override() -> None:
    ids = IdempotencyKeys()
    ids.add("a", 5, remembered.approval("MEAL", "5812"), "fields")
    ids.add("b", 6, remembered.approval("CASH", None), "fields")
    assert ids.get("a", 0) == StoredAnswer(5, "approved", "fields", "MEAL", "5812")
    assert ids.get("b", 0) == StoredAnswer(6, "approved", "fields", "CASH")


def test_an_answer_expires_by_its_time() -> None:
    ids = filled("a", "b")
    assert ids.get("b", since_us=2) is not None
    assert ids.get("b", since_us=3) is None
    assert ids.get("a", since_us=2) is None


def test_an_id_that_is_used_again_has_its_newest_answer() -> None:
    ids = filled("a", "b")
    ids.add("a", 10, "too_late", "other fields")
    assert ids.get("a", 10) == StoredAnswer(10, "too_late", "other fields")
    assert ids.get("a", 11) is None


def times(page: dict[str, str]) -> list[int]:
    """When the ids of a page were answered."""
    return [int(entry.split("\0")[0]) for entry in page.values()]


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.usefixtures("_small_pages")
def test_what_is_older_is_forgotten_in_pages_that_are_not_full_too(count: int) -> None:
    """One by one in the open page, whole pages of the sealed ones, and nothing that is young."""
    keys = [f"k{number}" for number in range(1, count + 1)]
    for since_us in range(count + 3):
        ids = filled(*keys)
        before = len(ids)
        gone = ids.forget_all_before(since_us)
        assert gone == before - len(ids)
        for at_us, key in enumerate(keys, 1):
            assert (ids.get(key, 0) is not None) or at_us < since_us
        assert all(at_us >= since_us for at_us in times(ids.open_page))
        assert all(max(times(page)) >= since_us for page in ids.sealed_pages)
        assert list(ids.open_page) == [key for key in keys if key in ids.open_page]
        ids.add("new", count + 3, "approved", "")
        assert ids.get("new", 0) is not None
        assert ids.forget_all_before(since_us) == 0


def test_an_id_that_is_young_again_stays() -> None:
    """Its place in the order is that of its newest answer."""
    ids = filled("a", "b", "c")
    ids.add("a", 10, "approved", "")
    assert ids.forget_all_before(4) == 2
    assert list(ids.open_page) == ["a"]


@pytest.mark.usefixtures("_small_pages")
def test_a_full_page_is_sealed_and_never_changes_again() -> None:
    ids = filled("a", "b", "c")
    assert not ids.sealed_pages
    ids.add("d", 4, "approved", "")
    [sealed] = ids.sealed_pages
    before = dict(sealed)
    assert list(sealed) == ["a", "b", "c"]
    assert list(ids.open_page) == ["d"]
    ids.add("b", 5, "too_late", "")
    assert list(ids.sealed_pages) == [before]
    assert ids.get("b", 0) == StoredAnswer(5, "too_late", "")
    assert ids.get("a", 0) is not None


@pytest.mark.usefixtures("_small_pages")
def test_an_id_that_is_used_again_takes_no_room_in_its_own_page() -> None:
    ids = filled("a", "b", "c")
    ids.add("a", 9, "approved", "")
    assert (len(ids), ids.sealed_pages) == (3, ())


@pytest.mark.usefixtures("_small_pages")
def test_of_an_id_in_two_sealed_pages_the_newer_answer_counts() -> None:
    ids = filled("a", "b", "c", "x", "a", "y", "z")
    assert [list(page) for page in ids.sealed_pages] == [["a", "b", "c"], ["x", "a", "y"]]
    found = ids.get("a", 0)
    assert found is not None
    assert found.at_us == 5


@pytest.mark.usefixtures("_small_pages")
def test_sealed_pages_that_are_wholly_old_are_forgotten_and_no_others() -> None:
    ids = filled("a", "b", "c", "d", "e", "f", "g")
    ids.forget_before(3)
    assert len(ids.sealed_pages) == 2
    ids.forget_before(4)
    assert [list(page) for page in ids.sealed_pages] == [["d", "e", "f"]]
    ids.forget_before(100)
    assert not ids.sealed_pages


@pytest.mark.usefixtures("_small_pages")
def test_an_id_that_is_used_again_after_a_long_time_in_a_full_page_is_not_forgotten() -> None:
    ids = filled("a", "b", "c")
    ids.add("a", 1000, "approved", "again")
    ids.add("d", 1001, "approved", "")
    ids.forget_before(900)
    assert ids.get("a", 900) == StoredAnswer(1000, "approved", "again")


@pytest.mark.usefixtures("_small_pages")
def test_how_many_are_held_counts_all_pages() -> None:
    assert [len(filled(*"abcdefg"[:count])) for count in range(8)] == list(range(8))


@pytest.mark.usefixtures("_small_pages")
def test_pages_that_are_wholly_old_leave_room() -> None:
    ids = filled("a", "b", "c", "d")
    assert ids.has_room(5, since_us=0)
    assert not ids.has_room(4, since_us=3)
    assert ids.has_room(4, since_us=4)
    assert not ids.has_room(1, since_us=5)


KEYS = st.sampled_from("abcdefgh")
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "add", "add", "forget"]), KEYS, st.integers(0, 6)),
    max_size=40,
)


@settings(max_examples=200)
@given(STEPS)
def test_pages_answer_as_one_plain_table_would(steps: list[tuple[str, str, int]]) -> None:
    retention_us = 10
    ids, table, now_us = IdempotencyKeys(), dict[str, StoredAnswer](), 0
    with patch.object(remembered, "PAGE_ENTRIES", PAGE):
        for action, key, passed_us in steps:
            now_us += passed_us
            since_us = now_us - retention_us
            if action == "forget":
                ids.forget_before(since_us)
            else:
                ids.add(key, now_us, "approved", f"{now_us}")
                table[key] = StoredAnswer(now_us, "approved", f"{now_us}")
            live = {key: found for key, found in table.items() if found.at_us >= since_us}
            assert {key: ids.get(key, since_us) for key in "abcdefgh"} == {
                key: live.get(key) for key in "abcdefgh"
            }
            assert len(live) <= len(ids)
            for limit in range(len(ids) + 2):
                room = ids.has_room(limit, since_us)
                assert len(live) < limit if room else limit <= len(ids)
