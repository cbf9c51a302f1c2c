"""What surrounds the load over HTTP: opening accounts, reading balances, asking again."""

from collections.abc import Mapping
from decimal import Decimal

from loadtest.merchants import REGISTERED_MCC_BY_NAME
from loadtest.model import CODE_BY_BODY
from tests.support.client import Client

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


def balances_cents(client: Client, account: str) -> dict[str, int]:
    """The balances of an account in centavos, by wallet."""
    return {wallet: int(Decimal(text) * 100) for wallet, text in client.balances(account).items()}


def ask(client: Client, body: str) -> str:
    """Post a transaction; its code. ``OSError`` or ``HTTPException`` if no answer came."""
    answer = client.send("POST", "/transactions", body.encode(), HEADERS)
    code = CODE_BY_BODY.get(answer.body)
    if answer.status != 200 or code is None:
        raise UnexpectedAnswerError(f"{body}: {answer}")
    return code
