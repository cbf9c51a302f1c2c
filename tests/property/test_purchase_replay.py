"""The short way of replay for purchases makes the state that `evolve` makes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.accounts import idempotency
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountOpened,
    CardOpened,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.idempotency import IdRetention, StoredAnswer, purchase_fingerprint
from authorizer.domain.accounts.limits import LimitScope
from authorizer.domain.accounts.purchase_events import HoldApproved, LimitPut, PurchaseRefunded
from authorizer.domain.accounts.room import Room
from authorizer.domain.messages import Event
from authorizer.persistence.archive.memory_archive import MemoryArchive
from authorizer.persistence.archive.protocol import Attic
from authorizer.persistence.state import purchase_replay, state
from authorizer.persistence.state.digest import state_digest
from authorizer.persistence.state.purchase_replay import NotReplayedError
from authorizer.persistence.state.record import UnknownRecordError, encode
from authorizer.persistence.state.state import Replay, State
from tests.support.builders import terms

NAMES: Final = ("a", "b", "c")
RETENTION_US: Final = 60
RETENTION: Final = IdRetention(RETENTION_US, RETENTION_US)
PAGE: Final = 4
"""Ids on a page, so that pages are sealed."""
RICH: Final = {"FOOD": 10_000, "CASH": 10_000}
BEGINNING: Final[Sequence[Event]] = [
    *(AccountOpened(1, "t", name, dict(RICH), None) for name in NAMES),
    *(CardOpened(1, "t", name, "c", terms(f"card-{name}")) for name in NAMES),
]

NAME = st.sampled_from(NAMES)
ID = st.sampled_from([None, *(f"t{number}" for number in range(12))])
OVERRIDE = st.sampled_from([None, "5812"])
PRODUCT = st.sampled_from([None, "01"])
REASONS = ("insufficient_funds", "duplicate_mismatch", "reversed_before", "too_late")


@st.composite
def purchase(draw: st.DrawFn) -> Any:
    """The fields of a purchase behind its time: of a wallet, a card's limit, or declined."""
    name, purchase_id = draw(NAME), draw(ID)
    card_id = draw(st.sampled_from([None, f"card-{name}"]))
    request = (draw(st.sampled_from(["5411", "5811"])), "SHOP\x01 x", card_id, draw(OVERRIDE))
    if draw(st.booleans()):
        wallets = ["FOOD", "CASH"] if card_id is None else ["FOOD", None]
        cents, wallet = draw(st.integers(1, 50)), draw(st.sampled_from(wallets))
        said = (cents, *request, wallet, (), draw(PRODUCT))
        return PurchaseApproved, ("t", name, purchase_id, *said)
    cents = draw(st.sampled_from([1, 2**62, 2**70]))
    why = (draw(st.sampled_from(REASONS)), None, (), draw(PRODUCT))
    return PurchaseDeclined, ("t", name, purchase_id, cents, *request, *why)


@st.composite
def other(draw: st.DrawFn) -> Any:
    """The fields of what makes a purchase's account another than before."""
    name, purchase_id = draw(NAME), f"t{draw(st.integers(0, 11))}"
    kind = draw(st.sampled_from(["credit", "credit", "credit", "hold", "limit", "refund"]))
    if kind == "credit":
        return AccountCredited, ("t", name, f"k{draw(st.integers(0, 5))}", "CASH", 5)
    if kind == "limit":
        terms = ("lifetime", None, 10**9, None, LimitScope(), "enforce", 0, 10**15, 0, 0, ())
        return LimitPut, ("t", name, "limit", False, *terms)
    if kind == "hold":
        more = (7, 7, "5411", "S", None, None, "FOOD", 10**6, False, None, None)
        return HoldApproved, ("t", name, f"hold-{draw(st.integers(0, 9))}", *more)
    return PurchaseRefunded, ("t", name, purchase_id, "r", 1, 1)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """What happens to three accounts; purchases mostly."""
    steps = draw(st.lists(st.one_of(*([purchase()] * 6), other()), min_size=1, max_size=60))
    at_us, events = 1, list(BEGINNING)
    paid: dict[tuple[str, str], StoredAnswer | None] = {}
    for kind, fields in steps:
        at_us += draw(st.sampled_from([0, 1, 5, 40]))
        key = fields[1:3]
        if kind is PurchaseRefunded:  # of what was paid, and once
            answered = paid.get(key)
            if answered is not None:
                paid[key] = None
                more = (answered.source, 0, answered)
                events.append(PurchaseRefunded._make((at_us, *fields, *more)))
        elif key not in paid or paid[key] is not None:
            events.append(kind(at_us, *fields))
            if kind is PurchaseApproved:
                paid[key] = answer_to(events[-1])
            elif kind is PurchaseDeclined:
                paid.pop(key, None)
    return events


def answer_to(event: Any) -> StoredAnswer:
    request = (event.amount_cents, event.card_id, event.mcc, event.merchant, event.product)
    said = purchase_fingerprint(*request)
    source = event.wallet or CREDIT_LIMIT
    return StoredAnswer(event.at_us, "approved", said, source, event.override_mcc)


def attic(most: int | None) -> Attic | None:
    return None if most is None else Attic(MemoryArchive(lambda: "one"), Room(most, 3600))


def digest(made: State, place: Attic | None) -> bytes:
    since_us = made.at_us - RETENTION_US
    return state_digest(made, since_us, place.archive if place else None)


def pages(made: State) -> list[Any]:
    """The ids that are in memory, page by page, in their order."""
    keys = [made[ACCOUNTS].load(name).purchase_keys for name in NAMES]
    return [[list(page.items()) for page in (*ids.sealed_pages, ids.open_page)] for ids in keys]


def evolved(events: Sequence[Event], newest_us: int, place: Attic | None = None) -> State:
    """What the long way makes."""
    replay = Replay(State(), RETENTION, newest_us, place)
    for position, event in enumerate(events, 1):
        replay.apply(event, position)
    replay.finish()
    return replay.state


def cut(events: Sequence[Any], at: Sequence[int]) -> list[tuple[int, Sequence[Any]]]:
    """Batches with the positions of their first records."""
    ends = sorted({0, len(events), *(each % (len(events) + 1) for each in at)})
    return [(first + 1, events[first:end]) for first, end in pairwise(ends)]


@settings(max_examples=150)
@given(
    histories(),
    st.lists(st.integers(0, 60), max_size=6),
    st.sampled_from([None, 4, 8]),
    st.sampled_from([1, 5, 1000]),
    st.sampled_from([1, 2, 100]),
    st.booleans(),
)
def test_both_ways_make_the_same_state(
    events: list[Event],
    cuts: list[int],
    most: int | None,
    gathered: int,
    unpacked: int,
    knows_the_newest: bool,
) -> None:
    """Whatever the batches are, how much is gathered, and how much leaves memory on the way."""
    newest_us = events[-1].at_us if knows_the_newest else 0
    with (
        patch.object(idempotency, "PAGE_ENTRIES", PAGE),
        patch.object(purchase_replay, "PAGE_ENTRIES", PAGE),
        patch.object(purchase_replay, "MAX_GATHERED", gathered),
        patch.object(state, "_MAX_UNPACKED", unpacked),
    ):
        place = attic(most)
        expected = evolved(events, newest_us, place)
        kept = pages(expected)
        expected_digest = digest(expected, place)
        place = attic(most)
        replay = Replay(State(), RETENTION, newest_us, place)
        for first, batch in cut(list(map(encode, events)), cuts):
            replay.apply_records(batch, first)
        replay.finish()
        assert digest(replay.state, place) == expected_digest
        assert pages(replay.state) == kept
        assert replay.state.at_us == events[-1].at_us


@settings(max_examples=60)
@given(histories(), st.integers(0, 60), st.integers(0, 60))
def test_what_a_state_has_already_is_passed_over(
    events: list[Event], begun: int, known: int
) -> None:
    """As where a snapshot took some accounts later than others: known up to a position."""
    begun, known = sorted((begun % (len(events) + 1), known % (len(events) + 1)))
    newest_us = events[-1].at_us
    fuzzy = Replay(State(), RETENTION, newest_us)
    for position, event in enumerate(events[:known], 1):
        if position <= begun or getattr(event, "account_id", "") == "a":
            fuzzy.apply(event, position)
    fuzzy.finish()
    replay = Replay(fuzzy.state, RETENTION, newest_us, None, known)
    records = list(map(encode, events))
    replay.apply_records(records[begun:known], begun + 1)
    replay.apply_records(records[known:], known + 1)
    replay.finish()
    assert digest(replay.state, None) == digest(evolved(events, newest_us), None)


# --- which way is taken --------------------------------------------------------------------------


def bought(name: str = "a", wallet: str = "FOOD", purchase_id: str = "t") -> PurchaseApproved:
    return PurchaseApproved(9, "t", name, purchase_id, 1, "5411", "S", None, None, wallet)


def declined(reason: str = "too_late") -> PurchaseDeclined:
    return PurchaseDeclined(9, "t", "a", "d", 1, "5411", "S", None, None, reason)


def long_ways(*events: Event) -> list[Any]:
    """The records that took the long way, behind the beginning."""
    replay = Replay(State(), RETENTION)
    for position, event in enumerate(BEGINNING, 1):
        replay.apply(event, position)
    taken: list[Any] = []
    with patch.object(replay, "_apply_values", lambda values, _: taken.append(values[0])):
        replay.apply_records(list(map(encode, events)), len(BEGINNING) + 1)
    return taken


def test_purchases_of_the_newest_version_take_the_short_way() -> None:
    """Else nobody would notice that it is not taken any more."""
    assert long_ways(bought(), declined()) == []


def test_others_do_not() -> None:
    assert long_ways(declined("reversed_before")) == ["transaction_declined"]
    assert long_ways(bought("nobody")) == ["transaction_approved"]
    assert long_ways(AccountCredited(1, "t", "a", "k", "CASH", 5)) == ["account_credited"]


def test_old_ids_are_not_even_gathered() -> None:
    """A journal of years has many times what memory holds."""
    replay = Replay(State(), RETENTION, newest_us=1000)
    replay.apply_records([encode(event) for event in (*BEGINNING, bought(purchase_id="old"))], 1)
    assert "old" not in repr(replay._purchases._gathered)
    assert "a" in replay._purchases._gathered


def test_pages_are_sealed_where_they_are_full() -> None:
    """Whether their ids come at once or one by one."""
    events = [*BEGINNING, *(bought(purchase_id=str(n)) for n in range(2 * PAGE + 1))]
    with (
        patch.object(idempotency, "PAGE_ENTRIES", PAGE),
        patch.object(purchase_replay, "PAGE_ENTRIES", PAGE),
    ):
        replay = Replay(State(), RETENTION)
        replay.apply_records(list(map(encode, events)), 1)
        replay.finish()
        assert [len(page) for page in pages(replay.state)[0]] == [PAGE, PAGE, 1]


def test_who_makes_room_within_a_batch_forgets_what_is_too_old_by_then() -> None:
    """The short way knows the time as the long way does, also of the purchase that it is at."""
    old = bought("a", purchase_id="old")._replace(at_us=2)
    late_us = 2 + RETENTION_US + 1
    for last in (bought()._replace, declined()._replace):
        events = [*BEGINNING, old, last(account_id="b", at_us=late_us)]
        with patch.object(state, "_MAX_UNPACKED", 1):
            replay = Replay(State(), RETENTION)
            replay.apply_records(list(map(encode, events)), 1)
            replay.finish()
            assert pages(replay.state)[0] == [[]] == pages(evolved(events, 0))[0]


def test_a_hot_account_lets_its_purchases_go_on_the_way() -> None:
    """What it had in years need not be in memory at once."""
    events = [*BEGINNING, *(bought(purchase_id=str(n)) for n in range(10 * PAGE))]
    with (
        patch.object(idempotency, "PAGE_ENTRIES", PAGE),
        patch.object(purchase_replay, "PAGE_ENTRIES", PAGE),
        patch.object(purchase_replay, "MAX_GATHERED", 1),
    ):
        replay = Replay(State(), RETENTION, 0, attic(PAGE))
        replay.apply_records(list(map(encode, events)), 1)
        assert len(replay._unpacked[ACCOUNTS]["a"].purchase_keys) <= 2 * PAGE


# --- what can't be replayed ----------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [bought(wallet="NONE"), bought("nobody")])
def test_one_that_does_not_fit_is_told_with_its_position(wrong: Event) -> None:
    replay = Replay(State(), RETENTION)
    records = [encode(event) for event in (*BEGINNING, bought(), wrong, bought())]
    with pytest.raises(NotReplayedError) as refused:
        replay.apply_records(records, 1)
    assert refused.value.position == len(BEGINNING) + 2


@pytest.mark.parametrize("record", [b"5", b"[1", b'"a"', b"{}", b"[1],[2]", b"[]", b'["a",1]'])
def test_a_record_that_is_none_is_told(record: bytes) -> None:
    """Also where two of them would be as many together."""
    replay = Replay(State(), RETENTION)
    with pytest.raises(UnknownRecordError, match="no record of this program"):
        replay.apply_records([encode(BEGINNING[0]), record, encode(BEGINNING[1])], 1)


def test_a_purchase_of_a_newer_version_is_refused() -> None:
    record = encode(bought()).replace(b'approved",3,', b'approved",4,')
    replay = Replay(State(), RETENTION)
    with pytest.raises(UnknownRecordError, match="newer than this program"):
        replay.apply_records([*map(encode, BEGINNING), record], 1)
