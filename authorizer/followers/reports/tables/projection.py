"""Event → rows. Pure: what is in the tables already comes in, and nothing goes out."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, NamedTuple

from authorizer.domain.accounts.cards import Operation, OperationKind
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import (
    AccountCredited,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.customers.events import OperationsImported
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Reason
from authorizer.domain.tickets import events as ticket_events
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.column_types import storable
from authorizer.followers.reports.tables.purchase_sums import PurchaseSums
from authorizer.followers.reports.tables.ticket_record import Row, TicketRecord

PURCHASE: Final = "purchase"
CREDIT: Final = "credit"
"""Types of lines in a statement."""
NOBODY: Final = ""
"""The customer of a card that the journal does not know."""


_NO_CONTACT: Final[Row] = dict.fromkeys(
    (
        "at_text",
        "channel",
        "protocol",
        "card_id",
        "author",
        "name",
        "public",
        "priority",
        "text",
    )
)
_CONTACTS: Final[dict[type, str]] = {
    ticket_events.TicketOpened: "abertura",
    ticket_events.InteractionRecorded: "interacao",
    ticket_events.TicketResolved: "resolucao",
    ticket_events.TicketReopened: "reabertura",
    ticket_events.TicketTaken: "atendimento",
    ticket_events.TicketPaused: "espera",
    ticket_events.TicketResumed: "retomada",
    ticket_events.TicketPriorityChanged: "prioridade",
    ticket_events.TicketClosed: "fechamento",
}
_OF_A_CARD: Final = (
    CardBlocked,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
)
_OF_A_TICKET: Final = (
    ticket_events.TicketTaken,
    ticket_events.InteractionRecorded,
    ticket_events.TicketPaused,
    ticket_events.TicketResumed,
    ticket_events.TicketPriorityChanged,
    ticket_events.TicketResolved,
    ticket_events.TicketReopened,
    ticket_events.TicketClosed,
)


class Needed(NamedTuple):
    """What must be known of earlier events before some events can be made rows of."""

    card_ids: set[str]
    ticket_ids: set[str]


def needed(found: Iterable[Event]) -> Needed:
    """What these events rest on."""
    need = Needed(set(), set())
    for event in found:
        if isinstance(event, _OF_A_CARD):
            need.card_ids.add(event.card_id)
        elif isinstance(event, _OF_A_TICKET):
            need.ticket_ids.add(event.ticket_id)
    return need


class Rows:
    """The rows that a run of events adds to the tables, or replaces in them."""

    def __init__(
        self, owner_of_card: dict[str, str], tickets: dict[str, TicketRecord], days: LocalDays
    ) -> None:
        """What is in the tables already, for the cards and tickets that the events name.

        `days` are those by which purchases are added up.
        """
        self._owner_of_card = owner_of_card
        self.tickets = tickets
        self.transactions: list[Row] = []
        self.movements: list[Row] = []
        self.cards: list[Row] = []
        self.operations: list[Row] = []
        self.contacts: list[Row] = []
        self.ticket_changes: list[Row] = []
        self.sums = PurchaseSums(days)

    def add(self, event: Event, position: int) -> None:
        """Add what an event at a position brings.

        Raises:
            LookupError: a ticket's event without the ticket: not the journal's order.
        """
        row_of = self._ROWS.get(type(event))
        if row_of is not None:
            row_of(self, event, position)

    # --- purchases -----------------------------------------------------------------------------

    def _approved(self, event: PurchaseApproved, position: int) -> None:
        source = CREDIT_LIMIT if event.wallet is None else event.wallet
        self._transaction(event, position, Reason.APPROVED, source, event.wallet)

    def _declined(self, event: PurchaseDeclined, position: int) -> None:
        self._transaction(event, position, Reason.of(event.reason), None)

    def _transaction(
        self,
        event: PurchaseApproved | PurchaseDeclined,
        position: int,
        reason: Reason,
        source: str | None,
        wallet: str | None = None,
    ) -> None:
        merchant, mcc = storable(event.merchant), storable(event.mcc)
        source = _storable_or_none(source)
        self.transactions.append(
            {
                "position": position,
                "at_us": event.at_us,
                "account_id": storable(event.account_id),
                "transaction_id": _storable_or_none(event.transaction_id),
                "code": reason.code,
                "reason": reason.word,
                "amount_cents": event.amount_cents,
                "mcc": mcc,
                "merchant": merchant,
                "card_id": _storable_or_none(event.card_id),
                "override_mcc": _storable_or_none(event.override_mcc),
                "source": source,
                "wallet": _storable_or_none(wallet),
            }
        )
        self.sums.add(event.at_us, reason, source, mcc, merchant, event.amount_cents)

    def _credited(self, event: AccountCredited, position: int) -> None:
        self.movements.append(
            {
                "position": position,
                "at_us": event.at_us,
                "account_id": event.account_id,
                "type": CREDIT,
                "movement_id": event.credit_id,
                "wallet": event.wallet,
                "amount_cents": event.amount_cents,
                "available_cents": event.amount_cents,
                "held_cents": 0,
            }
        )

    # --- cards ---------------------------------------------------------------------------------

    def _card_opened(self, event: CardOpened, _: int) -> None:
        self._card(event.terms.card_id, event.customer_id)

    def _card(self, card_id: str, customer_id: str) -> None:
        self._owner_of_card[storable(card_id)] = customer_id
        self.cards.append({"card_id": card_id, "customer_id": customer_id})

    def _blocked(self, event: CardBlocked, position: int) -> None:
        self._card_operation(event, position, OperationKind.BLOCK, block_reason=event.block_reason)

    def _unblocked(self, event: CardUnblocked, position: int) -> None:
        self._card_operation(
            event, position, OperationKind.UNBLOCK, justification=event.justification
        )

    def _replaced(self, event: CardReplaced, position: int) -> None:
        new = event.terms.card_id
        self._card(new, event.customer_id)
        self._card_operation(
            event,
            position,
            OperationKind.REPLACEMENT,
            block_reason=event.block_reason,
            replaced_by=new,
        )

    def _limit_changed(self, event: LimitChanged, position: int) -> None:
        self._card_operation(
            event,
            position,
            OperationKind.LIMIT_CHANGE,
            limit_total_cents=event.limit_total_cents,
            previous_limit_cents=event.previous_cents,
        )

    def _limit_queried(self, event: LimitQueried, position: int) -> None:
        self._card_operation(
            event, position, OperationKind.LIMIT_QUERY, available_cents=event.available_cents
        )

    def _imported(self, event: OperationsImported, position: int) -> None:
        for part, operation in enumerate(event.operations):
            self._operation(operation, event.customer_id, position, part)

    def _card_operation(
        self,
        event: Any,
        position: int,
        kind: OperationKind,
        **fields: Any,
    ) -> None:
        operation = Operation(
            kind.value, event.card_id, WrittenTime(event.at_us), event.channel, **fields
        )
        customer_id = getattr(event, "customer_id", None)
        if customer_id is None:
            customer_id = self._owner_of_card.get(storable(event.card_id), NOBODY)
        self._operation(operation, customer_id, position, 0)

    def _operation(self, operation: Operation, customer_id: str, position: int, part: int) -> None:
        row = operation._asdict()
        at: WrittenTime = row.pop("at")
        place = {"position": position, "part": part, "customer_id": customer_id}
        time = {"at_us": at.at_us, "at_text": at.text}
        self.operations.append({**place, **time, **row})
        self._contact(
            {
                **place,
                **time,
                "kind": operation.kind,
                "channel": operation.channel,
                "card_id": operation.card_id,
            }
        )

    # --- tickets -------------------------------------------------------------------------------

    def _ticket(self, event: Any, position: int) -> None:
        if isinstance(event, ticket_events.TicketOpened):
            record = self.tickets[event.ticket_id] = TicketRecord(event.ticket_id)
            before = None
        else:
            record = self.tickets[event.ticket_id]
            before = record.ticket.status
        record.apply(event, position)
        ticket = record.ticket
        if ticket.status is not before:
            self.ticket_changes.append(
                {
                    "position": position,
                    "protocol": ticket.ticket_id,
                    "at_us": event.at_us,
                    "status": ticket.status.value,
                }
            )
        kind = _CONTACTS.get(type(event))
        if kind is not None:
            self._ticket_contact(event, position, kind, ticket.card_id)

    def _ticket_contact(self, event: Any, position: int, kind: str, card_id: str | None) -> None:
        said = isinstance(event, ticket_events.InteractionRecorded)
        ranked = isinstance(event, ticket_events.TicketPriorityChanged)
        attended = isinstance(event, ticket_events.TicketResolved | ticket_events.TicketTaken)
        self._contact(
            {
                "position": position,
                "part": 0,
                "customer_id": event.customer_id,
                "at_us": event.at_us,
                "kind": kind,
                "channel": event.channel,
                "protocol": event.ticket_id,
                "card_id": card_id,
                "author": event.author if said else None,
                "name": event.attendant if attended else event.name if said else None,
                "public": event.public if said else None,
                "priority": event.priority if ranked else None,
                "text": getattr(event, "text", None),
            }
        )

    def _contact(self, row: Row) -> None:
        self.contacts.append({**_NO_CONTACT, **row})

    _ROWS: ClassVar[dict[type, Callable[["Rows", Any, int], None]]] = {
        PurchaseApproved: _approved,
        PurchaseDeclined: _declined,
        AccountCredited: _credited,
        CardOpened: _card_opened,
        CardBlocked: _blocked,
        CardUnblocked: _unblocked,
        CardReplaced: _replaced,
        LimitChanged: _limit_changed,
        LimitQueried: _limit_queried,
        OperationsImported: _imported,
        ticket_events.TicketOpened: _ticket,
        **dict.fromkeys(_OF_A_TICKET, _ticket),
    }


def _storable_or_none(text: str | None) -> str | None:
    return None if text is None else storable(text)
