"""What moved an account's wallets, from the read models."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Reason, Refusal
from authorizer.followers.reports.client import Reports
from authorizer.http.answers.histories import Statement
from authorizer.http.api.endpoints import BOTH_READ, Endpoint
from authorizer.http.api.paging import StatementQuery, cursor_of
from authorizer.http.api.problems import refused
from authorizer.http.api.query import query_of
from authorizer.http.api.wire import json_response, money, time_text


class Statements:
    """The endpoint of statements."""

    def __init__(self, desk: Dispatcher, reports: Reports) -> None:
        self._desk = desk
        self._reports = reports

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        return [
            Endpoint(
                "GET",
                "/accounts/{account}/transactions",
                self.get,
                BOTH_READ,
                "List an account's movements, approved and declined, newest first.",
                query=StatementQuery,
                answers={200: Statement},
            )
        ]

    async def get(self, request: Request) -> Response:
        """A page of the statement."""
        query = query_of(request, StatementQuery)
        account_id = request.path_params["account"]
        known = await self._desk.known_account(ReadAccount(account_id))
        if isinstance(known, Refusal):
            return refused(known)
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
        "mcc": row["mcc"],
        "merchant": row["merchant"],
        "card": row["card_id"],
        "override_mcc": row["override_mcc"],
    }
    return {
        "type": row["type"],
        "code": row["code"] or Reason.APPROVED.code,
        "reason": row["reason"] or Reason.APPROVED.word,
        "amount": money(int(row["amount_cents"])),
        "source": row["source"],
        "wallet": row["wallet"],
        "available_change": money(row["available_cents"]),
        "held_change": money(row["held_cents"]),
        "at": time_text(WrittenTime(row["at_us"])),
        **{name: value for name, value in optional.items() if value is not None},
    }
