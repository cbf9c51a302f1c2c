"""Accounts and their credits."""

from typing import Annotated, Any

from pydantic import Field, StrictStr
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.domain.accounts.commands import Credit, OpenAccount, ReadAccount
from authorizer.domain.accounts.state import AccountView
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import BOTH_READ, OPERATIONS
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import (
    PRINTABLE,
    Cents,
    ClientId,
    Document,
    Identity,
    Money,
    PositiveCents,
    Wallet,
)
from authorizer.http.api.problems import accepted
from authorizer.http.api.wire import checked, json_response, money, read_document

Reference = Annotated[StrictStr, Field(max_length=100), PRINTABLE]
"""What a credit gives back or stands for: the words of whoever makes it."""


class AccountDocument(Document):
    """An account's opening balances, and the customer that it belongs to."""

    balances: dict[Wallet, Cents] = Field(default_factory=dict, max_length=50)
    cliente_id: Identity | None = None


class CreditDocument(Document):
    """Money that comes into a wallet, once under its `id`.

    `reference` is what it gives back or stands for.
    """

    id: ClientId
    category: Wallet
    amount: PositiveCents
    reference: Reference | None = None


class Account(TypedDict):
    """An account, as it stands."""

    account: str
    balances: dict[str, Money]
    cliente_id: str | None
    cards: list[str]


class AccountEndpoints:
    """`/accounts/{account}` and its credits."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @endpoint(
        "PUT",
        "/accounts/{account}",
        OPERATIONS,
        body=AccountDocument,
        answers={201: Account, 200: Account},
        problems=(409,),
        repeated="200, and nothing changes, whatever was spent since.",
    )
    async def open(self, request: Request) -> Response:
        """Open an account."""
        account_id = checked(Identity, request.path_params["account"], "account")
        document = await read_document(request, AccountDocument)
        return _answer(
            await self._dispatcher.ask(
                OpenAccount(
                    account_id, document.balances, document.cliente_id, caller_of(request).by
                )
            )
        )

    @endpoint("GET", "/accounts/{account}", BOTH_READ, answers={200: Account})
    async def get(self, request: Request) -> Response:
        """Describe an account."""
        return _answer(await self._dispatcher.ask(ReadAccount(request.path_params["account"])))

    @endpoint(
        "POST",
        "/accounts/{account}/credits",
        OPERATIONS,
        body=CreditDocument,
        answers={201: Account, 200: Account},
        problems=(409,),
        repeated="With the same `id`: 200 and nothing moves; with other fields under it: 409.",
    )
    async def credit(self, request: Request) -> Response:
        """Credit a wallet, once per id."""
        document = await read_document(request, CreditDocument)
        account_id = request.path_params["account"]
        return _answer(
            await self._dispatcher.ask(
                Credit(
                    account_id,
                    credit_id=document.id,
                    wallet=document.category,
                    amount_cents=document.amount,
                    by=caller_of(request).by,
                    reference=document.reference,
                )
            )
        )


def _answer(answer: Answer[AccountView]) -> Response:
    done, account = accepted(answer)
    return json_response(account_document(account), 201 if done.created else 200)


def account_document(account: AccountView) -> dict[str, Any]:
    """Build an account, as it stands."""
    return {
        "account": account.account_id,
        "balances": {name: money(cents) for name, cents in account.wallets_cents.items()},
        "cliente_id": account.customer_id,
        "cards": [card.card_id for card in account.cards],
    }
