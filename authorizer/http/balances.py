"""What an account's wallets hold, reserve and owe; an operator's corrections of it."""

from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.accounts.purchase_commands import Adjust, SetAccountStatus
from authorizer.domain.accounts.state import AccountStatus, AccountView
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import OPERATIONS, PURCHASES_READ
from authorizer.http.api.endpoints import UNCHANGED, endpoint
from authorizer.http.api.fields import ChangeCents, Document, Money, PurchaseId, ShortText, Wallet
from authorizer.http.api.problems import accepted
from authorizer.http.api.wire import json_response, money, read_document


class AdjustmentDocument(Document):
    """A signed correction of a wallet, once under its `id`, with why."""

    id: PurchaseId
    wallet: Wallet
    amount: ChangeCents
    reason: ShortText


class AccountStatusDocument(Document):
    """What an account is to be open for, and why."""

    status: Literal["active", "frozen", "closed"]
    reason: ShortText

    def command(self, account_id: str, by: str) -> SetAccountStatus:
        """Have the account be open for that; `by` is who asks, as the journal has it."""
        return SetAccountStatus(account_id, AccountStatus(self.status), self.reason, by)


class Balance(TypedDict):
    """A wallet: `ledger` is `available` and `held`; `owed` is paid by the next money that comes."""

    available: Money
    held: Money
    ledger: Money
    owed: Money


class Balances(TypedDict):
    """An account's wallets, as they stand."""

    account: str
    status: Literal["active", "frozen", "closed"]
    balances: dict[str, Balance]


class BalanceEndpoints:
    """`/accounts/{account}/balances`, `/adjustments` and `/status`."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @endpoint("GET", "/accounts/{account}/balances", PURCHASES_READ, answers={200: Balances})
    async def get(self, request: Request) -> Response:
        """Tell what each wallet holds, reserves and owes."""
        return await self._ask(ReadAccount(request.path_params["account"]))

    @endpoint(
        "POST",
        "/accounts/{account}/adjustments",
        OPERATIONS,
        body=AdjustmentDocument,
        answers={201: Balances, 200: Balances},
        problems=(409,),
        repeated="With the same `id`: 200 and nothing moves; with other members under it: 409.",
    )
    async def adjust(self, request: Request) -> Response:
        """Correct a wallet; it never falls below zero by that."""
        document = await read_document(request, AdjustmentDocument)
        return await self._ask(
            Adjust(
                account_id=request.path_params["account"],
                adjustment_id=document.id,
                wallet=document.wallet,
                amount_cents=document.amount,
                reason=document.reason,
                by=caller_of(request).by,
            )
        )

    @endpoint(
        "PUT",
        "/accounts/{account}/status",
        OPERATIONS,
        body=AccountStatusDocument,
        answers={200: Balances},
        problems=(409,),
        repeated=UNCHANGED,
    )
    async def set_status(self, request: Request) -> Response:
        """Freeze an account, close it, or make it active again."""
        document = await read_document(request, AccountStatusDocument)
        account_id, by = request.path_params["account"], caller_of(request).by
        return await self._ask(document.command(account_id, by))

    async def _ask(self, command: Any) -> Response:
        done, account = accepted(await self._dispatcher.ask(command))
        return json_response(_balances(account), 201 if done.created else 200)


def _balances(account: AccountView) -> dict[str, Any]:
    return {
        "account": account.account_id,
        "status": account.status.value,
        "balances": {
            wallet: _balance(
                cents, account.held_cents.get(wallet, 0), account.owed_cents.get(wallet, 0)
            )
            for wallet, cents in account.wallets_cents.items()
        },
    }


def _balance(available_cents: int, held_cents: int, owed_cents: int) -> dict[str, Any]:
    return {
        "available": money(available_cents),
        "held": money(held_cents),
        "ledger": money(available_cents + held_cents),
        "owed": money(owed_cents),
    }
