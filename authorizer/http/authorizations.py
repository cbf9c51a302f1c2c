"""Holds, and what becomes of them: increments, captures, reversals, refunds."""

import time
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.access import Role
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    IncrementHold,
    ReadPurchase,
    Refund,
    Reverse,
)
from authorizer.followers.reports.client import Reports
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import CAPTURES, PURCHASES_READ, REFUNDS, TERMINALS
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import (
    WHOLE,
    CardIdText,
    Cursor,
    Document,
    MccText,
    MerchantText,
    PositiveCents,
    Product,
    PurchaseId,
)
from authorizer.http.api.paging import DEFAULT_ROWS, CursorOfOne, Rows, cursor_of, key_of
from authorizer.http.api.problems import accepted, problem_response
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.wire import json_response, read_document
from authorizer.http.purchase_document import Purchase, purchase_document

_PATH = "/accounts/{account}/authorizations"
_ONE = f"{_PATH}/{{id}}"
_REPEATED = "With the same `id`: 200, the purchase as it stands; with other members under it: 409."


HoldHours = Annotated[int, Field(ge=1, le=744), WHOLE]


class AuthorizationDocument(Document):
    """A purchase whose money is to be held."""

    id: PurchaseId
    amount: PositiveCents
    mcc: MccText
    merchant: MerchantText
    card: CardIdText | None = None
    partial: StrictBool = False
    hold_hours: HoldHours | None = None
    product: Product | None = None


class IncrementDocument(Document):
    """More that is to be held for a purchase."""

    id: PurchaseId
    amount: PositiveCents


class CaptureDocument(Document):
    """What is to be taken for good; without `amount` all that is held.

    `force` books it whatever happens. Then `mcc`, `merchant` and `card` say what an unknown
    purchase was.
    """

    id: PurchaseId
    amount: PositiveCents | None = None
    final: StrictBool = True
    force: StrictBool = False
    mcc: MccText | None = None
    merchant: MerchantText | None = None
    card: CardIdText | None = None


class ReversalDocument(Document):
    """What is to be undone; without `amount` all that can be.

    With `if_unknown` a purchase that is not there is declined when it comes.
    """

    id: PurchaseId
    amount: PositiveCents | None = None
    if_unknown: Literal["decline"] | None = None


class RefundDocument(Document):
    """Captured money that is to be given back; without `amount` all that is left."""

    id: PurchaseId
    amount: PositiveCents | None = None


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
        _PATH,
        TERMINALS,
        body=AuthorizationDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def authorize(self, request: Request) -> Response:
        """Decide a hold; a decline is a decision too."""
        received_ns = time.monotonic_ns()
        document = await read_document(request, AuthorizationDocument)
        return await self._ask(
            AuthorizeHold(
                account_id=request.path_params["account"],
                purchase_id=document.id,
                amount_cents=document.amount,
                mcc=document.mcc,
                merchant=document.merchant,
                card_id=document.card,
                partial=document.partial,
                hold_hours=document.hold_hours,
                product=document.product,
                received_ns=received_ns,
                by=caller_of(request).by,
            )
        )

    @endpoint(
        "GET",
        _PATH,
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

    @endpoint("GET", _ONE, PURCHASES_READ, answers={200: Purchase})
    async def get(self, request: Request) -> Response:
        """Describe a purchase."""
        return await self._ask(ReadPurchase(*_names(request)))

    @endpoint(
        "POST",
        f"{_ONE}/increments",
        TERMINALS,
        body=IncrementDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def increment(self, request: Request) -> Response:
        """Hold more of the same source; the newest operation says whether it was approved."""
        received_ns = time.monotonic_ns()
        document = await read_document(request, IncrementDocument)
        return await self._ask(
            IncrementHold(
                *_names(request), document.id, document.amount, received_ns, caller_of(request).by
            )
        )

    @endpoint(
        "POST",
        f"{_ONE}/captures",
        CAPTURES,
        body=CaptureDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def capture(self, request: Request) -> Response:
        """Take money of a purchase for good."""
        document = await read_document(request, CaptureDocument)
        caller = caller_of(request)
        if document.force and caller.role not in (None, Role.OPERATOR):
            return problem_response(403, "only an operador may capture by force")
        return await self._ask(
            Capture(
                *_names(request),
                operation_id=document.id,
                amount_cents=document.amount,
                final=document.final,
                force=document.force,
                mcc=document.mcc,
                merchant=document.merchant,
                card_id=document.card,
                by=caller.by,
            )
        )

    @endpoint(
        "POST",
        f"{_ONE}/reversals",
        CAPTURES,
        body=ReversalDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def reverse(self, request: Request) -> Response:
        """Undo a purchase, or a part of it."""
        document = await read_document(request, ReversalDocument)
        by = caller_of(request).by
        return await self._ask(
            Reverse(*_names(request), document.id, document.amount, document.if_unknown, by)
        )

    @endpoint(
        "POST",
        f"{_ONE}/refunds",
        REFUNDS,
        body=RefundDocument,
        answers={201: Purchase, 200: Purchase},
        problems=(409,),
        repeated=_REPEATED,
    )
    async def refund(self, request: Request) -> Response:
        """Give captured money back."""
        document = await read_document(request, RefundDocument)
        by = caller_of(request).by
        return await self._ask(Refund(*_names(request), document.id, document.amount, by))

    async def _ask(self, command: Any) -> Response:
        done, purchase = accepted(await self._dispatcher.ask(command))
        return json_response(purchase_document(purchase), 201 if done.created else 200)


def _names(request: Request) -> tuple[str, str]:
    """The account and the purchase that a path names."""
    return request.path_params["account"], request.path_params["id"]
