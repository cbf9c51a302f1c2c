"""The tables of the read models. They are made from the journal and can be made anew at any time.

Times are microseconds since 1970 UTC, money is centavos. Personal text stands here as it stands in
the journal: sealed. Rows are only added or, where a table says so, replaced; none is ever removed.
"""

from typing import Any, Final

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
)

from authorizer.followers.reports.tables.column_types import AnyText, RequestedCents, WholeNumber

SCHEMA_VERSION: Final = 17
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
    Column("edition", AnyText, nullable=False),
    Column("listed_position", WholeNumber, nullable=False),
)
"""One row: how far the journal is in the tables, changed together with them.

`segment` and `batch_offset` name the newest batch of the journal that is in the tables, `chain`
is the hash chain's head after it: a feed that resumes reads that batch again, to know that the
journal is still the same one. `time_zone` is the zone of the days in `transaction_days` and
`movement_days`. `edition` is unlike that of all tables before: whoever remembers what is in the
tables remembers it of one edition. `listed_position` is how far `account_transactions` is."""

terms: Final = Table(
    "terms",
    metadata,
    Column("id", WholeNumber, primary_key=True, autoincrement=False),
    Column("code", AnyText, nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("source", AnyText),
    Column("wallet", AnyText),
    Column("mcc", AnyText),
    Column("merchant", AnyText),
    Column("product", AnyText),
    Column("override_mcc", AnyText),
    Column("decided_by", AnyText),
    Column("shadow", AnyText),
)
"""What many lines of statements have in common, so that their own rows are short.

`id` is the position of the first line that has it. Two rows may be alike: whoever writes them knows
only so many, and puts those that it does not know in again. `source` is the wallet that paid,
`credit_limit` where the card's limit did, null where nothing was paid; `wallet` is null there too,
and a wallet may have any name.

`decided_by` is what declined a purchase, where the reason does not say it all, `shadow` the limits
in the shadow that would have declined it: JSON as the statement has it, null where there is
none."""

transactions: Final = Table(
    "transactions",
    metadata,
    Column("position", WholeNumber, primary_key=True, autoincrement=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("account_id", AnyText, nullable=False),
    Column("transaction_id", AnyText),
    Column("terms_id", WholeNumber, nullable=False),
    Column("amount_cents", RequestedCents, nullable=False),
    Column("card_id", AnyText),
    Index("transactions_by_account", "account_id", "position").ddl_if(dialect="postgresql"),
)
"""A row for every purchase of one message that was decided, approved or declined."""

account_transactions: Final = Table(
    "account_transactions",
    metadata,
    Column("account_id", AnyText, nullable=False),
    Column("position", WholeNumber, nullable=False),
    PrimaryKeyConstraint("account_id", "position"),
    sqlite_with_rowid=False,
)
"""In SQLite: which rows of `transactions` an account has, up to `progress.listed_position`.

To list many at once, in the list's order, takes a fraction of what an index takes that is kept row
by row; whoever asks looks through the others (`account_lines`). PostgreSQL has the index: it can't
be told how few the others are, and would read them in the wrong order. Nothing is listed there."""

movements: Final = Table(
    "movements",
    metadata,
    Column("position", WholeNumber, primary_key=True, autoincrement=False),
    Column("at_us", WholeNumber, nullable=False),
    Column("account_id", AnyText, nullable=False),
    Column("type", AnyText, nullable=False),
    Column("movement_id", AnyText),
    Column("operation_id", AnyText),
    Column("terms_id", WholeNumber, nullable=False),
    Column("amount_cents", RequestedCents, nullable=False),
    Column("available_cents", WholeNumber, nullable=False),
    Column("held_cents", WholeNumber, nullable=False),
    Column("card_id", AnyText),
    Column("reference", AnyText),
    Index("movements_by_account", "account_id", "position"),
)
"""A row for every line of a statement that is no purchase of one message: credits, adjustments, and
what happens to a purchase of several (`movement_id` is the purchase's id then).

`available_cents` and `held_cents` were added to the wallet, or taken from it if negative. An
account's opening balances and these, less its purchases, are the balances of its wallets.
`reference` is what a credit gives back or stands for, where that was said."""

STRETCH: Final = 8192
"""Positions of one row of `stretches`."""

stretches: Final = Table(
    "stretches",
    metadata,
    Column("number", WholeNumber, primary_key=True, autoincrement=False),
    Column("first_at_us", WholeNumber, nullable=False),
    Column("last_at_us", WholeNumber, nullable=False),
)
"""When the events of the positions from `number * STRETCH` on, `STRETCH` of them, happened at the
earliest and at the latest, or within more: so that lines of a time are found without an index of
every one of them. Replaced."""

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
    sqlite_with_rowid=False,
)
"""A row for every purchase of several messages, and for one of a single message to which something
else has happened; replaced. `position` and `at_us` are those of its first event, `counted_cents` is
its present amount as limits count it, `mcc` is the effective one."""

INDEXES_OF_LINES: Final = tuple(transactions.indexes | movements.indexes | purchases.indexes)
"""Made last where tables are made anew: that is quicker than to keep them meanwhile."""

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
    sqlite_with_rowid=False,
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
    sqlite_with_rowid=False,
)
"""Operations of purchases, as `movements` has them, added up by local day, type and answer code.

Days and money are those of `transaction_days`. Credits and adjustments are of no purchase, and not
here."""

CENTS_BASE: Final = 10**15
MAX_KEY_LENGTH: Final = 256
"""In characters: PostgreSQL's indexes hold up to 2,700 bytes."""
