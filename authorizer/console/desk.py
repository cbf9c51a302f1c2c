"""What the pages of the console ask: the actors, the reports, and the services of HTTP."""

from dataclasses import dataclass

from authorizer.actors.assembly import Actors
from authorizer.actors.clock import Clock
from authorizer.followers.reports.client import Reports
from authorizer.http.access.audit import Audit
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.customer_search import CustomerSearchEndpoints
from authorizer.http.histories import HistoryEndpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The services of the pages."""

    actors: Actors
    reports: Reports
    clock: Clock
    audit: Audit
    ceiling: LimitCeiling
    histories: HistoryEndpoints
    """The histories of the HTTP interface, whose texts it opens."""
    search: CustomerSearchEndpoints
    """The customer search of the HTTP interface, with its rates and its records."""
