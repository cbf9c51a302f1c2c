"""The tables of customer care: cards and their operations, contacts, tickets, accounts' status.

They are of the schema's `metadata`: `schema` says what holds for all tables.
"""

from typing import Final

from sqlalchemy import Boolean, Column, Index, PrimaryKeyConstraint, Table

from authorizer.followers.reports.tables.column_types import AnyText, WholeNumber
from authorizer.followers.reports.tables.schema import metadata

NO_DEADLINE: Final = 2**62
"""The deadline of a ticket that owes nothing now: behind all others."""

cards: Final = Table(
    "cards",
    metadata,
    Column("card_id", AnyText, primary_key=True),
    Column("customer_id", AnyText, nullable=False),
    Column("last_four", AnyText),
    Index("cards_by_last_four", "last_four"),
)
"""Whose card it is: events of a card name the account only. `last_four` is the end of its masked
number, null where that does not end in four digits."""

operations: Final = Table(
    "operations",
    metadata,
    Column("position", WholeNumber, nullable=False),
    Column("part", WholeNumber, nullable=False),
    Column("customer_id", AnyText, nullable=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("at_text", AnyText),
    Column("kind", AnyText, nullable=False),
    Column("card_id", AnyText, nullable=False),
    Column("channel", AnyText),
    Column("block_reason", AnyText),
    Column("justification", AnyText),
    Column("available_cents", WholeNumber),
    Column("limit_total_cents", WholeNumber),
    Column("previous_limit_cents", WholeNumber),
    Column("replaced_by", AnyText),
    PrimaryKeyConstraint("position", "part"),
    Index("operations_by_customer", "customer_id", "at_us", "position", "part"),
)
"""Card operations (`historico_operacoes`): those made here, and those that documents brought; one
event may have brought several (`part`). `at_text` is how the document wrote the time."""

contacts: Final = Table(
    "contacts",
    metadata,
    Column("position", WholeNumber, nullable=False),
    Column("part", WholeNumber, nullable=False),
    Column("customer_id", AnyText, nullable=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("at_text", AnyText),
    Column("kind", AnyText, nullable=False),
    Column("channel", AnyText),
    Column("protocol", AnyText),
    Column("card_id", AnyText),
    Column("author", AnyText),
    Column("name", AnyText),
    Column("public", Boolean),
    Column("priority", AnyText),
    Column("text", AnyText),
    PrimaryKeyConstraint("position", "part"),
    Index("contacts_by_customer", "customer_id", "at_us", "position", "part"),
)
"""Every contact with a customer: the events of their tickets, and their card operations.

`kind` is `abertura`, `atendimento`, `interacao`, `espera`, `retomada`, `prioridade`, `resolucao`,
`reabertura`, `fechamento`, or that of the operation. `priority` is the new one of `prioridade`.
`text` is sealed, as the ticket's event holds it."""

tickets: Final = Table(
    "tickets",
    metadata,
    Column("protocol", AnyText, primary_key=True),
    Column("position", WholeNumber, nullable=False),
    Column("opened_position", WholeNumber, nullable=False),
    Column("customer_id", AnyText, nullable=False),
    Column("status", AnyText, nullable=False),
    Column("category", AnyText, nullable=False),
    Column("priority", AnyText, nullable=False),
    Column("opened_priority", AnyText, nullable=False),
    Column("channel", AnyText, nullable=False),
    Column("card_id", AnyText),
    Column("attendant", AnyText),
    Column("text", AnyText, nullable=False),
    Column("resolution", AnyText),
    Column("reopening", AnyText),
    Column("opened_at_us", WholeNumber, nullable=False),
    Column("first_response_at_us", WholeNumber),
    Column("first_bot_response_at_us", WholeNumber),
    Column("first_resolved_at_us", WholeNumber),
    Column("resolved_at_us", WholeNumber),
    Column("closed_at_us", WholeNumber),
    Column("resolutions", WholeNumber, nullable=False),
    Column("reopenings", WholeNumber, nullable=False),
    Column("first_response_target_us", WholeNumber, nullable=False),
    Column("resolution_target_us", WholeNumber, nullable=False),
    Column("ran_us", WholeNumber, nullable=False),
    Column("runs_since_us", WholeNumber),
    Column("first_response_due_us", WholeNumber, nullable=False),
    Column("resolution_due_us", WholeNumber),
    Column("legal_due_us", WholeNumber, nullable=False),
    Column("unanswered_since_us", WholeNumber),
    Column("reopening_waits", AnyText),
    Column("reopening_response_due_us", WholeNumber),
    Column("response_waits", AnyText),
    Column("next_response_due_us", WholeNumber),
    Column("escalations", AnyText),
    Column("warned", WholeNumber, nullable=False),
    Column("missed", WholeNumber, nullable=False),
    Column("queue_due_us", WholeNumber),
    Column("owed", AnyText),
    Index("tickets_by_opening", "opened_at_us", "opened_position"),
    Index("tickets_by_customer", "customer_id", "opened_at_us", "opened_position"),
    Index("tickets_by_status", "status", "opened_at_us", "opened_position"),
    Index("tickets_by_attendant", "attendant", "opened_at_us", "opened_position"),
    Index("tickets_by_change", "position"),
    Index("tickets_by_due", "queue_due_us", "opened_at_us", "opened_position"),
    Index(
        "tickets_by_attendant_due", "attendant", "queue_due_us", "opened_at_us", "opened_position"
    ),
    Index("tickets_by_waiting", "unanswered_since_us", "opened_at_us", "opened_position"),
)
"""One row a ticket, replaced whenever something happens to it.

The columns are those of `authorizer.domain.tickets.state.Ticket`, and besides: `opened_position`;
`first_bot_response_at_us`, the first public word of a `robo`; how many resolutions it had; and when
answers are due that are owed still (`reopening_response_due_us`, `next_response_due_us`).
`reopening_waits`, `response_waits` and `escalations` are JSON, a list for each `ReopeningWait`,
`ResponseWait` and `Escalation`; null where there is none. `warned` and `missed` count the
escalations by their level. `queue_due_us` is the next deadline of a ticket that is worked on, and
`owed` what is due then, a value of `Deadline`; `NO_DEADLINE` and null where nothing is due; both
are null where it is over."""

ticket_changes: Final = Table(
    "ticket_changes",
    metadata,
    Column("position", WholeNumber, primary_key=True, autoincrement=False),
    Column("protocol", AnyText, nullable=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("status", AnyText, nullable=False),
)
"""A row for every change of a ticket's status: `status` is the new one. The first of a ticket is
`aberto`; each `resolvido` is a resolution, each `reaberto` a reopening."""

account_changes: Final = Table(
    "account_changes",
    metadata,
    Column("position", WholeNumber, primary_key=True, autoincrement=False),
    Column("account_id", AnyText, nullable=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("by", AnyText, nullable=False),
    Column("status", AnyText, nullable=False),
    Column("reason", AnyText, nullable=False),
    Index("account_changes_by_account", "account_id", "position"),
)
"""A row for every change of an account's status, with the operator's words: why it was frozen."""
