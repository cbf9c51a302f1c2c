"""Accounts, credits and merchant overrides."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.actors.desk import Answer, Desk
from authorizer.domain.account import AccountView
from authorizer.domain.commands import (
    Credit,
    OpenAccount,
    ReadAccount,
    ReadMerchants,
    RegisterMerchant,
    RemoveMerchant,
)
from authorizer.domain.outcomes import Refusal
from authorizer.http.documents import AccountDocument, CreditDocument, Identity, MerchantDocument
from authorizer.http.problems import FieldError, InvalidRequestError, refused
from authorizer.http.transactions import ANYBODY
from authorizer.http.wire import checked, json_response, money, read_document, resource


class Accounts:
    """The endpoints of accounts and merchants."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            resource("/accounts/{account}", PUT=self.put, GET=self.get),
            resource("/accounts/{account}/credits", POST=self.credit),
            resource(
                "/merchants",
                PUT=self.put_merchant,
                GET=self.merchants,
                DELETE=self.delete_merchant,
            ),
        ]

    async def put(self, request: Request) -> Response:
        """Open an account."""
        account_id = checked(Identity, request.path_params["account"], "account")
        document = await read_document(request, AccountDocument)
        return _account_answer(
            await self._desk.account(
                OpenAccount(account_id, document.balances, document.cliente_id, ANYBODY)
            )
        )

    async def get(self, request: Request) -> Response:
        """Describe an account."""
        return _account_answer(
            await self._desk.known_account(ReadAccount(request.path_params["account"]))
        )

    async def credit(self, request: Request) -> Response:
        """Credit a wallet."""
        document = await read_document(request, CreditDocument)
        account_id = request.path_params["account"]
        return _account_answer(
            await self._desk.known_account(
                Credit(account_id, document.id, document.category, document.amount, ANYBODY)
            )
        )

    async def put_merchant(self, request: Request) -> Response:
        """Register a merchant override."""
        document = await read_document(request, MerchantDocument)
        answer = await self._desk.merchant_table(
            RegisterMerchant(document.name, document.mcc, ANYBODY)
        )
        if isinstance(answer, Refusal):
            return refused(answer)
        return json_response(
            {"name": document.name, "mcc": document.mcc}, 201 if answer[0].created else 200
        )

    async def merchants(self, _: Request) -> Response:
        """List the merchant overrides."""
        answer = await self._desk.merchant_table(ReadMerchants())
        if isinstance(answer, Refusal):
            return refused(answer)
        return json_response([{"name": name, "mcc": mcc} for name, mcc in answer[1]])

    async def delete_merchant(self, request: Request) -> Response:
        """Take a merchant override out."""
        name = request.query_params.get("name", "")
        if not name.strip():
            raise InvalidRequestError(FieldError("name", "must say which merchant"))
        answer = await self._desk.merchant_table(RemoveMerchant(name, ANYBODY))
        return refused(answer) if isinstance(answer, Refusal) else Response(status_code=204)


def _account_answer(answer: Answer[AccountView]) -> Response:
    if isinstance(answer, Refusal):
        return refused(answer)
    done, account = answer
    return json_response(
        {
            "account": account.account_id,
            "balances": {name: money(cents) for name, cents in account.wallets_cents.items()},
            "cliente_id": account.customer_id,
            "cards": [card.card_id for card in account.cards],
        },
        201 if done.created else 200,
    )
