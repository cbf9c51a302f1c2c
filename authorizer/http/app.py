"""The ASGI application: transactions in front, Starlette behind."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from authorizer.actors.access_trail import AccessTrail, AccessTrailError
from authorizer.actors.admission import Admission
from authorizer.actors.clock import Clock
from authorizer.actors.dispatcher import Dispatcher
from authorizer.followers.reports.business_hours import BusinessHours
from authorizer.followers.reports.client import Reports, ReportsUnavailableError
from authorizer.followers.reports.local_days import LocalDays
from authorizer.http.access.audit import AccessLists, Audit
from authorizer.http.access.control import TERMINALS, Access
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.access.search_rates import SearchRates
from authorizer.http.accounts import Accounts
from authorizer.http.answers.transactions import Decision, Transaction
from authorizer.http.api.documentation import Documentation
from authorizer.http.api.endpoints import Endpoint, router_routes
from authorizer.http.api.problems import (
    InvalidRequestError,
    on_access_trail,
    on_bug,
    on_http_exception,
    on_invalid_request,
    on_reports_unavailable,
    problem_response,
)
from authorizer.http.cards import Cards
from authorizer.http.connection.request_id import request_id
from authorizer.http.customer_search import CustomerSearches
from authorizer.http.customers import Customers
from authorizer.http.histories import Histories
from authorizer.http.metrics import Metrics
from authorizer.http.operations import HealthCheck, Operations
from authorizer.http.personal_data import PersonalDataEndpoints
from authorizer.http.reports import ReportPages
from authorizer.http.statements import Statements
from authorizer.http.ticket_lists import TicketLists
from authorizer.http.tickets import Tickets
from authorizer.http.transactions import (
    PATHS,
    App,
    Bounds,
    Message,
    Receive,
    Scope,
    Send,
    Transactions,
)

log = structlog.get_logger()

TRANSACTION_ENDPOINTS: Final = tuple(
    Endpoint(
        "POST",
        path,
        None,
        TERMINALS,
        "Decide a purchase.",
        body=Transaction,
        answers={200: Decision},
        headers=("Authorizer-Reason", "Authorizer-Replayed", "Authorizer-Detail"),
        takes=("Idempotency-Key",),
    )
    for path in sorted(PATHS)
)


@dataclass(frozen=True, slots=True)
class Services:
    """What the endpoints work with."""

    desk: Dispatcher
    clock: Clock
    admission: Admission
    metrics: Metrics
    health: HealthCheck
    access: Access
    search_rates: SearchRates
    max_in_flight: int
    limit_ceiling_cents: int
    trail: AccessTrail
    reports: Reports
    desk_hours: BusinessHours


def all_endpoints(services: Services) -> list[Endpoint]:
    """Everything that can be asked over HTTP."""
    desk = services.desk
    days = LocalDays(services.desk_hours.time_zone)
    ceiling = LimitCeiling(services.access, services.limit_ceiling_cents)
    audit = Audit(services.trail, services.clock)
    declared = [
        *TRANSACTION_ENDPOINTS,
        *Accounts(desk).endpoints(),
        *Cards(desk, ceiling).endpoints(),
        *Customers(desk, ceiling, audit).endpoints(),
        *CustomerSearches(desk, services.search_rates, audit).endpoints(),
        *PersonalDataEndpoints(desk, audit).endpoints(),
        *AccessLists(desk, services.trail).endpoints(),
        *Tickets(desk.tickets, audit).endpoints(),
        *TicketLists(desk, services.reports, services.clock, days, audit).endpoints(),
        *Statements(desk, services.reports).endpoints(),
        *Histories(desk, services.reports, audit).endpoints(),
        *ReportPages(services.reports, services.clock, services.desk_hours).endpoints(),
        *Operations(services.health, services.metrics).endpoints(),
    ]
    return [*declared, *Documentation(declared).endpoints()]


def make_app(services: Services) -> App:
    """The application over what it works with."""
    starlette = Starlette(
        routes=router_routes(all_endpoints(services), services.access),
        exception_handlers={
            HTTPException: on_http_exception,
            InvalidRequestError: on_invalid_request,
            ReportsUnavailableError: on_reports_unavailable,
            AccessTrailError: on_access_trail,
            Exception: on_bug,
        },
    )
    starlette.router.redirect_slashes = False
    return Transactions(
        Traced(starlette),
        services.desk,
        services.clock,
        services.metrics,
        services.access,
        Bounds(services.admission, services.max_in_flight),
    )


class Traced:
    """Gives every answer its id, keeps it out of caches, and logs what `on_bug` answered for."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        identity = request_id(scope.get("headers", ()))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = _with_headers(message, identity)
            await send(message)

        if not _is_utf8(scope.get("raw_path", b"")):
            refusal = problem_response(400, "the path is not UTF-8")
            await refusal(scope, receive, send_with_id)
            return
        structlog.contextvars.bind_contextvars(request_id=identity.decode())
        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            log.debug("the client left")
        except Exception:
            log.exception("a bug in an endpoint", method=scope.get("method"))
        finally:
            structlog.contextvars.unbind_contextvars("request_id")


def _is_utf8(raw_path: bytes) -> bool:
    try:
        unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        return False
    return True


def _with_headers(message: Message, identity: bytes) -> MutableMapping[str, Any]:
    """The request's id; and no cache keeps what may be about a person, unless an answer says so."""
    headers = [*message.get("headers", ()), (b"x-request-id", identity)]
    if all(name != b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    return {**message, "headers": headers}
