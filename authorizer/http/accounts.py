"""Accounts, credits and merchant overrides."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.domain.accounts.commands import Credit, OpenAccount, ReadAccount
from authorizer.domain.accounts.state import AccountView
from authorizer.domain.merchants.commands import (
    ReadMerchants,
    RegisterMerchant,
    RemoveMerchant,
)
from authorizer.domain.outcomes import Refusal
from authorizer.http.answers.accounts import Account, Merchant
from authorizer.http.api.endpoints import (
    BOTH_READ,
    OPERATIONS,
    OPERATIONS_READ,
    Endpoint,
    caller_of,
)
from authorizer.http.api.paging import Key, MerchantListQuery, cursor_text, key_of
from authorizer.http.api.problems import refused
from authorizer.http.api.query import query_of
from authorizer.http.api.wire import checked, json_response, money, read_document
from authorizer.http.documents import (
    AccountDocument,
    CreditDocument,
    Identity,
    MerchantDocument,
    MerchantQuery,
)

Entry = tuple[str, str]
"""A merchant override: its name as registered, and its MCC."""


class Accounts:
    """The endpoints of accounts and merchants."""

    def __init__(self, desk: Dispatcher) -> None:
        self._desk = desk

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        account, merchants = "/accounts/{account}", "/merchants"
        return [
            Endpoint(
                "PUT",
                account,
                self.put,
                OPERATIONS,
                "Open an account.",
                body=AccountDocument,
                answers={201: Account, 200: Account},
                problems=(409,),
            ),
            Endpoint(
                "GET",
                account,
                self.get,
                BOTH_READ,
                "Describe an account.",
                answers={200: Account},
            ),
            Endpoint(
                "POST",
                f"{account}/credits",
                self.credit,
                OPERATIONS,
                "Credit a wallet, once per id.",
                body=CreditDocument,
                answers={201: Account, 200: Account},
                problems=(409,),
            ),
            Endpoint(
                "PUT",
                merchants,
                self.put_merchant,
                OPERATIONS,
                "Register a merchant override.",
                body=MerchantDocument,
                answers={201: Merchant, 200: Merchant},
                problems=(409,),
            ),
            Endpoint(
                "GET",
                merchants,
                self.merchants,
                OPERATIONS_READ,
                "List the merchant overrides.",
                query=MerchantListQuery,
                answers={200: list[Merchant]},
                headers=("Link",),
            ),
            Endpoint(
                "DELETE",
                merchants,
                self.delete_merchant,
                OPERATIONS,
                "Take a merchant override out.",
                query=MerchantQuery,
                answers={204: None},
                problems=(404,),
            ),
        ]

    async def put(self, request: Request) -> Response:
        """Open an account."""
        account_id = checked(Identity, request.path_params["account"], "account")
        document = await read_document(request, AccountDocument)
        return _account_answer(
            await self._desk.account(
                OpenAccount(
                    account_id, document.balances, document.cliente_id, caller_of(request).by
                )
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
                Credit(
                    account_id,
                    document.id,
                    document.category,
                    document.amount,
                    caller_of(request).by,
                )
            )
        )

    async def put_merchant(self, request: Request) -> Response:
        """Register a merchant override."""
        document = await read_document(request, MerchantDocument)
        answer = await self._desk.merchant_table(
            RegisterMerchant(document.name, document.mcc, caller_of(request).by)
        )
        if isinstance(answer, Refusal):
            return refused(answer)
        return json_response(
            {"name": document.name, "mcc": document.mcc}, 201 if answer[0].created else 200
        )

    async def merchants(self, request: Request) -> Response:
        """List the merchant overrides: all, or a page of them."""
        query = query_of(request, MerchantListQuery)
        answer = await self._desk.merchant_table(ReadMerchants())
        if isinstance(answer, Refusal):
            return refused(answer)
        entries: list[Entry] = answer[1]
        start = 0 if query.before is None else _behind(key_of(query.before, 2), entries)
        end = len(entries) if query.limit is None else start + query.limit
        page = entries[start:end]
        response = json_response([{"name": name, "mcc": mcc} for name, mcc in page])
        if end < len(entries):
            cursor = cursor_text((end - 1, _mark(page[-1])))
            response.headers["Link"] = (
                f'</merchants?limit={query.limit}&before={cursor}>; rel="next"'
            )
        return response

    async def delete_merchant(self, request: Request) -> Response:
        """Take a merchant override out."""
        name = query_of(request, MerchantQuery).name
        answer = await self._desk.merchant_table(RemoveMerchant(name, caller_of(request).by))
        return refused(answer) if isinstance(answer, Refusal) else Response(status_code=204)


def _behind(key: Key, entries: Sequence[Entry]) -> int:
    """The place behind the entry that a cursor names: its place then, and a mark of its name.

    Entries come in at the end, so one that moved has moved up. Where it was removed, the one behind
    it has its place.
    """
    place, mark = key
    for at in range(min(place, len(entries) - 1), -1, -1):
        if _mark(entries[at]) == mark:
            return at + 1
    return max(0, place)


def _mark(entry: Entry) -> int:
    return crc32(entry[0].encode())


def _account_answer(answer: Answer[AccountView]) -> Response:
    if isinstance(answer, Refusal):
        return refused(answer)
    done, account = answer
    return json_response(account_document(account), 201 if done.created else 200)


def account_document(account: AccountView) -> dict[str, Any]:
    """An account, as it stands."""
    return {
        "account": account.account_id,
        "balances": {name: money(cents) for name, cents in account.wallets_cents.items()},
        "cliente_id": account.customer_id,
        "cards": [card.card_id for card in account.cards],
    }
