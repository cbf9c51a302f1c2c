"""The query `ticket_queue`: what is to be done, the most urgent ticket first."""

from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from authorizer.followers.reports.bounds import MAX_PAGE_ROWS
from authorizer.followers.reports.tables.care_schema import NO_DEADLINE, tickets
from authorizer.followers.reports.tables.pages import Params
from authorizer.followers.reports.tables.ticket_record import told_of


def ticket_queue(connection: Connection, params: Params) -> Any:
    """The open tickets by their next deadline: `rows`, up to `limit`, each with `due_us`.

    `owed` is what is due then, a value of `Deadline`; both are None while nothing is.

    `attendant`: those of one attendant; `unattended`: those of nobody. Counted are, of all of them,
    `total`, `overdue` by `now_us`, and `soon`: due before `soon_us`.
    """
    due_us = tickets.c.queue_due_us
    wanted = [due_us.is_not(None)]
    if params.get("attendant") is not None:
        wanted.append(tickets.c.attendant == params["attendant"])
    if params.get("unattended"):
        wanted.append(tickets.c.attendant.is_(None))
    page = (
        select(tickets)
        .where(*wanted)
        .order_by(due_us, tickets.c.opened_at_us, tickets.c.opened_position)
        .limit(min(params["limit"], MAX_PAGE_ROWS))
    )
    is_overdue = due_us < params["now_us"]
    is_soon = and_(due_us >= params["now_us"], due_us < params["soon_us"])
    counts = connection.execute(
        select(
            func.count().label("total"),
            func.coalesce(func.sum(case((is_overdue, 1), else_=0)), 0).label("overdue"),
            func.coalesce(func.sum(case((is_soon, 1), else_=0)), 0).label("soon"),
        )
        .select_from(tickets)
        .where(*wanted)
    ).one()
    rows = [
        {
            "ticket": told_of(dict(row)),
            "due_us": None if row["queue_due_us"] == NO_DEADLINE else row["queue_due_us"],
            "owed": row["owed"],
        }
        for row in connection.execute(page).mappings()
    ]
    total, overdue, soon = map(int, counts)
    return {"rows": rows, "total": total, "overdue": overdue, "soon": soon}


def newest_ticket_change(connection: Connection, _: Params) -> int:
    """The position of the newest event of a ticket; 0 without one."""
    newest = connection.execute(select(func.max(tickets.c.position))).scalar()
    return int(newest or 0)
