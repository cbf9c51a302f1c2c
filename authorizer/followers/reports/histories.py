"""The queries `card_operations`, `customer_contacts` and `account_changes`: histories."""

from typing import Any

from sqlalchemy import Connection, Table, select

from authorizer.followers.reports.tables.care_schema import (
    account_changes as changes,
)
from authorizer.followers.reports.tables.care_schema import contacts, operations
from authorizer.followers.reports.tables.pages import Params, newest_first, page_of


def card_operations(connection: Connection, params: Params) -> Any:
    """A page of a customer's card operations, newest first: `customer_id`, `limit`, `before`."""
    return _history(connection, operations, params)


def customer_contacts(connection: Connection, params: Params) -> Any:
    """A page of a customer's contacts, newest first: `customer_id`, `limit`, `before`."""
    return _history(connection, contacts, params)


def account_changes(connection: Connection, params: Params) -> Any:
    """A page of an account's changes of status, newest first: `account_id`, `limit`, `before`."""
    query = select(changes).where(changes.c.account_id == params["account_id"])
    key = ("position",)
    return page_of(connection, newest_first(query, changes, key, params), params, key)


def _history(connection: Connection, table: Table, params: Params) -> Any:
    query = select(table).where(table.c.customer_id == params["customer_id"])
    key = ("at_us", "position", "part")
    return page_of(connection, newest_first(query, table, key, params), params, key)
