"""Look-ups that are kept from events: one entry a key, and the first one stays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Entry = tuple[str, str] | None
"""A key and its value; None for an event that adds none."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A mapping of text to text that says which events add to it, live and on replay."""

    name: str
    snapshot_kind: int
    """What snapshots call its entries."""
    entries: Mapping[type[Any], Callable[[Any], Entry]]
    """The entry that an event adds, by the event's type."""
    is_counted: bool = False
    """Whether `verify` tells how many entries it has."""
