"""The rows that a run of events adds to the tables, or replaces in them."""

from typing import Any, Final

from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.movement_sums import MovementSums
from authorizer.followers.reports.tables.purchase_life import PurchaseLives
from authorizer.followers.reports.tables.purchase_sums import PurchaseSums
from authorizer.followers.reports.tables.schema import Row
from authorizer.followers.reports.tables.ticket_record import TicketRecord

_NO_CONTACT: Final[Row] = dict.fromkeys(
    ("at_text", "channel", "protocol", "card_id", "author", "name", "public", "priority", "text")
)


class Rows:
    """Rows by table, filled by one event after the other.

    `owner_of_card` and `tickets` hold the rows of earlier events, for the cards and tickets that
    these events name. `days` are those by which purchases and operations are added up.
    """

    def __init__(
        self, owner_of_card: dict[str, str], tickets: dict[str, TicketRecord], days: LocalDays
    ) -> None:
        self.owner_of_card = owner_of_card
        self.tickets = tickets
        self.transactions: list[Row] = []
        self.lives = PurchaseLives()
        self.cards: list[Row] = []
        self.operations: list[Row] = []
        self.contacts: list[Row] = []
        self.ticket_changes: list[Row] = []
        self.sums = PurchaseSums(days)
        self.movement_sums = MovementSums(days)

    def add_contact(self, **fields: Any) -> None:
        """Add a contact; a field that is not given is null."""
        self.contacts.append({**_NO_CONTACT, **fields})
