"""Event ⇄ bytes. One record is one JSON array: the event's name, its version, then its fields.

Pure, and the only place that knows how an event looks on disk. A record that was ever written must
stay readable: when an event changes, its version grows and `_UPGRADES` turns the old fields into
the new ones.
"""

from collections.abc import Callable
from typing import Any, Final

import orjson

from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.aggregates import Event
from authorizer.domain.customers.events import (
    CustomerRegistered,
    OperationsImported,
    PersonalDataErased,
    PersonalDataRecorded,
)
from authorizer.domain.customers.person import Person
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.moments import WrittenTime
from authorizer.domain.sealing import unsealed
from authorizer.domain.tickets import events as ticket_events
from authorizer.persistence.privacy.personal import pack

MAX_JSON_INT: Final = 2**63 - 1

_KINDS: Final[dict[str, tuple[type[Event], int]]] = {
    "account_opened": (AccountOpened, 1),
    "account_linked": (AccountLinked, 1),
    "account_credited": (AccountCredited, 1),
    "transaction_approved": (PurchaseApproved, 1),
    "transaction_declined": (PurchaseDeclined, 1),
    "card_opened": (CardOpened, 2),
    "card_blocked": (CardBlocked, 1),
    "card_unblocked": (CardUnblocked, 2),
    "limit_queried": (LimitQueried, 1),
    "card_replaced": (CardReplaced, 1),
    "limit_changed": (LimitChanged, 1),
    "customer_registered": (CustomerRegistered, 1),
    "personal_data_recorded": (PersonalDataRecorded, 2),
    "personal_data_erased": (PersonalDataErased, 1),
    "operations_imported": (OperationsImported, 2),
    "merchant_registered": (MerchantRegistered, 1),
    "merchant_removed": (MerchantRemoved, 1),
    "ticket_opened": (ticket_events.TicketOpened, 2),
    "ticket_taken": (ticket_events.TicketTaken, 1),
    "interaction_recorded": (ticket_events.InteractionRecorded, 1),
    "ticket_put_on_hold": (ticket_events.TicketPaused, 1),
    "ticket_resumed": (ticket_events.TicketResumed, 1),
    "ticket_priority_changed": (ticket_events.TicketPriorityChanged, 1),
    "ticket_resolved": (ticket_events.TicketResolved, 1),
    "ticket_reopened": (ticket_events.TicketReopened, 1),
    "ticket_closed": (ticket_events.TicketClosed, 1),
}
_HEADS: Final = {kind: (name, version) for name, (kind, version) in _KINDS.items()}
EVENT_NAMES: Final = tuple(_KINDS)
"""What records call the events."""


def _with_links(fields: list[Any]) -> list[Any]:
    """Cards came to say which card they replace, and which one replaced them."""
    return [*fields[:-1], [*fields[-1], None, None]]


def _unsealed_unblock(fields: list[Any]) -> list[Any]:
    """Version 1 held personal text as it was; nothing can make it unreadable. The next two too."""
    return [*fields[:-1], unsealed(fields[-1])]


def _unsealed_person(fields: list[Any]) -> list[Any]:
    return [*fields[:3], unsealed(pack(Person(*fields[3:])))]


def _unsealed_operations(fields: list[Any]) -> list[Any]:
    """Operations came to say how a limit changed, too, and which card replaced another."""
    return [*fields[:-1], [_unsealed_operation(Operation(*each)) for each in fields[-1]]]


def _unsealed_operation(operation: Operation) -> list[Any]:
    text = operation.justification
    return list(operation._replace(justification=None if text is None else unsealed(text)))


def _without_client_id(fields: list[Any]) -> list[Any]:
    """Tickets came to have the client's own id."""
    return [*fields, None]


_UPGRADES: Final[dict[tuple[str, int], Callable[[list[Any]], list[Any]]]] = {
    ("card_opened", 1): _with_links,
    ("card_unblocked", 1): _unsealed_unblock,
    ("personal_data_recorded", 1): _unsealed_person,
    ("operations_imported", 1): _unsealed_operations,
    ("ticket_opened", 1): _without_client_id,
}
"""(name, old version) → the fields of the next version from those of the old one."""


class UnknownRecordError(Exception):
    """A record that this version of the program cannot read."""


def encode(event: Event) -> bytes:
    """The record of an event. TypeError for an event that JSON cannot hold, which is a bug."""
    head = _HEADS[type(event)]
    try:
        return orjson.dumps((*head, *event))
    except TypeError:
        return orjson.dumps((*head, *map(_plain, event)))


def decode(record: bytes) -> Event:
    """The event of a record.

    Raises:
        UnknownRecordError: the record's name or version is not known, or its fields don't fit.
    """
    try:
        name, version, *fields = orjson.loads(record)
        kind, newest = _KINDS[name]
        while version < newest:
            fields = _UPGRADES[name, version](fields)
            version += 1
        if version > newest:
            raise UnknownRecordError(f"{name} version {version} is newer than this program")
        event: Event = _REVIVE.get(kind, _revive)(kind, fields)
    except (ValueError, TypeError, KeyError) as error:
        raise UnknownRecordError(f"no record of this program: {record[:80]!r}") from error
    return event


def describe(event: Event) -> dict[str, Any]:
    """An event as a JSON object with named fields, for people to read."""
    return {"event": _HEADS[type(event)][0], **_named(event)}


def _named(value: Any) -> Any:
    fields = getattr(value, "_asdict", None)
    if fields is not None:
        return {name: _named(field) for name, field in fields().items()}
    if isinstance(value, tuple):
        return [_named(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    """What JSON can hold: nested values as arrays, integers beyond 64 bits as text."""
    if isinstance(value, int) and value > MAX_JSON_INT:
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _revive(kind: type[Any], fields: list[Any]) -> Any:
    return kind(*fields)


def _revive_declined(kind: type[Any], fields: list[Any]) -> Any:
    event = kind(*fields)
    return event._replace(amount_cents=int(event.amount_cents))


def _revive_with_terms(kind: type[Any], fields: list[Any]) -> Any:
    return kind(*fields[:-1], revive_terms(fields[-1]))


def _revive_operations(kind: type[Any], fields: list[Any]) -> Any:
    return kind(*fields[:-1], tuple(map(revive_operation, fields[-1])))


def _revive_customer(kind: type[Any], fields: list[Any]) -> Any:
    return kind(*fields[:-1], tuple(fields[-1]))


def revive_terms(fields: list[Any]) -> CardTerms:
    """Card terms from the array that JSON made of them."""
    terms = CardTerms(*fields)
    if terms.blocked_at is None:
        return terms
    return terms._replace(blocked_at=WrittenTime(*terms.blocked_at))


def revive_operation(fields: list[Any]) -> Operation:
    """An operation from the array that JSON made of it."""
    operation = Operation(*fields)
    return operation._replace(at=WrittenTime(*operation.at))


_REVIVE: Final[dict[type[Event], Callable[[type[Any], list[Any]], Any]]] = {
    PurchaseDeclined: _revive_declined,
    CardOpened: _revive_with_terms,
    CardReplaced: _revive_with_terms,
    OperationsImported: _revive_operations,
    CustomerRegistered: _revive_customer,
}
