"""Events as others are told them: named members, as on the wire everywhere, no personal text.

A document is made of an event's declaration: the name and the type of each field say how it is
written. A new event needs nothing here, unless it has a text that people write.
"""

from collections.abc import Callable, Container, Mapping
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin, get_type_hints

import orjson

from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.limits import LimitEntry
from authorizer.domain.aggregates import AGGREGATES
from authorizer.domain.messages import Event
from authorizer.domain.moments import NEVER_US, WrittenTime, duration_text, moment_text
from authorizer.domain.money import format_cents
from authorizer.domain.sealing import Sealed

FREE_TEXTS: Final = frozenset(
    (
        ("wallet_adjusted", "reason"),
        ("account_status_changed", "reason"),
        ("interaction_recorded", "name"),
        ("ticket_taken", "attendant"),
        ("ticket_resolved", "attendant"),
        ("card_opened", "masked_number"),
        ("card_replaced", "masked_number"),
        ("operations_imported", "kind"),
        ("operations_imported", "justification"),
    )
)
"""Fields, by the event's name, that people fill in as they like and whose type is not `Sealed`.

Fields of what such an event consists of are meant too.
"""
_UNTOLD: Final = (Sealed, StoredAnswer, LimitEntry)
"""Types that are not told: personal text, and what only replay needs."""
_BESIDE: Final = ("at_us", "account_id")
"""Fields that stand beside `data`."""
_MOMENTS: Final = ("at_us", "due_us")
"""How the names of fields with moments end; other microseconds are durations."""

Shape = Callable[[Any], Any]
"""What makes of a field's value, which is not None, what is told of it."""


class Member(NamedTuple):
    """A member of a document, and the field that it is made of."""

    name: str
    field: int
    """The field's place in the event."""
    shape: Shape | None
    """None where the value is told as it is."""


class Form(NamedTuple):
    """How the events of one kind are told."""

    type: str
    account: int | None
    """The place of the account's id; None where the event is about none."""
    members: tuple[Member, ...]


def document(position: int, event: Event) -> dict[str, Any]:
    """An event at a position of the journal, as a JSON object that orjson can write.

    `account` is there where the event is about one. `data` has the other fields: money in reais
    with two decimals, moments in RFC 3339, durations in ISO 8601.
    """
    form = FORMS[type(event)]
    told: dict[str, Any] = {
        "position": position,
        "at": moment_text(event.at_us),
        "type": form.type,
    }
    if form.account is not None:
        told["account"] = tuple(event)[form.account]
    told["data"] = _members(form.members, tuple(event))
    return told


def _members(members: tuple[Member, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    told = {}
    for name, field, shape in members:
        value = values[field]
        told[name] = value if shape is None or value is None else shape(value)
    return told


def money(cents: int) -> orjson.Fragment:
    """Centavos as reais with two decimals."""
    return orjson.Fragment(format_cents(cents))


def money_by_wallet(cents: Mapping[str, int]) -> dict[str, orjson.Fragment]:
    """The same of each wallet."""
    return {wallet: money(amount) for wallet, amount in cents.items()}


def moment(at_us: int) -> str | None:
    """RFC 3339. None for 0 and for what never comes: events have these where there is no moment."""
    return moment_text(at_us) if 0 < at_us < NEVER_US else None


def written(at: WrittenTime) -> str:
    """The moment that a document brought, in RFC 3339: in UTC, or as it came where UTC has none."""
    try:
        return moment_text(at.at_us)
    except OverflowError:  # it lies in the year 1 or 9999, and in UTC before or behind that
        return at.text or ""


def _field(name: str, hint: Any, left_out: Container[str]) -> tuple[str, Shape | None] | None:
    """How a field is called and told; None where it is not told."""
    if name in left_out:
        return None
    kind = _without_none(hint)
    element = get_args(kind)[0] if get_origin(kind) is tuple else kind
    if element in _UNTOLD:
        return None
    if name.endswith("_cents"):
        is_by_wallet = get_origin(kind) is Mapping
        return name.removesuffix("_cents"), money_by_wallet if is_by_wallet else money
    if name.endswith("_us"):
        is_moment = name.endswith(_MOMENTS)
        return name.removesuffix("_us"), moment if is_moment else duration_text
    if kind is WrittenTime:
        return name, written
    if isinstance(element, type) and issubclass(element, tuple):
        shape = _nested(element, left_out)
        return name, _each(shape) if element is not kind else shape
    return name, None


def _nested(kind: Any, left_out: Container[str]) -> Shape:
    members = _members_of(kind, left_out)
    return lambda values: _members(members, values)


def _each(shape: Shape) -> Shape:
    return lambda values: [shape(value) for value in values]


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    return hint


def _members_of(kind: Any, left_out: Container[str]) -> tuple[Member, ...]:
    hints = get_type_hints(kind)
    found = []
    for at, name in enumerate(kind._fields):
        told = _field(name, hints[name], left_out)
        if told is not None:
            found.append(Member(told[0], at, told[1]))
    return tuple(found)


def _form(name: str, kind: Any) -> Form:
    texts = {field for event, field in FREE_TEXTS if event == name}
    fields: tuple[str, ...] = kind._fields
    account = fields.index("account_id") if "account_id" in fields else None
    return Form(name, account, _members_of(kind, frozenset((*_BESIDE, *texts))))


FORMS: Final[Mapping[type[Any], Form]] = {
    kind.event: _form(kind.name, kind.event) for each in AGGREGATES for kind in each.events
}
"""By the type of the event."""
