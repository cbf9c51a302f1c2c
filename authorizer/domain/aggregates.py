"""All aggregates. A new one is its folder and its line here."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.aggregate import Aggregate
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.index import Index
from authorizer.domain.limits.aggregate import LIMITS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.settings.aggregate import SETTINGS
from authorizer.domain.tickets.aggregate import TICKETS

K = TypeVar("K")
V = TypeVar("V")

AGGREGATES: Final[tuple[Aggregate[Any], ...]] = (
    ACCOUNTS,
    CUSTOMERS,
    MERCHANTS,
    TICKETS,
    LIMITS,
    SETTINGS,
)


def table(pairs: Iterable[tuple[K, V]]) -> Mapping[K, V]:
    """A mapping of pairs. ValueError where a key comes twice."""
    found: dict[K, V] = {}
    for key, value in pairs:
        if found.setdefault(key, value) is not value:
            raise ValueError(f"{key!r} is declared twice")
    return found


AGGREGATE_OF_EVENT: Final[Mapping[type[Any], Aggregate[Any]]] = table(
    (kind.event, aggregate) for aggregate in AGGREGATES for kind in aggregate.events
)
AGGREGATE_OF_COMMAND: Final[Mapping[type[Any], Aggregate[Any]]] = table(
    (handler.command, aggregate) for aggregate in AGGREGATES for handler in aggregate.commands
)
INDEXES: Final[tuple[Index, ...]] = tuple(
    index for aggregate in AGGREGATES for index in aggregate.indexes
)
