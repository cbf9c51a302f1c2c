"""How events are told: by their declarations, as on the wire, without personal text."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.controls import NO_CONTROLS
from authorizer.domain.accounts.deciders import Decider, LimitName
from authorizer.domain.accounts.events import (
    AccountOpened,
    CardOpened,
    CardUnblocked,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.limits import LimitEntry, LimitScope
from authorizer.domain.accounts.purchase_events import (
    AccountStatusChanged,
    CardControlsPut,
    LimitPut,
    PurchaseRefunded,
    WalletAdjusted,
)
from authorizer.domain.aggregates import AGGREGATES
from authorizer.domain.customers.events import OperationsImported
from authorizer.domain.messages import Event
from authorizer.domain.moments import NEVER_US, WrittenTime
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.events import InteractionRecorded, TicketOpened
from authorizer.followers.events.documents import FORMS, FREE_TEXTS, document
from authorizer.http.api.wire import parse_time
from tests.support.any_event import EVENTS, unhurried

AT_US: Final = 1_764_547_200_123_456
AT: Final = "2025-12-01T00:00:00.123Z"
LATER_US, LATER = AT_US + 3_600_000_000, "2025-12-01T01:00:00.123Z"

PLAIN_TEXTS: Final = {
    *("account_id", "adjustment_id", "block_reason", "brand", "by", "card_id", "client_id"),
    *("credit_id", "customer_id", "deadline", "if_unknown", "level"),
    *("mcc", "mode", "operation_id", "override_mcc", "product", "purchase_id", "reference"),
    *("replaced_by", "replaces", "rule", "source", "status", "ticket_id", "time_zone"),
    *("transaction_id", "wallet", "window"),
    # what a house names its own things
    *("author", "category", "channel", "merchant", "name", "priority", "reason"),
}
"""Fields with texts that are told. `FREE_TEXTS` has those of these names that are not."""


def told(event: Event) -> Any:
    return orjson.loads(orjson.dumps(document(7, event)))


@pytest.mark.parametrize(
    ("event", "document"),
    [
        (
            AccountOpened(AT_US, "local", "123", {"FOOD": 50000, "CASH": 5}, None),
            {
                "type": "account_opened",
                "account": "123",
                "data": {
                    "by": "local",
                    "opening": {"FOOD": 500.00, "CASH": 0.05},
                    "customer_id": None,
                },
            },
        ),
        (
            PurchaseDeclined(
                *(AT_US, "local", "123", "t1", 12_345, "5811", "PADARIA", None, None),
                *("count_limit", Decider("limit", "day", "account"), (LimitName("x", "global"),)),
            ),
            {
                "type": "transaction_declined",
                "account": "123",
                "data": {
                    "by": "local",
                    "transaction_id": "t1",
                    "amount": 123.45,
                    "mcc": "5811",
                    "merchant": "PADARIA",
                    "card_id": None,
                    "override_mcc": None,
                    "reason": "count_limit",
                    "decided_by": {"rule": "limit", "name": "day", "level": "account"},
                    "shadow": [{"name": "x", "level": "global"}],
                    "product": None,
                },
            },
        ),
        (
            CardOpened(
                *(AT_US, "local", "123", "ana"),
                CardTerms(
                    *("c1", "**** 4321", "Visa", "ativo", None, WrittenTime(LATER_US, "x")),
                    *(700_000, 0),
                ),
            ),
            {
                "type": "card_opened",
                "account": "123",
                "data": {
                    "by": "local",
                    "customer_id": "ana",
                    "terms": {
                        "card_id": "c1",
                        "brand": "Visa",
                        "status": "ativo",
                        "block_reason": None,
                        "blocked_at": LATER,
                        "limit_total": 7000.00,
                        "limit_used": 0.00,
                        "replaces": None,
                        "replaced_by": None,
                    },
                },
            },
        ),
        (
            LimitPut(
                *(AT_US, "local", "123", "week", False, "P7D", 604_800_000_000, 100, None),
                *(LimitScope(mccs=("5811",)), "enforce", 0, NEVER_US, 0, 2),
                (LimitEntry("t1", AT_US, 100),),
            ),
            {
                "type": "velocity_limit_put",
                "account": "123",
                "data": {
                    "by": "local",
                    "name": "week",
                    "is_global": False,
                    "window": "P7D",
                    "trailing": "P7D",
                    "max_amount": 1.00,
                    "max_count": None,
                    "scope": {"wallets": [], "mccs": ["5811"], "merchants": [], "cards": []},
                    "mode": "enforce",
                    "starts_at": None,
                    "ends_at": None,
                    "used": 0.00,
                    "used_count": 2,
                },
            },
        ),
        (
            TicketOpened(
                *(AT_US, "local", "20251201000001", "ana", "senha", "alta", "App", None),
                *(900_000_000, 14_400_000_000, Sealed("sealed"), None, LATER_US),
            ),
            {
                "type": "ticket_opened",
                "data": {
                    "by": "local",
                    "ticket_id": "20251201000001",
                    "customer_id": "ana",
                    "category": "senha",
                    "priority": "alta",
                    "channel": "App",
                    "card_id": None,
                    "first_response_target": "PT15M",
                    "resolution_target": "PT4H",
                    "client_id": None,
                    "first_response_due": LATER,
                    "resolution_due": None,
                    "legal_due": None,
                },
            },
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, tuple) else "",
)
def test_an_event_is_told_with_named_members_in_the_units_of_the_wire(
    event: Event, document: dict[str, Any]
) -> None:
    assert told(event) == {"position": 7, "at": AT, **document}


def test_money_is_written_with_two_decimals() -> None:
    purchase = PurchaseApproved(AT_US, "local", "1", None, 100_000, "1", "m", None, None, "CASH")
    assert b'"amount":1000.00,' in orjson.dumps(document(1, purchase))
    beyond = PurchaseDeclined(AT_US, "l", "1", None, 10**27, "1", "m", None, None, "malformed")
    assert b'"amount":10000000000000000000000000.00,' in orjson.dumps(document(1, beyond))


@pytest.mark.parametrize(
    ("event", "secret", "left"),
    [
        (
            CardUnblocked(AT_US, "local", "1", "c1", "App", Sealed("plain:Ana asked")),
            "Ana asked",
            {"by", "card_id", "channel"},
        ),
        (
            WalletAdjusted(AT_US, "local", "1", "a1", "CASH", -100, "Ana was charged twice", 0),
            "charged twice",
            {"by", "adjustment_id", "wallet", "amount", "debt_paid"},
        ),
        (
            AccountStatusChanged(AT_US, "local", "1", "frozen", "Ana's daughter called"),
            "daughter",
            {"by", "status"},
        ),
        (
            InteractionRecorded(
                AT_US, "l", "t", "ana", "atendente", "Rui Dias", "App", True, Sealed("s")
            ),
            "Rui",
            {"by", "ticket_id", "customer_id", "author", "channel", "public", "next_response_due"},
        ),
        (
            OperationsImported(
                AT_US,
                "l",
                "ana",
                (Operation("x", "c1", WrittenTime(1), None, None, "plain:Ana moved"),),
            ),
            "Ana moved",
            {"by", "customer_id", "operations"},
        ),
        (
            PurchaseRefunded(
                *(AT_US, "local", "1", "p", "o", 1, None, "CASH", 0),
                StoredAnswer(1, "00", "fingerprint"),
            ),
            "fingerprint",
            {"by", "purchase_id", "operation_id", "amount", "asked", "source", "debt_paid"},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, tuple) else "",
)
def test_texts_about_persons_and_bookkeeping_are_left_out(
    event: Event, secret: str, left: set[str]
) -> None:
    assert secret in repr(event)
    assert secret not in str(told(event))
    assert told(event)["data"].keys() == left


@pytest.mark.parametrize(
    ("text", "told_at"),
    [
        ("9999-12-31T23:59:59-03:00", "9999-12-31T23:59:59-03:00"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+05:00"),
        ("2025-12-01T00:00:00-03:00", "2025-12-01T03:00:00.000Z"),
    ],
)
def test_a_moment_that_has_no_year_in_utc_is_told_as_it_came(text: str, told_at: str) -> None:
    at = parse_time(text)._replace(text=text)
    event = OperationsImported(AT_US, "l", "ana", (Operation("x", "c1", at, None),))
    assert told(event)["data"]["operations"][0]["at"] == told_at


def test_controls_of_a_card_are_told() -> None:
    controls = NO_CONTROLS._replace(max_amount_cents=10_000, blocked_merchants=("UBER*",))
    told_controls = told(CardControlsPut(AT_US, "l", "1", "c1", controls))["data"]["controls"]
    assert told_controls["max_amount"] == 100.00
    assert told_controls["blocked_merchants"] == ["UBER*"]


@unhurried
@given(st.sampled_from([kind for aggregate in AGGREGATES for kind in aggregate.events]), st.data())
def test_every_event_is_told_and_nothing_that_is_sealed(kind: Any, data: st.DataObject) -> None:
    event = _with_times(data.draw(EVENTS[kind.event]))
    found = told(event)
    assert found["type"] == kind.name
    assert found.get("account") == getattr(event, "account_id", None)
    assert b"TOP SECRET" not in orjson.dumps(document(1, _with_times(_with_secrets(event))))


def test_no_two_fields_are_told_under_one_name() -> None:
    for form in FORMS.values():
        names = [member.name for member in form.members]
        assert len(set(names)) == len(names), form.type


def test_every_field_with_a_text_is_known_to_be_told_or_not() -> None:
    """A new one is either in `PLAIN_TEXTS` here, or in `FREE_TEXTS` there."""
    texts = set()
    for aggregate in AGGREGATES:
        for kind in aggregate.events:
            texts |= set(_texts(kind.event)) - {
                field for name, field in FREE_TEXTS if name == kind.name
            }
    assert texts - PLAIN_TEXTS == set()
    assert PLAIN_TEXTS - texts == set()


def test_every_free_text_is_a_field_of_an_event() -> None:
    texts = {
        (kind.name, field)
        for aggregate in AGGREGATES
        for kind in aggregate.events
        for field in _texts(kind.event)
    }
    assert texts >= FREE_TEXTS


def _texts(kind: Any) -> list[str]:
    """The names of fields with texts, also in what a field consists of."""
    found = []
    for name, hint in get_type_hints(kind).items():
        if get_origin(hint) is Mapping:  # amounts by wallet, settings by name
            continue
        kinds = [each for each in (get_args(hint) or (hint,)) if each not in (NoneType, Ellipsis)]
        if str in kinds and get_origin(hint) is not tuple:  # arrays of texts are ids and codes
            found.append(name)
        for each in kinds:
            is_named = isinstance(each, type) and hasattr(each, "_fields")
            if is_named and each not in (StoredAnswer, LimitEntry, WrittenTime):
                found += _texts(each)
    return found


def _with_secrets(value: Any, hint: Any = None) -> Any:
    """The event with every sealed text in the place of another."""
    if value is not None and Sealed in (hint, *get_args(hint)):
        return "TOP SECRET"
    if isinstance(value, Operation):
        value = value._replace(justification="TOP SECRET")
    if hasattr(value, "_fields"):
        hints = get_type_hints(type(value)).values()
        return type(value)(*map(_with_secrets, value, hints))
    if isinstance(value, tuple):
        return tuple(_with_secrets(each) for each in value)
    return value


def _with_times(value: Any) -> Any:
    """The event with moments and durations that there may be: hypothesis makes any integers."""
    if hasattr(value, "_fields"):
        return type(value)(*map(_with_time, value._fields, value))
    return tuple(map(_with_times, value)) if isinstance(value, tuple) else value


def _with_time(name: str, value: Any) -> Any:
    if name.endswith("_us") and value is not None:
        return AT_US + value % 10**12
    return _with_times(value)
