"""Every query of the tables, by name. Questions and answers are plain JSON values."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from authorizer.actors.business_hours import BusinessHours
from authorizer.followers.reports.card_search import cards_ending
from authorizer.followers.reports.export.all_reports import AllReports
from authorizer.followers.reports.export.page import page_of
from authorizer.followers.reports.histories import (
    account_changes,
    card_operations,
    customer_contacts,
)
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.purchases.authorizations import authorizations, spending
from authorizer.followers.reports.purchases.moved import moved_since
from authorizer.followers.reports.purchases.statement import statement
from authorizer.followers.reports.report_request import ReportRequest
from authorizer.followers.reports.tables.pages import Params
from authorizer.followers.reports.tickets.listing import ticket_list
from authorizer.followers.reports.tickets.queue import newest_ticket_change, ticket_queue

Query = Callable[[Connection, Params], Any]


def make_queries() -> Mapping[str, Query]:
    """The queries of one database, with caches of their own.

    A query is one function of a connection and its parameters. Several threads call it.
    """
    reports = AllReports()

    def report_page(connection: Connection, params: Params) -> Any:
        return page_of(reports(connection, _request(params)))

    return {
        "statement": statement,
        "authorizations": authorizations,
        "spending": spending,
        "moved_since": moved_since,
        "account_changes": account_changes,
        "card_operations": card_operations,
        "customer_contacts": customer_contacts,
        "cards_ending": cards_ending,
        "ticket_list": ticket_list,
        "ticket_queue": ticket_queue,
        "newest_ticket_change": newest_ticket_change,
        "service_report": reports.service,
        "transaction_report": reports.transactions,
        "report_page": report_page,
    }


def _request(params: Params) -> ReportRequest:
    """The parameters of `report_page`: `about`, and those of `service_report` but `by`."""
    return ReportRequest(
        Period(params["start_us"], params["end_us"]),
        params["now_us"],
        BusinessHours.from_json(params["hours"]),
        LocalDays(params["time_zone"]),
        params["about"],
    )
