"""What surrounds the load over HTTP: opening accounts, reading balances, asking again."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from loadtest.books import FIGURES, Figures
from loadtest.life_limits import Limit
from loadtest.life_messages import Operation, cents_of
from loadtest.merchants import REGISTERED_MCC_BY_NAME
from loadtest.model import CODE_BY_BODY
from tests.support.client import Client
from tests.support.documents import decode

HEADERS = {"Content-Type": "application/json"}


class UnexpectedAnswerError(Exception):
    """The server answered, but not as its contract says."""


def register_merchants(client: Client) -> None:
    """Make the registered names win over the MCC of a purchase."""
    for name, mcc in REGISTERED_MCC_BY_NAME.items():
        answer = client.put("/merchants", {"name": name, "mcc": mcc})
        if answer.status not in (200, 201):
            raise UnexpectedAnswerError(f"registering {name!r}: {answer}")


def open_account(client: Client, account: str, balances_cents: Mapping[str, int]) -> None:
    """Open an account that does not exist yet."""
    reais = {wallet: str(Decimal(cents) / 100) for wallet, cents in balances_cents.items()}
    client.open_account(account, **reais)


def put_limit(client: Client, account: str, limit: Limit) -> None:
    """Put a limit on an account that has not spent yet."""
    answer = client.put(f"/accounts/{account}/limits/{limit.name}", limit.document())
    if answer.status != 201:
        raise UnexpectedAnswerError(f"limit {limit.name!r} on {account}: {answer}")


def balances_cents(client: Client, account: str) -> dict[str, int]:
    """What is available in the wallets of an account, in centavos."""
    return {wallet: int(Decimal(text) * 100) for wallet, text in client.balances(account).items()}


def wallets_cents(client: Client, account: str) -> dict[str, Figures]:
    """The wallets of an account: each figure in centavos."""
    answer = client.get(f"/accounts/{account}/balances")
    if answer.status != 200:
        raise UnexpectedAnswerError(f"balances of {account}: {answer}")
    wallets = answer.json()["balances"].items()
    return {
        wallet: {figure: cents_of(told[figure]) for figure in FIGURES} for wallet, told in wallets
    }


def ask(client: Client, body: str) -> str:
    """Post a transaction; its code. ``OSError`` or ``HTTPException`` if no answer came."""
    answer = client.send("POST", "/transactions", body.encode(), HEADERS)
    code = CODE_BY_BODY.get(answer.body)
    if answer.status != 200 or code is None:
        raise UnexpectedAnswerError(f"{body}: {answer}")
    return code


def ask_operation(client: Client, operation: Operation) -> tuple[int, dict[str, Any]]:
    """Post an operation; its status and document. Raises as :func:`ask` does."""
    answer = client.send("POST", operation.path(), operation.body().encode(), HEADERS)
    return answer.status, document_of(answer.body)


def document_of(body: bytes) -> dict[str, Any]:
    """The document of an answer, numbers as Decimal; empty where it is none."""
    try:
        document = decode(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
