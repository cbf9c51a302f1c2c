"""What every peer decides: a purchase as its front reads it, and the rules around a debit."""

from typing import Any, Final, NamedTuple, TypeGuard

import orjson

APPROVED: Final = "00"
INSUFFICIENT: Final = "51"
REFUSED: Final = "07"
"""Malformed, an unknown account, or an id that came before with other fields."""
WALLETS: Final = ("FOOD", "MEAL", "CASH")
FALLBACK: Final = "CASH"
WALLET_OF_MCC: Final = {"5411": "FOOD", "5412": "FOOD", "5811": "MEAL", "5812": "MEAL"}
MAX_CENTS: Final = 10**15


class Purchase(NamedTuple):
    """One request to debit an account; ``id`` is None where the client gave none."""

    account: str
    id: str | None
    amount_cents: int
    mcc: str
    merchant: str
    wallet: str
    """The MCC's own; ``FALLBACK`` pays where that does not cover the amount."""


def read(body: bytes) -> Purchase | None:
    """The purchase of a body; None for one that is malformed."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(document) is not dict:
        return None
    account, mcc, merchant = document.get("account"), document.get("mcc"), document.get("merchant")
    if not (_is_text(account) and _is_text(mcc) and _is_text(merchant)):
        return None
    purchase_id = document.get("id")
    if purchase_id is not None and not _is_text(purchase_id):
        return None
    amount_cents = _cents(document.get("totalAmount"))
    if amount_cents is None:
        return None
    wallet = WALLET_OF_MCC.get(mcc, FALLBACK)
    return Purchase(account, purchase_id, amount_cents, mcc, merchant, wallet)


def _is_text(value: Any) -> TypeGuard[str]:
    return type(value) is str and value.strip() != "" and "\0" not in value


def _cents(amount: Any) -> int | None:
    """A number of reais as centavos; None for what is no positive whole number of them."""
    if type(amount) not in {int, float}:
        return None
    cents: int = round(amount * 100)
    if not 0 < cents < MAX_CENTS or abs(amount * 100 - cents) > 1e-6 * cents:
        return None
    return cents


def source_of(purchase: Purchase, balances: dict[str, int]) -> str | None:
    """The wallet that covers the whole amount: the MCC's, else the fallback; None: neither does."""
    for wallet in (purchase.wallet, FALLBACK):
        if balances[wallet] >= purchase.amount_cents:
            return wallet
    return None
