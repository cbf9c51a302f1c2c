"""The query `statement`: all lines of an account's statement, page by page."""

from typing import Any, Final

import orjson
from sqlalchemy import Column, Connection, Select, literal, null, select, union_all

from authorizer.followers.reports.bounds import MAX_PAGE_ROWS
from authorizer.followers.reports.tables.account_lines import listed, unlisted
from authorizer.followers.reports.tables.pages import Params, page_of
from authorizer.followers.reports.tables.schema import (
    PURCHASE,
    account_transactions,
    movements,
    terms,
    transactions,
)

_TERMS: Final = (
    "code",
    "reason",
    "mcc",
    "merchant",
    "product",
    "override_mcc",
    "source",
    "wallet",
    "decided_by",
    "shadow",
)
_PURCHASES: Final = select(
    transactions.c.position,
    transactions.c.at_us,
    literal(PURCHASE).label("type"),
    transactions.c.transaction_id.label("id"),
    transactions.c.amount_cents,
    literal(0).label("available_cents"),
    literal(0).label("held_cents"),
    null().label("operation_id"),
    transactions.c.card_id,
    null().label("reference"),
    transactions.c.terms_id,
)
_MOVEMENTS: Final = select(
    movements.c.position,
    movements.c.at_us,
    movements.c.type,
    movements.c.movement_id.label("id"),
    movements.c.amount_cents,
    movements.c.available_cents,
    movements.c.held_cents,
    movements.c.operation_id,
    movements.c.card_id,
    movements.c.reference,
    movements.c.terms_id,
)
"""The lines of a statement, with the same columns from either table."""
_OF_A_LINE: Final = (
    *("position", "at_us", "type", "id", "amount_cents", "available_cents", "held_cents"),
    *("operation_id", "card_id", "reference"),
)


def statement(connection: Connection, params: Params) -> Any:
    """A page of all that moved an account's wallets, or was declined, newest first.

    `account_id`, `limit`; `before`: the key of the last one on the page before. Each row comes with
    its key. One query over both tables: between two of them a line could come in, and be on no
    page.
    """
    account_id = params["account_id"]
    parts: tuple[tuple[Select[Any], Column[int]], ...] = (
        (listed(_PURCHASES, account_id), account_transactions.c.position),
        (unlisted(_PURCHASES, account_id), transactions.c.position),
        (_MOVEMENTS.where(movements.c.account_id == account_id), movements.c.position),
    )
    lines = union_all(*(_newest(*part, params) for part in parts)).subquery()
    newest_first = (
        select(*(lines.c[name] for name in _OF_A_LINE), *(terms.c[name] for name in _TERMS))
        .join_from(lines, terms, lines.c.terms_id == terms.c.id)
        .order_by(lines.c.position.desc())
    )
    page = page_of(connection, newest_first, params, ("position",))
    for row in page["rows"]:
        if row["type"] == PURCHASE:
            row["available_cents"] = -row["amount_cents"] if row["wallet"] is not None else 0
        for name in ("decided_by", "shadow"):
            row[name] = None if row[name] is None else orjson.loads(row[name])
        row["amount_cents"] = str(row["amount_cents"])  # JSON's integers have 64 bits here
    return page


def _newest(query: Select[Any], position: Column[int], params: Params) -> Select[Any]:
    """As many lines of one part as a page may need."""
    if params.get("before") is not None:
        query = query.where(position < params["before"][0])
    newest = query.order_by(position.desc()).limit(min(params["limit"], MAX_PAGE_ROWS) + 1)
    return select(newest.subquery())
