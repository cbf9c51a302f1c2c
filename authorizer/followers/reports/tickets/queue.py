"""The query `ticket_queue`: what is to be done, the most urgent ticket first."""

from typing import Any, Final

from sqlalchemy import Connection, and_, case, func, select

from authorizer.domain.tickets.state import OVER, Deadline, TicketStatus
from authorizer.followers.reports.bounds import MAX_PAGE_ROWS
from authorizer.followers.reports.tables.care_schema import tickets
from authorizer.followers.reports.tables.pages import Params
from authorizer.followers.reports.tables.ticket_record import told_of

_NEVER: Final = 2**62
_OPEN: Final = tuple(status.value for status in TicketStatus if status.value not in OVER)
_FIRST: Final = case(
    (
        and_(
            tickets.c.first_response_at_us.is_(None),
            tickets.c.first_resolved_at_us.is_(None),
        ),
        tickets.c.first_response_due_us,
    ),
    else_=_NEVER,
)
_LEGAL: Final = case(
    (tickets.c.first_resolved_at_us.is_(None), tickets.c.legal_due_us), else_=_NEVER
)
_DEADLINES: Final[dict[str, Any]] = {
    Deadline.FIRST_RESPONSE.value: _FIRST,
    Deadline.REOPENING_RESPONSE.value: func.coalesce(tickets.c.reopening_response_due_us, _NEVER),
    Deadline.NEXT_RESPONSE.value: func.coalesce(tickets.c.next_response_due_us, _NEVER),
    Deadline.RESOLUTION.value: func.coalesce(tickets.c.resolution_due_us, _NEVER),
    Deadline.LEGAL.value: _LEGAL,
}
"""By what a ticket owes: by when; `_NEVER` where it does not owe it now."""


def _is_next(due: Any) -> Any:
    return and_(*(due <= other for other in _DEADLINES.values() if other is not due))


_DUE: Final = case(*((_is_next(due), due) for due in _DEADLINES.values()), else_=_NEVER)
"""The next deadline that a ticket has to keep."""
_OWED: Final = case(*((_is_next(due), name) for name, due in _DEADLINES.items()), else_="")
"""What it owes by then."""


def ticket_queue(connection: Connection, params: Params) -> Any:
    """The open tickets by their next deadline: `rows`, up to `limit`, each with `due_us`.

    `owed` is what is due then, a value of `Deadline`; both are None while nothing is.

    `attendant`: those of one attendant; `unattended`: those of nobody. Counted are, of all of them,
    `total`, `overdue` by `now_us`, and `soon`: due before `soon_us`.
    """
    wanted = [tickets.c.status.in_(_OPEN)]
    if params.get("attendant") is not None:
        wanted.append(tickets.c.attendant == params["attendant"])
    if params.get("unattended"):
        wanted.append(tickets.c.attendant.is_(None))
    due = _DUE.label("due_us")
    limit = min(params["limit"], MAX_PAGE_ROWS)
    page = (
        select(tickets, due, _OWED.label("owed"))
        .where(*wanted)
        .order_by(due, tickets.c.opened_at_us, tickets.c.opened_position)
        .limit(limit)
    )
    is_overdue = params["now_us"] > _DUE
    is_soon = and_(params["now_us"] <= _DUE, params["soon_us"] > _DUE)
    counts = connection.execute(
        select(
            func.count().label("total"),
            func.coalesce(func.sum(case((is_overdue, 1), else_=0)), 0).label("overdue"),
            func.coalesce(func.sum(case((is_soon, 1), else_=0)), 0).label("soon"),
        )
        .select_from(tickets)
        .where(*wanted)
    ).one()
    rows = []
    for row in connection.execute(page).mappings():
        ticket = told_of(dict(row))
        due_us = None if row["due_us"] == _NEVER else row["due_us"]
        owed = None if due_us is None else row["owed"]
        rows.append({"ticket": ticket, "due_us": due_us, "owed": owed})
    total, overdue, soon = map(int, counts)
    return {"rows": rows, "total": total, "overdue": overdue, "soon": soon}


def newest_ticket_change(connection: Connection, _: Params) -> int:
    """The position of the newest event of a ticket; 0 without one."""
    newest = connection.execute(select(func.max(tickets.c.position))).scalar()
    return int(newest or 0)
