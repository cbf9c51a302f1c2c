"""Statements: the movements of an account's wallets, from the read models."""

from typing import Any, Literal, NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.moments import WrittenTime
from authorizer.followers.reports.client import Reports
from authorizer.http.access.roles import BOTH_READ
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import Cursor, Moment, Money
from authorizer.http.api.paging import DEFAULT_ROWS, CursorOfOne, Rows, cursor_of, key_of
from authorizer.http.api.problems import accepted
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.wire import json_response, money, time_text


class StatementQuery(Query):
    """`GET /accounts/{account}/transactions`."""

    limit: Rows = DEFAULT_ROWS
    before: CursorOfOne | None = None

    def page(self) -> dict[str, Any]:
        """The page, as parameters of the reports' query."""
        return {"limit": self.limit, "before": self.before and key_of(self.before, 1)}


class LimitOfLine(TypedDict):
    """A limit, the account's own or one for every account."""

    name: str
    level: Literal["account", "global"]


class DeciderOfLine(TypedDict):
    """What declined a purchase: a card's control, a limit, or the product.

    `level` is that of a limit; null for others, and where an older record does not tell it.
    """

    rule: Literal["controls", "limit", "product"]
    name: str
    level: Literal["account", "global"] | None


class Movement(TypedDict):
    """A purchase that was decided, a credit, an adjustment, or what happened to a purchase.

    `id` is that of the purchase, the credit or the adjustment, `operation_id` that of what was done
    to a purchase. `reference` is what a credit gives back or stands for, where that was said.

    `source` is the wallet that paid, or `credit_limit`; null where nothing was paid. `wallet` is
    the one that moved, by `available_change` and `held_change`; null where none did.

    `decided_by` is what declined it, where the reason alone does not say it. `shadow` names the
    limits in the shadow that would have declined it.
    """

    type: Literal[
        "purchase",
        "credit",
        "authorization",
        "increment",
        "capture",
        "reversal",
        "refund",
        "expiry",
        "adjustment",
    ]
    id: NotRequired[str]
    operation_id: NotRequired[str]
    reference: NotRequired[str]
    code: str
    reason: str
    amount: Money
    mcc: NotRequired[str]
    merchant: NotRequired[str]
    card: NotRequired[str]
    product: NotRequired[str]
    source: str | None
    override_mcc: NotRequired[str]
    decided_by: NotRequired[DeciderOfLine]
    shadow: NotRequired[list[LimitOfLine]]
    wallet: str | None
    available_change: Money
    held_change: Money
    at: Moment


class Statement(TypedDict):
    """A page of an account's movements, approved and declined, newest first."""

    account: str
    transactions: list[Movement]
    next: Cursor | None


class StatementEndpoints:
    """`/accounts/{account}/transactions`."""

    def __init__(self, dispatcher: Dispatcher, reports: Reports) -> None:
        self._dispatcher = dispatcher
        self._reports = reports

    @endpoint(
        "GET",
        "/accounts/{account}/transactions",
        BOTH_READ,
        query=StatementQuery,
        answers={200: Statement},
    )
    async def get(self, request: Request) -> Response:
        """List an account's movements, approved and declined, newest first."""
        query = query_of(request, StatementQuery)
        account_id = request.path_params["account"]
        accepted(await self._dispatcher.ask(ReadAccount(account_id)))
        page = await self._reports.query("statement", account_id=account_id, **query.page())
        return json_response(
            {
                "account": account_id,
                "transactions": [_line(row) for row in page["rows"]],
                "next": cursor_of(page["next"]),
            }
        )


def _line(row: dict[str, Any]) -> dict[str, Any]:
    optional = {
        "id": row["id"],
        "operation_id": row["operation_id"],
        "reference": row["reference"],
        "mcc": row["mcc"],
        "merchant": row["merchant"],
        "card": row["card_id"],
        "product": row["product"],
        "override_mcc": row["override_mcc"],
        "decided_by": row["decided_by"],
        "shadow": row["shadow"],
    }
    return {
        "type": row["type"],
        "code": row["code"],
        "reason": row["reason"],
        "amount": money(int(row["amount_cents"])),
        "source": row["source"],
        "wallet": row["wallet"],
        "available_change": money(row["available_cents"]),
        "held_change": money(row["held_cents"]),
        "at": time_text(WrittenTime(row["at_us"])),
        **{name: value for name, value in optional.items() if value is not None},
    }
