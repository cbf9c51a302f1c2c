"""Cards and their operations → rows."""

import re
from typing import Any, Final

from authorizer.domain.accounts.card_history import operation_of
from authorizer.domain.accounts.cards import Operation
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD
from authorizer.domain.customers.events import OperationsImported
from authorizer.domain.moments import WrittenTime
from authorizer.followers.reports.tables.column_types import storable
from authorizer.followers.reports.tables.rows import Rows

NOBODY: Final = ""
"""The customer of a card that the journal does not know."""
_LAST_FOUR: Final = re.compile(r"[0-9]{4}\Z")


def owner(rows: Rows, event: Any) -> None:
    """The customer of the card that an event puts on an account."""
    entry = ACCOUNT_OF_CARD.entries[type(event)](event)
    if entry is not None:
        card_id, _ = entry
        rows.owner_of_card[storable(card_id)] = event.customer_id
        last_four = _LAST_FOUR.search(event.terms.masked_number)
        rows.cards.append(
            {
                "card_id": card_id,
                "customer_id": event.customer_id,
                "last_four": last_four and last_four[0],
            }
        )


def operation(rows: Rows, event: Any, position: int) -> None:
    """An operation that was made here. Most events name the card only, and not its customer."""
    customer_id = getattr(event, "customer_id", None)
    if customer_id is None:
        customer_id = rows.owner_of_card.get(storable(event.card_id), NOBODY)
    _operation(rows, operation_of(event), customer_id, position, 0)


def imported(rows: Rows, event: OperationsImported, position: int) -> None:
    """The operations that a document brought."""
    for part, line in enumerate(event.operations):
        _operation(rows, line, event.customer_id, position, part)


def _operation(rows: Rows, line: Operation, customer_id: str, position: int, part: int) -> None:
    row = line._asdict()
    at: WrittenTime = row.pop("at")
    place = {"position": position, "part": part, "customer_id": customer_id}
    time = {"at_us": at.at_us, "at_text": at.text}
    rows.operations.append({**place, **time, **row})
    rows.add_contact(**place, **time, kind=line.kind, channel=line.channel, card_id=line.card_id)
