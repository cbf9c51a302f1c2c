"""The ASGI application: transactions in front, Starlette behind."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute

from authorizer.actors.access_trail import AccessTrail
from authorizer.actors.assembly import Actors
from authorizer.actors.batches import Batches
from authorizer.actors.business_hours import BusinessHours
from authorizer.actors.clock import Clock
from authorizer.actors.entity import OffLoop
from authorizer.actors.purchases import Purchases
from authorizer.actors.velocity_limits import VelocityLimits
from authorizer.followers.reports.client import Reports
from authorizer.followers.reports.local_days import LocalDays
from authorizer.http.access.audit import Audit
from authorizer.http.access.control import Access
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.access.search_rates import SearchRates
from authorizer.http.accesses import AccessEndpoints
from authorizer.http.accounts import AccountEndpoints
from authorizer.http.api.documentation import DocumentationEndpoints
from authorizer.http.api.endpoints import Endpoint, endpoints_of, router_routes
from authorizer.http.api.problems import EXCEPTION_HANDLERS, problem_response
from authorizer.http.authorizations import AuthorizationEndpoints
from authorizer.http.balances import BalanceEndpoints
from authorizer.http.batch import PATH as BATCH_PATH
from authorizer.http.batch import BatchEndpoint
from authorizer.http.card_controls import CardControlEndpoints
from authorizer.http.cards import CardEndpoints
from authorizer.http.connection.request_id import RequestIds
from authorizer.http.customer_search import CustomerSearchEndpoints
from authorizer.http.customers import CustomerEndpoints
from authorizer.http.decisions import DecisionEndpoints
from authorizer.http.direct_operations import DirectOperations
from authorizer.http.event_streams import EventStreams
from authorizer.http.events import EventEndpoints
from authorizer.http.histories import HistoryEndpoints
from authorizer.http.limits import LimitEndpoints
from authorizer.http.merchants import MerchantEndpoints
from authorizer.http.metrics import Metrics
from authorizer.http.operations import HealthCheck, OperatorEndpoints
from authorizer.http.personal_data import PersonalDataEndpoints
from authorizer.http.reports import ReportEndpoints
from authorizer.http.statements import StatementEndpoints
from authorizer.http.ticket_lists import TicketListEndpoints
from authorizer.http.tickets import TicketEndpoints
from authorizer.http.transaction_endpoints import TRANSACTION_ENDPOINTS
from authorizer.http.transactions import (
    App,
    Message,
    Receive,
    Scope,
    Send,
    Transactions,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that endpoints use."""

    actors: Actors
    clock: Clock
    purchases: Purchases
    batches: Batches
    limits: VelocityLimits
    metrics: Metrics
    health: HealthCheck
    access: Access
    request_ids: RequestIds
    search_rates: SearchRates
    limit_ceiling_cents: int
    trail: AccessTrail
    reports: Reports
    event_streams: EventStreams
    desk_hours: BusinessHours
    off_loop: OffLoop


def all_endpoints(services: Services) -> list[Endpoint]:
    """Every endpoint: each resource declares its own, on its methods."""
    actors, reports = services.actors, services.reports
    days = LocalDays(services.desk_hours.time_zone)
    ceiling = LimitCeiling(services.access, services.limit_ceiling_cents)
    audit = Audit(services.trail, services.clock)
    resources = (
        AccountEndpoints(actors.dispatcher),
        MerchantEndpoints(actors.dispatcher),
        CardEndpoints(actors, ceiling),
        CustomerEndpoints(actors, ceiling, audit),
        CustomerSearchEndpoints(actors, services.search_rates, audit),
        PersonalDataEndpoints(actors, audit),
        AccessEndpoints(actors.customers, services.trail),
        TicketEndpoints(actors.tickets, audit),
        TicketListEndpoints(actors.sealer, reports, services.clock, days, audit),
        AuthorizationEndpoints(actors.dispatcher, reports),
        BalanceEndpoints(actors.dispatcher),
        LimitEndpoints(services.limits),
        CardControlEndpoints(actors.dispatcher),
        DecisionEndpoints(services.limits),
        StatementEndpoints(actors.dispatcher, reports),
        HistoryEndpoints(actors, reports, audit),
        ReportEndpoints(reports, services.clock, services.desk_hours),
        EventEndpoints(services.event_streams),
        OperatorEndpoints(services.health, services.metrics),
    )
    declared = [*TRANSACTION_ENDPOINTS, *chain.from_iterable(map(endpoints_of, resources))]
    return [*declared, *endpoints_of(DocumentationEndpoints(declared, services.off_loop))]


def make_app(services: Services, others: Sequence[BaseRoute] = ()) -> App:
    """The ASGI application over these services; `others` are routes that are no calls."""
    endpoints = all_endpoints(services)
    starlette = Starlette(
        routes=[*router_routes(endpoints, services.access), *others],
        exception_handlers=EXCEPTION_HANDLERS,
    )
    starlette.router.redirect_slashes = False
    access, purchases, ids = services.access, services.purchases, services.request_ids
    operations = DirectOperations(endpoints, services.actors.dispatcher, access, purchases, ids)
    traced = Traced(starlette, ids)
    batches = BatchEndpoint(services.batches, access, ids)

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        is_batch = scope["type"] == "http" and scope["path"] == BATCH_PATH
        await (batches if is_batch else traced)(scope, receive, send)

    return Transactions(behind, purchases, access, services.clock, ids, operations)


class Traced:
    """Adds the request id and `no-store` to every answer; logs the bugs that `on_bug` answers."""

    def __init__(self, app: App, ids: RequestIds) -> None:
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back."""
        identity = self._ids.of(scope.get("headers", ()))

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
    """Add the request id, and `no-store` unless the answer has a `Cache-Control` of its own."""
    headers = [*message.get("headers", ()), (b"x-request-id", identity)]
    if all(name != b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    return {**message, "headers": headers}
