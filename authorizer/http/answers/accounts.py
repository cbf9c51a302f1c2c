"""The answers of accounts and merchants."""

from typing_extensions import TypedDict

from authorizer.http.answers.common import Money


class Account(TypedDict):
    """An account, as it stands."""

    account: str
    balances: dict[str, Money]
    cliente_id: str | None
    cards: list[str]


class Merchant(TypedDict):
    """A merchant override."""

    name: str
    mcc: str
