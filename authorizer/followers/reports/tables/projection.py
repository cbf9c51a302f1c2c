"""Event → rows. Pure: rows of earlier events are passed in, and no I/O is done."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.card_history import OPERATIONS
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.purchase_events import AccountStatusChanged
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD
from authorizer.domain.customers.events import OperationsImported
from authorizer.domain.messages import Event
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.events import TicketOpened
from authorizer.followers.reports.tables import card_rows, ticket_rows
from authorizer.followers.reports.tables.purchase_life import OF_A_LIFE
from authorizer.followers.reports.tables.rows import Rows


def _approved(rows: Rows, event: PurchaseApproved, position: int) -> None:
    rows.purchases.approved(event, position)


def _declined(rows: Rows, event: PurchaseDeclined, position: int) -> None:
    rows.purchases.declined(event, position)
    rows.lives.declined(event, position)


def _of_a_life(rows: Rows, event: Any, position: int) -> None:
    rows.lives.add(event, position)


def _account_changed(rows: Rows, event: AccountStatusChanged, position: int) -> None:
    rows.account_changes.append({**event._asdict(), "position": position})


_TICKET_EVENTS: Final = tuple(kind.event for kind in TICKETS.events)

PROJECTED: Final[Mapping[type[Any], Callable[[Rows, Any, int], None]]] = {
    PurchaseApproved: _approved,
    PurchaseDeclined: _declined,
    **dict.fromkeys(OF_A_LIFE, _of_a_life),
    **dict.fromkeys(OPERATIONS, card_rows.operation),
    OperationsImported: card_rows.imported,
    AccountStatusChanged: _account_changed,
    **dict.fromkeys(_TICKET_EVENTS, ticket_rows.ticket),
}
"""The rows of each event, by its type; those of `ACCOUNT_OF_CARD` bring a card as well. A test
lists the events that are not projected."""

_NAME_A_CARD: Final = frozenset(kind for kind in OPERATIONS if "customer_id" not in kind._fields)
_CHANGE_A_TICKET: Final = frozenset(_TICKET_EVENTS) - {TicketOpened}


class Lookups(NamedTuple):
    """The cards and tickets of earlier events on which the rows of some events rest."""

    card_ids: set[str]
    ticket_ids: set[str]


def lookups(events: Iterable[Event]) -> Lookups:
    """The lookups in the tables on which the rows of these events rest."""
    found = Lookups(set(), set())
    event: Any
    for event in events:
        if type(event) in _NAME_A_CARD:
            found.card_ids.add(event.card_id)
        elif type(event) in _CHANGE_A_TICKET:
            found.ticket_ids.add(event.ticket_id)
    return found


def project(rows: Rows, event: Event, position: int) -> None:
    """Add the rows of an event at a position.

    Raises:
        LookupError: a ticket's event without the ticket: not the journal's order.
    """
    if type(event) in ACCOUNT_OF_CARD.entries:
        card_rows.owner(rows, event)
    rows_of = PROJECTED.get(type(event))
    if rows_of is not None:
        rows_of(rows, event, position)
