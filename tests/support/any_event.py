"""Hypothesis strategies for events: every kind, with anything in its fields that it may hold.

Derived from the declarations: an event that is new is here as soon as it is declared.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from authorizer.domain.accounts.cards import BLOCK_REASONS, CardStatus
from authorizer.domain.aggregates import AGGREGATES
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Reason
from authorizer.domain.revival import AnyInt
from authorizer.domain.sealing import Sealed

unhurried: Final = settings(suppress_health_check=[HealthCheck.too_slow])
"""How fast this machine is decides nothing."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
"""Any text; lone surrogates are no text."""
times_us = st.integers(-(2**53), 2**62)
signed_cents = st.integers(-(10**17), 10**17)
beyond_64_bits = st.integers(1, 10**28) | st.integers(2**63 - 2, 2**64 + 2)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
"""What a field holds that is kept as JSON gives it."""

_CLOSED_WORDS: Final = {
    "status": st.sampled_from([status.value for status in CardStatus]),
    "block_reason": st.sampled_from(sorted(BLOCK_REASONS)),
    "reason": st.sampled_from([reason.name_on_wire for reason in Reason]),
}
"""Texts that rules read: anything else was never written."""


def _anything(hint: Any, name: str) -> st.SearchStrategy[Any]:
    """What a field of this name may hold, told by its type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint == AnyInt:
        return beyond_64_bits
    if origin in (Union, UnionType):
        (kind,) = (each for each in arguments if each is not NoneType)
        return st.none() | _anything(kind, name)
    if origin is tuple:
        return st.lists(_anything(arguments[0], name), max_size=3).map(tuple)
    if origin is not None:
        return st.dictionaries(texts, _anything(arguments[1], name), max_size=4)
    if hint is Any:
        return json_values
    if hint is int:
        return signed_cents if name.endswith("_cents") else times_us
    if hint in (str, Sealed):
        return _CLOSED_WORDS.get(name, texts)
    return st.booleans() if hint is bool else _any_tuple(hint)


def _any_tuple(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, *(_anything(hint, name) for name, hint in hints.items()))


EVENTS: Final[dict[type, st.SearchStrategy[Any]]] = {
    kind.event: _any_tuple(kind.event) for aggregate in AGGREGATES for kind in aggregate.events
}

any_event: st.SearchStrategy[Event] = st.one_of(list(EVENTS.values()))
