"""The query `moved_since`: by how much an account's wallets have moved since a position."""

from typing import Any

from sqlalchemy import Connection, cast, func, literal, select, union_all

from authorizer.followers.reports.tables.account_lines import listed, unlisted
from authorizer.followers.reports.tables.column_types import WholeNumber
from authorizer.followers.reports.tables.pages import Params
from authorizer.followers.reports.tables.schema import (
    account_transactions,
    movements,
    terms,
    transactions,
)


def moved_since(connection: Connection, params: Params) -> Any:
    """What was added to each wallet of `account_id` behind `position`, available and held.

    Each as `wallet`, `available_cents`, `held_cents`; a wallet that did not move is left out.
    """
    account_id, position = params["account_id"], params["position"]
    paid = (
        select(
            terms.c.wallet,
            (-cast(transactions.c.amount_cents, WholeNumber)).label("available_cents"),
            literal(0).label("held_cents"),
        )
        .join_from(transactions, terms, transactions.c.terms_id == terms.c.id)
        .where(terms.c.wallet.is_not(None))
    )
    moved = (
        select(terms.c.wallet, movements.c.available_cents, movements.c.held_cents)
        .join_from(movements, terms, movements.c.terms_id == terms.c.id)
        .where(
            movements.c.account_id == account_id,
            movements.c.position > position,
            terms.c.wallet.is_not(None),
        )
    )
    lines = union_all(
        listed(paid, account_id).where(account_transactions.c.position > position),
        unlisted(paid, account_id).where(transactions.c.position > position),
        moved,
    ).subquery()
    found = connection.execute(
        select(lines.c.wallet, func.sum(lines.c.available_cents), func.sum(lines.c.held_cents))
        .group_by(lines.c.wallet)
        .order_by(lines.c.wallet)
    )
    return [
        {"wallet": wallet, "available_cents": int(available), "held_cents": int(held)}
        for wallet, available, held in found
    ]
