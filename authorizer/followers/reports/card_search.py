"""The query `cards_ending`: cards by the last four digits of their number."""

from typing import Any

from sqlalchemy import Connection, select

from authorizer.followers.reports.bounds import MAX_PAGE_ROWS
from authorizer.followers.reports.tables.care_schema import cards
from authorizer.followers.reports.tables.pages import Params


def cards_ending(connection: Connection, params: Params) -> Any:
    """The cards whose number ends in `last_four`, by their ids: `rows`, up to `limit` of them.

    Each with its `customer_id`. `more`: whether there are others.
    """
    limit = min(params["limit"], MAX_PAGE_ROWS)
    query = (
        select(cards.c.card_id, cards.c.customer_id)
        .where(cards.c.last_four == params["last_four"])
        .order_by(cards.c.card_id)
        .limit(limit + 1)
    )
    rows = [
        {"card_id": card_id, "customer_id": customer_id}
        for card_id, customer_id in connection.execute(query)
    ]
    return {"rows": rows[:limit], "more": len(rows) > limit}
