"""Event ⇄ bytes: nothing is lost on the way, and nothing unknown is guessed at."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.events import CardOpened, PurchaseDeclined
from authorizer.domain.aggregate import EventKind
from authorizer.domain.aggregates import AGGREGATES
from authorizer.domain.customers.events import OperationsImported
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.persistence.state import record
from authorizer.persistence.state.record import (
    UnknownRecordError,
    decode,
    describe,
    encode,
    event_of,
    fields_of,
)
from tests.support.any_event import any_event, unhurried
from tests.support.journal_v1 import BATCHES


@unhurried
@given(any_event)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    """With its very type, down to the types of its fields."""
    again = decode(encode(event))
    assert again == event
    assert shape(again) == shape(event)


def shape(value: Any) -> Any:
    """The types that a value is made of."""
    if isinstance(value, tuple):
        return type(value), [shape(item) for item in value]
    return type(value)


@unhurried
@given(any_event)
def test_a_record_is_one_json_array(event: Event) -> None:
    """Its name, its version, its fields in order: also for readers of other languages."""
    name, version, *fields = json.loads(encode(event))
    kind = record._KINDS[name]
    assert isinstance(event, kind.event)
    assert version == kind.version
    assert fields[:2] == [event.at_us, event.by]
    assert len(fields) == len(list(event))


@unhurried
@given(any_event)
def test_a_record_never_holds_a_zero_byte(event: Event) -> None:
    """So that sectors that never arrived can be told from records."""
    assert b"\0" not in encode(event)


@pytest.mark.parametrize("amount", [1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**28])
def test_an_amount_beyond_64_bits_is_kept_exactly(amount: int) -> None:
    """Somebody asked for it, so the decline says what it was."""
    event = PurchaseDeclined(
        1, "api", "a", "t", amount, "5811", "X", None, None, "insufficient_funds"
    )
    again = decode(encode(event))
    assert isinstance(again, PurchaseDeclined)
    assert again.amount_cents == amount


@pytest.mark.parametrize(
    "unknown",
    [
        b"",
        b"[]",
        b"{}",
        b"17",
        b'"merchant_removed"',
        b'["merchant_removed"]',
        b"not json",
        b"[1,1]",
        b'["no_such_event",1,1,"api"]',
        b'["merchant_removed",2,1,"api","X"]',
        b'["merchant_removed",0,1,"api","X"]',
        b'["merchant_removed",null,1,"api","X"]',
        b'["merchant_removed",1,1,"api"]',
        b'["merchant_removed",1,1,"api","X","more"]',
        b'["merchant_removed",1,1,"api","X"',
        b'["card_opened",1,1,"api","a","c",["too","short"]]',
        b'["card_opened",1,1,"api","a","c",null]',
        b'["operations_imported",1,1,"api","c",[null]]',
        b'["customer_registered",1,1,"api","c","a",true,null]',
        b'["transaction_declined",1,1,"api","a",null,"many","m","n",null,null,"r"]',
        b"\xff\xfe",
    ],
)
def test_a_record_of_no_known_event_is_refused(unknown: bytes) -> None:
    """It names the record, as far as a line goes; nothing is guessed or skipped."""
    with pytest.raises(UnknownRecordError):
        decode(unknown)


def test_a_record_of_a_newer_program_says_so() -> None:
    """The older program cannot know what it means."""
    with pytest.raises(UnknownRecordError, match="merchant_removed version 7 is newer"):
        decode(b'["merchant_removed",7,1,"api","X"]')


# --- an event that has changed -----------------------------------------------------------------


class MerchantRegisteredNow(NamedTuple):
    """The event two versions later: it has a country, and the code is a number."""

    at_us: int
    by: str
    name: str
    country: str
    mcc: int


@dataclass
class Upgrades:
    seen: list[tuple[int, list[Any]]]

    def to_version_2(self, fields: list[Any]) -> list[Any]:
        self.seen.append((1, fields))
        at_us, by, name, mcc = fields
        return [at_us, by, name, "BR", mcc]

    def to_version_3(self, fields: list[Any]) -> list[Any]:
        self.seen.append((2, fields))
        return [*fields[:-1], int(fields[-1])]


@pytest.fixture
def upgrades(monkeypatch: pytest.MonkeyPatch) -> Upgrades:
    """A program whose `merchant_registered` has come to version 3."""
    made = Upgrades([])
    changed: EventKind[Any, Any] = EventKind(
        "merchant_registered",
        MerchantRegisteredNow,
        lambda _, __: None,
        version=3,
        upgrades={1: made.to_version_2, 2: made.to_version_3},
    )
    kinds = tuple(changed if kind.name == changed.name else kind for kind in MERCHANTS.events)
    others = (each for each in AGGREGATES if each is not MERCHANTS)
    found = record.kinds_of([*others, replace(MERCHANTS, events=kinds)])
    heads = {kind.event: (name, kind.version) for name, kind in found.items()}
    monkeypatch.setattr(record, "_KINDS", found)
    monkeypatch.setattr(record, "_HEADS", heads)
    return made


OLD = encode(MerchantRegistered(5, "api", "X", "5811"))
NOW = MerchantRegisteredNow(5, "api", "X", "BR", 5811)


def read(data: bytes) -> object:
    return decode(data)


def test_an_old_record_is_read_as_the_event_that_it_has_become(upgrades: Upgrades) -> None:
    """Version by version."""
    assert read(OLD) == NOW
    assert [version for version, _ in upgrades.seen] == [1, 2]


def test_a_record_takes_only_the_steps_that_it_needs(upgrades: Upgrades) -> None:
    """From the version that it was written in."""
    version_2 = b'["merchant_registered",2,5,"api","X","PT","5811"]'
    assert read(version_2) == NOW._replace(country="PT")
    assert [version for version, _ in upgrades.seen] == [2]


def test_a_record_of_the_newest_version_is_read_as_it_is(upgrades: Upgrades) -> None:
    """And is what is written now."""
    written = encode(NOW)
    assert orjson.loads(written)[:2] == ["merchant_registered", 3]
    assert read(written) == NOW
    assert upgrades.seen == []


def test_other_records_are_not_upgraded(upgrades: Upgrades) -> None:
    """A step belongs to one event."""
    event = MerchantRemoved(5, "api", "X")
    assert decode(encode(event)) == event
    assert upgrades.seen == []


def test_an_old_version_without_a_step_can_not_be_declared() -> None:
    """Rather than be read as if it were new."""
    with pytest.raises(ValueError, match="every version before 3"):
        EventKind("x", MerchantRegisteredNow, lambda _, __: None, version=3, upgrades={1: list})


def test_a_card_of_version_1_is_in_the_place_of_none_and_none_is_in_its() -> None:
    """Cards came to be linked in version 2."""
    card = b'["k","**** 1","Visa","ativo",null,[5,"t"],100,7]'
    event = decode(b'["card_opened",1,5,"api","a","c",' + card + b"]")
    terms = CardTerms("k", "**** 1", "Visa", "ativo", None, WrittenTime(5, "t"), 100, 7)
    assert event == CardOpened(5, "api", "a", "c", terms)
    assert orjson.loads(encode(event))[1] == 2


def test_operations_of_version_1_changed_no_limit_and_replaced_no_card() -> None:
    """Those that do came in version 2."""
    line = b'["bloqueio","k",[5,"t"],"App","roubo",null,-3]'
    event = decode(b'["operations_imported",1,5,"api","c",[' + line + b"," + line + b"]]")
    operation = Operation("bloqueio", "k", WrittenTime(5, "t"), "App", "roubo", None, -3)
    assert event == OperationsImported(5, "api", "c", (operation, operation))


# --- for people --------------------------------------------------------------------------------


def test_a_description_names_the_event_and_all_its_fields() -> None:
    """Also those of what is nested in it."""
    described = describe(first(CardOpened))
    assert described["event"] == "card_opened"
    assert described["terms"]["limit_total_cents"] == 500_000
    operation = describe(first(OperationsImported))["operations"][0]
    assert operation["at"] == {"at_us": 1_751_068_800_000_000, "text": "2025-06-27T21:00:00-03:00"}


def first(kind: type[Event]) -> Event:
    return next(event for batch in BATCHES for event in batch if type(event) is kind)


FIELDS = {kind.event: kind.fields for aggregate in AGGREGATES for kind in aggregate.events}


@unhurried
@given(any_event)
def test_a_description_is_a_plain_json_object(event: Event) -> None:
    """Integers of any size, no tuples with forgotten names."""
    described = describe(event)
    assert json.loads(json.dumps(described)) == described
    assert set(described) == {"event", *FIELDS[type(event)]}


def test_a_time_that_was_not_written_has_no_text() -> None:
    """The two kinds of times are told apart."""
    assert record._named(WrittenTime(1)) == {"at_us": 1, "text": None}


@unhurried
@given(st.lists(any_event, max_size=5))
def test_records_read_in_one_go_are_the_same_events(events: list[Event]) -> None:
    assert [event_of(fields) for fields in fields_of(list(map(encode, events)))] == events


@pytest.mark.parametrize("records", [[b'["x",1'], [b"[1],[2]"], [b"[", b"]"]])
def test_what_is_no_record_is_told_from_many(records: list[bytes]) -> None:
    with pytest.raises(UnknownRecordError, match="no record of this program"):
        fields_of(records)


@pytest.mark.parametrize("fields", [[], ["nothing", 1], [[], 1], ["transaction_approved", 99, 1]])
def test_no_event_is_made_of_unknown_fields(fields: list[Any]) -> None:
    with pytest.raises(UnknownRecordError):
        event_of(fields)
