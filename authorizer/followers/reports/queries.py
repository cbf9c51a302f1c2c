"""What can be asked of the tables, by name. Questions and answers are plain JSON values."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Select,
    Table,
    and_,
    literal,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from authorizer.followers.reports.asked import Asked
from authorizer.followers.reports.business_hours import BusinessHours
from authorizer.followers.reports.export.all_reports import gather
from authorizer.followers.reports.export.page import page_of
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.report import TransactionReport
from authorizer.followers.reports.tables.column_types import AskedCents
from authorizer.followers.reports.tables.projection import PURCHASE
from authorizer.followers.reports.tables.schema import (
    contacts,
    movements,
    operations,
    tickets,
    transactions,
)
from authorizer.followers.reports.tables.ticket_record import view_of
from authorizer.followers.reports.tickets.report import ServiceReport

Params = Mapping[str, Any]
Query = Callable[[Connection, Params], Any]

MAX_ROWS: Final = 200
_NO_LONGER_DUE: Final = ("resolvido", "fechado")


_OF_A_PURCHASE: Final = ("code", "reason", "mcc", "merchant", "card_id", "override_mcc", "source")
_PURCHASES: Final = (
    transactions,
    (
        transactions.c.position,
        transactions.c.at_us,
        literal(PURCHASE).label("type"),
        transactions.c.transaction_id.label("id"),
        transactions.c.wallet,
        transactions.c.amount_cents,
        literal(0).label("available_cents"),
        literal(0).label("held_cents"),
        *(transactions.c[name] for name in _OF_A_PURCHASE),
    ),
)
_MOVEMENTS: Final = (
    movements,
    (
        movements.c.position,
        movements.c.at_us,
        movements.c.type,
        movements.c.movement_id.label("id"),
        movements.c.wallet,
        type_coerce(movements.c.amount_cents, AskedCents).label("amount_cents"),
        movements.c.available_cents,
        movements.c.held_cents,
        *(null().label(name) for name in _OF_A_PURCHASE),
    ),
)
"""The lines of a statement, with the same columns from either table."""


def statement(connection: Connection, params: Params) -> Any:
    """A page of all that moved an account's wallets, or was declined, newest first.

    `account_id`, `limit`; `before`: the key of the last one on the page before. Each row comes with
    its key. One query over both tables: between two of them a line could come in, and be on no
    page.
    """
    parts = [_newest(table, columns, params) for table, columns in (_PURCHASES, _MOVEMENTS)]
    lines = union_all(*parts).subquery()
    newest_first = select(lines).order_by(lines.c.position.desc())
    page = _page(connection, newest_first, params, ("position",))
    for row in page["rows"]:
        if row["type"] == PURCHASE:
            row["available_cents"] = -row["amount_cents"] if row["wallet"] is not None else 0
        row["amount_cents"] = str(row["amount_cents"])  # JSON's integers have 64 bits here
    return page


def _newest(table: Table, columns: tuple[Any, ...], params: Params) -> Select[Any]:
    """As many lines of one table as a page may need."""
    query = select(*columns).where(table.c.account_id == params["account_id"])
    if params.get("before") is not None:
        query = query.where(table.c.position < params["before"][0])
    newest = query.order_by(table.c.position.desc()).limit(min(params["limit"], MAX_ROWS) + 1)
    return select(newest.subquery())


def card_operations(connection: Connection, params: Params) -> Any:
    """A page of a customer's card operations, newest first: `customer_id`, `limit`, `before`."""
    return _history(connection, operations, params)


def customer_contacts(connection: Connection, params: Params) -> Any:
    """A page of a customer's contacts, newest first: `customer_id`, `limit`, `before`."""
    return _history(connection, contacts, params)


def ticket_list(connection: Connection, params: Params) -> Any:
    """A page of tickets, the one opened last first.

    All of these may be given and narrow the list: `status`, `customer_id`, `category`, `priority`,
    `attendant`; `from_us` (inclusive) and `until_us` (exclusive), when it was opened;
    `overdue`: `first_response`, `resolution` or `reopening_response`, as seen from `now_us`, which
    is still to come; `waiting`: whether the customer waits for an answer to what they said.
    """
    query = select(tickets)
    for name in ("status", "customer_id", "category", "priority", "attendant"):
        if params.get(name) is not None:
            query = query.where(tickets.c[name] == params[name])
    if params.get("from_us") is not None:
        query = query.where(tickets.c.opened_at_us >= params["from_us"])
    if params.get("until_us") is not None:
        query = query.where(tickets.c.opened_at_us < params["until_us"])
    if params.get("overdue") is not None:
        query = query.where(_OVERDUE[params["overdue"]](params["now_us"]))
    if params.get("waiting") is not None:
        is_answered = tickets.c.unanswered_since_us.is_(None)
        query = query.where(~is_answered if params["waiting"] else is_answered)
    key = ("opened_at_us", "opened_position")
    page = _page(connection, _newest_first(query, tickets, key, params), params, key)
    page["rows"] = [{**view_of(row)._asdict(), "status": row["status"]} for row in page["rows"]]
    return page


def _first_response_overdue(now_us: int) -> Any:
    return and_(
        tickets.c.first_response_at_us.is_(None),
        tickets.c.first_resolved_at_us.is_(None),
        tickets.c.first_response_due_us < now_us,
    )


def _resolution_overdue(now_us: int) -> Any:
    return and_(
        tickets.c.status.not_in(_NO_LONGER_DUE),
        or_(
            tickets.c.resolution_due_us < now_us,
            tickets.c.ran_us > tickets.c.resolution_target_us,
        ),
    )


def _reopening_response_overdue(now_us: int) -> Any:
    return and_(
        tickets.c.status.not_in(_NO_LONGER_DUE),
        tickets.c.reopening_response_due_us < now_us,
    )


_OVERDUE: Final = {
    "first_response": _first_response_overdue,
    "resolution": _resolution_overdue,
    "reopening_response": _reopening_response_overdue,
}


def _history(connection: Connection, table: Table, params: Params) -> Any:
    query = select(table).where(table.c.customer_id == params["customer_id"])
    key = ("at_us", "position", "part")
    return _page(connection, _newest_first(query, table, key, params), params, key)


def _newest_first(
    query: Select[Any], table: Table, key: tuple[str, ...], params: Params
) -> Select[Any]:
    columns = [table.c[name] for name in key]
    if params.get("before") is not None:
        query = query.where(tuple_(*columns) < tuple_(*params["before"]))
    return query.order_by(*(column.desc() for column in columns))


def _page(
    connection: Connection, query: Select[Any], params: Params, key: tuple[str, ...]
) -> dict[str, Any]:
    limit = min(params["limit"], MAX_ROWS)
    result = connection.execute(query.limit(limit + 1))
    names = list(map(str, result.keys()))  # SQLAlchemy's are no plain strings
    rows = [dict(zip(names, row, strict=True)) for row in result]
    more = len(rows) > limit
    del rows[limit:]
    return {"rows": rows, "next": [rows[-1][name] for name in key] if more else None}


_SERVICE: Final = ServiceReport()
_TRANSACTIONS: Final = TransactionReport()


def report_page(connection: Connection, params: Params) -> Any:
    """The reports of a period as one HTML page.

    `about` names them; the rest is that of `service_report`, but for `by`.
    """
    asked = Asked(
        Period(params["start_us"], params["end_us"]),
        params["now_us"],
        BusinessHours.from_json(params["hours"]) if params["hours"] else None,
        LocalDays(params["time_zone"]),
        params["about"],
    )
    return page_of(gather(connection, asked, (_SERVICE, _TRANSACTIONS)))


QUERIES: Final[dict[str, Query]] = {
    "statement": statement,
    "card_operations": card_operations,
    "customer_contacts": customer_contacts,
    "ticket_list": ticket_list,
    "service_report": _SERVICE,
    "transaction_report": _TRANSACTIONS,
    "report_page": report_page,
}
"""Every query by its name. A query is one function of a connection and its parameters; it runs in
the reports' process, in one of a few threads."""
