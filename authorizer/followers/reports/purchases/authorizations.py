"""The queries `authorizations` and `spending`: an account's purchases, by id and for limits."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    select,
    union_all,
)

from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.bounds import MAX_PAGE_ROWS
from authorizer.followers.reports.tables.account_lines import listed, unlisted
from authorizer.followers.reports.tables.column_types import WholeNumber
from authorizer.followers.reports.tables.pages import Params, page_of
from authorizer.followers.reports.tables.schema import (
    account_transactions,
    purchases,
    terms,
    transactions,
)

_APPROVED = Reason.APPROVED
_LATER = exists().where(
    purchases.c.account_id == transactions.c.account_id,
    purchases.c.purchase_id == transactions.c.transaction_id,
)
"""Something else has happened to a purchase of one message."""
_OF_ITS_TERMS = transactions.c.terms_id == terms.c.id
_STATUS = case(
    (terms.c.code == _APPROVED.answer_code, PurchaseStatus.CLOSED.value),
    else_=PurchaseStatus.DECLINED.value,
)


def authorizations(connection: Connection, params: Params) -> Any:
    """A page of the ids of an account's purchases, newest first: `ids`, `next`.

    `account_id`, `limit`; `status`; `before`: the key of the last one on the page before.
    """
    account_id = params["account_id"]
    known = select(
        purchases.c.position,
        purchases.c.purchase_id.label("id"),
        purchases.c.status.label("status"),
    ).where(purchases.c.account_id == account_id)
    single = (
        select(
            transactions.c.position,
            transactions.c.transaction_id.label("id"),
            _STATUS.label("status"),
        )
        .join_from(transactions, terms, _OF_ITS_TERMS)
        .where(
            transactions.c.transaction_id.is_not(None),
            terms.c.reason != Reason.DUPLICATE_MISMATCH.name_on_wire,
            ~_LATER,
        )
    )
    parts: tuple[tuple[Select[Any], ColumnElement[int]], ...] = (
        (known, purchases.c.position),
        (listed(single, account_id), account_transactions.c.position),
        (unlisted(single, account_id), transactions.c.position),
    )
    lines = union_all(*(_newest(*part, params) for part in parts)).subquery()
    newest_first = select(lines).order_by(lines.c.position.desc())
    page = page_of(connection, newest_first, params, ("position",))
    return {"ids": [row["id"] for row in page["rows"]], "next": page["next"]}


def _newest(query: Select[Any], position: ColumnElement[int], params: Params) -> Select[Any]:
    """As many lines of one part as a page may need."""
    if params.get("before") is not None:
        query = query.where(position < params["before"][0])
    if params.get("status") is not None:
        wanted = query.subquery()
        query = select(wanted).where(wanted.c.status == params["status"])
        position = wanted.c.position
    newest = query.order_by(position.desc()).limit(min(params["limit"], MAX_PAGE_ROWS) + 1)
    return select(newest.subquery())


def spending(connection: Connection, params: Params) -> Any:
    """An account's purchases that count for limits, at their present amount, oldest first.

    `account_id`; `since_us`: purchases made before it are left out.
    """
    known = select(
        purchases.c.position,
        purchases.c.purchase_id.label("key"),
        purchases.c.at_us.label("made_at_us"),
        purchases.c.counted_cents.label("amount_cents"),
        purchases.c.source,
        purchases.c.mcc,
        purchases.c.merchant,
        purchases.c.card_id,
    ).where(
        purchases.c.account_id == params["account_id"],
        purchases.c.at_us >= params["since_us"],
        purchases.c.counted_cents > 0,
    )
    single = (
        select(
            transactions.c.position,
            transactions.c.transaction_id.label("key"),
            transactions.c.at_us.label("made_at_us"),
            cast(transactions.c.amount_cents, WholeNumber).label("amount_cents"),
            terms.c.source,
            func.coalesce(terms.c.override_mcc, terms.c.mcc).label("mcc"),
            terms.c.merchant,
            transactions.c.card_id,
        )
        .join_from(transactions, terms, _OF_ITS_TERMS)
        .where(
            transactions.c.at_us >= params["since_us"],
            terms.c.code == _APPROVED.answer_code,
            ~and_(transactions.c.transaction_id.is_not(None), _LATER),
        )
    )
    account_id = params["account_id"]
    lines = union_all(known, listed(single, account_id), unlisted(single, account_id)).subquery()
    result = connection.execute(select(lines).order_by(lines.c.position))
    names = list(map(str, result.keys()))  # SQLAlchemy's are no plain strings
    rows = [dict(zip(names, row, strict=True)) for row in result]
    for row in rows:
        row["key"] = row["key"] or f"\0{row['position']}"
    return rows
