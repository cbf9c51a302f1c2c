"""The queries `card_operations` and `customer_contacts`: the histories of a customer."""

from typing import Any

from sqlalchemy import Connection, Table, select

from authorizer.followers.reports.tables.care_schema import contacts, operations
from authorizer.followers.reports.tables.pages import Params, newest_first, page_of


def card_operations(connection: Connection, params: Params) -> Any:
    """A page of a customer's card operations, newest first: `customer_id`, `limit`, `before`."""
    return _history(connection, operations, params)


def customer_contacts(connection: Connection, params: Params) -> Any:
    """A page of a customer's contacts, newest first: `customer_id`, `limit`, `before`."""
    return _history(connection, contacts, params)


def _history(connection: Connection, table: Table, params: Params) -> Any:
    query = select(table).where(table.c.customer_id == params["customer_id"])
    key = ("at_us", "position", "part")
    return page_of(connection, newest_first(query, table, key, params), params, key)
