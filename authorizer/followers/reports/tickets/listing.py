"""The query `ticket_list`: tickets by their state, page by page."""

from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select

from authorizer.domain.tickets.state import OVER
from authorizer.followers.reports.tables.care_schema import tickets
from authorizer.followers.reports.tables.pages import Params, newest_first, page_of
from authorizer.followers.reports.tables.ticket_record import told_of


def ticket_list(connection: Connection, params: Params) -> Any:
    """A page of tickets, the one opened last first.

    Each parameter narrows the list: `status`, `customer_id`, `category`, `priority`, `attendant`,
    `channel`;
    `from_us` (inclusive) and `until_us` (exclusive) of the opening; `overdue`, the deadline that
    was missed by `now_us`, one of `_OVERDUE`; `waiting`, whether the customer waits for an answer.
    """
    query = select(tickets)
    for name in ("status", "customer_id", "category", "priority", "attendant", "channel"):
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
    page = page_of(connection, newest_first(query, tickets, key, params), params, key)
    page["rows"] = [told_of(row) for row in page["rows"]]
    return page


def _first_response_overdue(now_us: int) -> Any:
    return and_(
        tickets.c.first_response_at_us.is_(None),
        tickets.c.first_resolved_at_us.is_(None),
        tickets.c.first_response_due_us < now_us,
    )


def _resolution_overdue(now_us: int) -> Any:
    return and_(
        tickets.c.status.not_in(OVER),
        or_(
            tickets.c.resolution_due_us < now_us,
            tickets.c.ran_us > tickets.c.resolution_target_us,
        ),
    )


def _reopening_response_overdue(now_us: int) -> Any:
    return and_(
        tickets.c.status.not_in(OVER),
        tickets.c.reopening_response_due_us < now_us,
    )


def _next_response_overdue(now_us: int) -> Any:
    return tickets.c.next_response_due_us < now_us


def _legally_overdue(now_us: int) -> Any:
    return and_(tickets.c.first_resolved_at_us.is_(None), tickets.c.legal_due_us < now_us)


_OVERDUE: Final = {
    "first_response": _first_response_overdue,
    "resolution": _resolution_overdue,
    "reopening_response": _reopening_response_overdue,
    "next_response": _next_response_overdue,
    "legal": _legally_overdue,
}
