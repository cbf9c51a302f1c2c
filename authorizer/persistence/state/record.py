"""Event ⇄ bytes. One record is one JSON array: the event's name, its version, then its fields.

The only place that knows how an event looks on disk; which events there are, and under which names
and versions, the aggregates declare. A record that was ever written stays readable: when an event
changes, its version grows and an upgrade turns the old fields into the new ones.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from authorizer.domain.aggregate import Aggregate, Upgrade
from authorizer.domain.aggregates import AGGREGATES, table
from authorizer.domain.messages import Event
from authorizer.domain.revival import reviver
from authorizer.domain.sealing import PlainTexts, unsealed
from authorizer.persistence.privacy.personal import join_texts

MAX_JSON_INT: Final = 2**63 - 1

Fields = list[Any]
"""A record as JSON has it: its event's name, the version, the fields."""


class Kind(NamedTuple):
    """What is known of the records of one name."""

    event: type[Any]
    version: int
    """The newest, which is written."""
    upgrades: Mapping[int, Upgrade]
    revive: Callable[[list[Any]], Any]
    """The event from the fields of the newest version."""


def kinds_of(aggregates: Iterable[Aggregate[Any]]) -> Mapping[str, Kind]:
    """The records that the events of aggregates have, by name."""
    return table(
        (kind.name, Kind(kind.event, kind.version, kind.upgrades, reviver(kind.event)))
        for aggregate in aggregates
        for kind in aggregate.events
    )


_KINDS: Final = kinds_of(AGGREGATES)
_HEADS: Final = {kind.event: (name, kind.version) for name, kind in _KINDS.items()}
EVENT_NAMES: Final = tuple(_KINDS)
"""What records call the events."""


class UnknownRecordError(Exception):
    """A record that this version of the program cannot read."""


def encode(event: Event) -> bytes:
    """The record of an event. TypeError for an event that JSON cannot hold, which is a bug."""
    head = _HEADS[type(event)]
    try:
        return orjson.dumps((*head, *event))
    except TypeError:
        return orjson.dumps((*head, *map(_plain, event)))


def encode_fields(fields: tuple[object, ...]) -> bytes:
    """The record of an event that was not made, only its fields, behind its `head_of`.

    Its integers must fit 64 bits, and all else JSON.
    """
    return orjson.dumps(fields)


def decode(record: bytes) -> Event:
    """The event of a record.

    Raises:
        UnknownRecordError: the record's name or version is not known, or its fields don't fit.
    """
    try:
        return _event(orjson.loads(record))
    except (ValueError, TypeError, LookupError) as error:
        raise UnknownRecordError(f"no record of this program: {record[:80]!r}") from error


def fields_of(records: Sequence[bytes]) -> list[Fields]:
    """The fields of many records, read in one go. `event_of` makes the events of them.

    Raises:
        UnknownRecordError: they are no records.
    """
    try:
        found: list[Fields] = orjson.loads(b"[%b]" % b",".join(records))
    except ValueError as error:
        raise UnknownRecordError(f"no record of this program: {error}") from error
    if len(found) != len(records) or not set(map(type, found)) <= {list}:
        raise UnknownRecordError("no record of this program: they are not one array each")
    return found


def event_of(fields: Fields) -> Event:
    """The event of a record's fields, which belong to the event from now on.

    Raises:
        UnknownRecordError: as for `decode`.
    """
    head = fields[:2]
    try:
        return _event(fields)
    except (ValueError, TypeError, LookupError) as error:
        raise UnknownRecordError(f"no record of this program: {head!r}") from error


def head_of(event: type[Any]) -> tuple[str, int]:
    """The name and the version in the newest records of an event."""
    return _HEADS[event]


def _event(record: Fields) -> Event:
    name, version, *fields = record
    kind = _KINDS[name]
    while version < kind.version:
        fields = [_joined(field) for field in kind.upgrades[version](fields)]
        version += 1
    if version > kind.version:
        raise UnknownRecordError(f"{name} version {version} is newer than this program")
    event: Event = kind.revive(fields)
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


def _joined(field: Any) -> Any:
    return unsealed(join_texts(field)) if isinstance(field, PlainTexts) else field


def records_of(event_names: Iterable[str], text: str | None = None) -> Callable[[bytes], bool]:
    """What tells by a record's bytes whether it is an event of these names, or may hold a text.

    So that records which nobody looks for need not be read. It relies on this module's way of
    writing: names come first, and a text is spelled in one way.
    """
    heads = tuple(f'["{name}",'.encode() for name in event_names)
    if text is None:
        return lambda record: record.startswith(heads)
    spelled = orjson.dumps(text)
    return lambda record: spelled in record or record.startswith(heads)
