"""The rows that a run of events adds to the tables, or replaces in them."""

from typing import Any, Final

from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.purchase_life import PurchaseLives
from authorizer.followers.reports.tables.purchase_rows import PurchaseRows
from authorizer.followers.reports.tables.schema import Row
from authorizer.followers.reports.tables.terms import KnownTerms
from authorizer.followers.reports.tables.ticket_record import TicketRecord

_NO_CONTACT: Final[Row] = dict.fromkeys(
    ("at_text", "channel", "protocol", "card_id", "author", "name", "public", "priority", "text")
)


class Rows:
    """Rows by table, filled by one event after the other.

    `known` are the terms that are in their table. `days` are those by which purchases and
    operations are added up. `owner_of_card` and `tickets` hold the rows of earlier events, for the
    cards and tickets that these events name.
    """

    def __init__(self, known: KnownTerms, days: LocalDays) -> None:
        self.known = known
        self.owner_of_card: dict[str, str] = {}
        self.tickets: dict[str, TicketRecord] = {}
        self.purchases = PurchaseRows(known, days)
        self.lives = PurchaseLives(known, days)
        self.cards: list[Row] = []
        self.operations: list[Row] = []
        self.contacts: list[Row] = []
        self.ticket_changes: list[Row] = []
        self.account_changes: list[Row] = []

    def add_contact(self, **fields: Any) -> None:
        """Add a contact; a field that is not given is null."""
        self.contacts.append({**_NO_CONTACT, **fields})
