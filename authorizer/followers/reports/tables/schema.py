"""The tables of the read models. They are made from the journal and can be made anew at any time.

Times are microseconds since 1970 UTC, money is centavos. Personal text stands here as it stands in
the journal: sealed. Rows are only added or, where a table says so, replaced; none is ever removed.
"""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
)

from authorizer.followers.reports.tables.column_types import AnyText, RequestedCents, WholeNumber

SCHEMA_VERSION: Final = 9
"""Grows with every change to the tables or to their contents: then they are made anew."""

Row = dict[str, Any]
"""A row by the names of its columns."""

PURCHASE: Final = "purchase"
CREDIT: Final = "credit"
"""Types of lines in a statement."""

metadata: Final = MetaData()

progress: Final = Table(
    "progress",
    metadata,
    Column("id", WholeNumber, primary_key=True),
    Column("schema_version", WholeNumber, nullable=False),
    Column("position", WholeNumber, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("segment", AnyText),
    Column("batch_offset", WholeNumber, nullable=False),
    Column("time_zone", AnyText, nullable=False),
)
"""One row: how far the journal is in the tables, changed together with them.

`segment` and `batch_offset` name the newest batch of the journal that is in the tables, `chain`
is the hash chain's head after it: a feed that resumes reads that batch again, to know that the
journal is still the same one. `time_zone` is the zone of the days in `transaction_days` and
`movement_days`."""

transactions: Final = Table(
    "transactions",
    metadata,
    Column("position", WholeNumber, primary_key=True, autoincrement=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("account_id", AnyText, nullable=False),
    Column("transaction_id", AnyText),
    Column("code", AnyText, nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("amount_cents", RequestedCents, nullable=False),
    Column("mcc", AnyText, nullable=False),
    Column("merchant", AnyText, nullable=False),
    Column("card_id", AnyText),
    Column("product", AnyText),
    Column("override_mcc", AnyText),
    Column("source", AnyText),
    Column("wallet", AnyText),
    Column("decided_by", AnyText),
    Column("shadow", AnyText),
    Index("transactions_by_account", "account_id", "position"),
    Index("transactions_by_time", "at_us"),
)
"""A row for every purchase that was decided, approved or declined. `source` is the wallet that
paid, `credit_limit` where the card's limit did, null where nothing was paid; `wallet` is null there
too, and a wallet may have any name.

`decided_by` is what declined it, where the reason does not say it all, `shadow` the limits in the
shadow that would have declined it: JSON as the statement has it, null where there is none."""

movements: Final = Table(
    "movements",
    metadata,
    Column("position", WholeNumber, primary_key=True, autoincrement=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("account_id", AnyText, nullable=False),
    Column("type", AnyText, nullable=False),
    Column("movement_id", AnyText),
    Column("operation_id", AnyText),
    Column("wallet", AnyText),
    Column("amount_cents", RequestedCents, nullable=False),
    Column("available_cents", WholeNumber, nullable=False),
    Column("held_cents", WholeNumber, nullable=False),
    Column("code", AnyText, nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("source", AnyText),
    Column("mcc", AnyText),
    Column("merchant", AnyText),
    Column("card_id", AnyText),
    Column("product", AnyText),
    Column("override_mcc", AnyText),
    Column("decided_by", AnyText),
    Column("shadow", AnyText),
    Index("movements_by_account", "account_id", "position"),
    Index("movements_by_time", "at_us"),
)
"""A row for every line of a statement that is no purchase of one message: credits, adjustments, and
what happens to a purchase of several (`movement_id` is the purchase's id then).

`available_cents` and `held_cents` were added to the wallet, or taken from it if negative. An
account's opening balances and these, less its purchases, are the balances of its wallets."""

purchases: Final = Table(
    "purchases",
    metadata,
    Column("account_id", AnyText, nullable=False),
    Column("purchase_id", AnyText, nullable=False),
    Column("position", WholeNumber, nullable=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("status", AnyText, nullable=False),
    Column("counted_cents", WholeNumber, nullable=False),
    Column("source", AnyText),
    Column("mcc", AnyText),
    Column("merchant", AnyText),
    Column("card_id", AnyText),
    PrimaryKeyConstraint("account_id", "purchase_id"),
    Index("purchases_by_account", "account_id", "position"),
)
"""A row for every purchase of several messages, and for one of a single message to which something
else has happened; replaced. `position` and `at_us` are those of its first event, `counted_cents` is
its present amount as limits count it, `mcc` is the effective one."""

cards: Final = Table(
    "cards",
    metadata,
    Column("card_id", AnyText, primary_key=True),
    Column("customer_id", AnyText, nullable=False),
)
"""Whose card it is: events of a card name the account only."""

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
    Column("unanswered_since_us", WholeNumber),
    Column("reopening_waits", AnyText),
    Column("reopening_response_due_us", WholeNumber),
    Index("tickets_by_opening", "opened_at_us", "opened_position"),
    Index("tickets_by_customer", "customer_id", "opened_at_us", "opened_position"),
    Index("tickets_by_status", "status", "opened_at_us", "opened_position"),
    Index("tickets_by_attendant", "attendant", "opened_at_us", "opened_position"),
    Index("tickets_by_change", "position"),
    Index("tickets_by_waiting", "unanswered_since_us", "opened_at_us", "opened_position"),
)
"""One row a ticket, replaced whenever something happens to it.

The columns are those of `authorizer.domain.tickets.state.Ticket`, and besides: `opened_position`;
`first_bot_response_at_us`, the first public word of a `robo`; how many resolutions it had; and when
it is due (`resolution_due_us` is null while its clock stands still, `reopening_response_due_us`
where no reopening waits for an answer). `reopening_waits` is JSON, a pair for each reopening: when
it was, and when it was answered; null where there is none."""

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

local_days: Final = Table(
    "local_days",
    metadata,
    Column("day", WholeNumber, primary_key=True, autoincrement=False),
    Column("start_us", WholeNumber, nullable=False),
    Column("end_us", WholeNumber, nullable=False),
)
"""From when to when each of the days in `transaction_days` and `movement_days` was taken to last. A
newer time zone database may say otherwise: then the sums are made anew."""

transaction_days: Final = Table(
    "transaction_days",
    metadata,
    Column("day", WholeNumber, nullable=False),
    Column("dimension", AnyText, nullable=False),
    Column("key", AnyText, nullable=False),
    Column("code", AnyText, nullable=False),
    Column("count", WholeNumber, nullable=False),
    Column("cents_high", WholeNumber, nullable=False),
    Column("cents_low", WholeNumber, nullable=False),
    PrimaryKeyConstraint("dimension", "day", "key", "code"),
)
"""Purchases added up by local day (days since 1970), dimension, key and answer code.

Dimensions and their keys: `total` (empty), `wallet` (the source of funds as in `transactions`,
empty for declines), `mcc` (as sent), `merchant` (white space collapsed), `reason`. Keys longer than
`MAX_KEY_LENGTH` are cut. Money is `cents_high * CENTS_BASE + cents_low`: no sum of a row, nor one
over the days of many years, is beyond 64 bits. An amount beyond the bound of a balance is
counted, and left out of the sums of money."""

movement_days: Final = Table(
    "movement_days",
    metadata,
    Column("day", WholeNumber, nullable=False),
    Column("type", AnyText, nullable=False),
    Column("code", AnyText, nullable=False),
    Column("count", WholeNumber, nullable=False),
    Column("cents_high", WholeNumber, nullable=False),
    Column("cents_low", WholeNumber, nullable=False),
    PrimaryKeyConstraint("day", "type", "code"),
)
"""Operations of purchases, as `movements` has them, added up by local day, type and answer code.

Days and money are those of `transaction_days`. Credits and adjustments are of no purchase, and not
here."""

CENTS_BASE: Final = 10**15
MAX_KEY_LENGTH: Final = 256
"""In characters: PostgreSQL's indexes hold up to 2,700 bytes."""
