"""Holds, and what becomes of them: increments, captures, reversals, refunds."""

import time
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.accounts.purchase_commands import ReadPurchase
from authorizer.followers.reports.client import Reports
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import CAPTURES, PURCHASES_READ, REFUNDS, TERMINALS
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import (
    Cursor,
    Document,
)
from authorizer.http.api.paging import DEFAULT_ROWS, CursorOfOne, Rows, cursor_of, key_of
from authorizer.http.api.problems import accepted
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.wire import json_response, read_document
from authorizer.http.connection.protocol import RECEIVED
from authorizer.http.purchase_document import Purchase, purchase_document
from authorizer.http.purchase_requests import (
    COMMAND_OF,
    PURCHASE_PATH,
    PURCHASES_PATH,
    Asked,
    AuthorizationDocument,
    CaptureDocument,
    IncrementDocument,
    RefundDocument,
    ReversalDocument,
)

_REPEATED = "With the same `id`: 200, the purchase as it stands; with other members under it: 409."


class AuthorizationsQuery(Query):
    """`GET /accounts/{account}/authorizations`."""

    status: Literal["declined", "pending", "closed", "reversed", "expired"] | None = None
    limit: Rows = DEFAULT_ROWS
    before: CursorOfOne | None = None

    def page(self) -> dict[str, Any]:
        """The page as the reports are asked for it."""
        before = self.before and key_of(self.before, 1)
        return {"status": self.status, "limit": self.limit, "before": before}


class Authorizations(TypedDict):
    """A page of an account's purchases, newest first."""

    account: str
    authorizations: list[Purchase]
    next: Cursor | None


class AuthorizationEndpoints:
    """`/accounts/{account}/authorizations` and all below."""

    def __init__(self, dispatcher: Dispatcher, reports: Reports) -> None:
        self._dispatcher = dispatcher
        self._reports = reports

    @endpoint(
        "POST",
        PURCHASES_PATH,
        TERMINALS,
        body=AuthorizationDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def authorize(self, request: Request) -> Response:
        """Decide a hold; a decline is a decision too."""
        return await self._do(request, AuthorizationDocument)

    @endpoint(
        "GET",
        PURCHASES_PATH,
        PURCHASES_READ,
        query=AuthorizationsQuery,
        answers={200: Authorizations},
    )
    async def list(self, request: Request) -> Response:
        """List an account's purchases that have an id, newest first."""
        query = query_of(request, AuthorizationsQuery)
        account_id = request.path_params["account"]
        accepted(await self._dispatcher.ask(ReadAccount(account_id)))
        page = await self._reports.query("authorizations", account_id=account_id, **query.page())
        found = [
            accepted(await self._dispatcher.ask(ReadPurchase(account_id, purchase_id)))[1]
            for purchase_id in page["ids"]
        ]
        return json_response(
            {
                "account": account_id,
                "authorizations": [purchase_document(purchase) for purchase in found],
                "next": cursor_of(page["next"]),
            }
        )

    @endpoint("GET", PURCHASE_PATH, PURCHASES_READ, answers={200: Purchase})
    async def get(self, request: Request) -> Response:
        """Describe a purchase."""
        return await self._ask(ReadPurchase(*_names(request)))

    @endpoint(
        "POST",
        f"{PURCHASE_PATH}/increments",
        TERMINALS,
        body=IncrementDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def increment(self, request: Request) -> Response:
        """Hold more of the same source; the newest operation says whether it was approved."""
        return await self._do(request, IncrementDocument)

    @endpoint(
        "POST",
        f"{PURCHASE_PATH}/captures",
        CAPTURES,
        body=CaptureDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def capture(self, request: Request) -> Response:
        """Take money of a purchase for good."""
        return await self._do(request, CaptureDocument)

    @endpoint(
        "POST",
        f"{PURCHASE_PATH}/reversals",
        CAPTURES,
        body=ReversalDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def reverse(self, request: Request) -> Response:
        """Undo a purchase, or a part of it."""
        return await self._do(request, ReversalDocument)

    @endpoint(
        "POST",
        f"{PURCHASE_PATH}/refunds",
        REFUNDS,
        body=RefundDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def refund(self, request: Request) -> Response:
        """Give captured money back."""
        return await self._do(request, RefundDocument)

    async def _do(self, request: Request, model: type[Document]) -> Response:
        document = await read_document(request, model)
        received_ns = request.scope.get("state", {}).get(RECEIVED) or time.monotonic_ns()
        account_id, purchase_id = request.path_params["account"], request.path_params.get("id", "")
        asked = Asked(account_id, purchase_id, received_ns, caller_of(request))
        command = COMMAND_OF[model](asked, document)
        return command if isinstance(command, Response) else await self._ask(command)

    async def _ask(self, command: Any) -> Response:
        done, purchase = accepted(await self._dispatcher.ask(command))
        return json_response(purchase_document(purchase), 201 if done.created else 200)


def _names(request: Request) -> tuple[str, str]:
    """The account and the purchase that a path names."""
    return request.path_params["account"], request.path_params["id"]
