"""The members of a transaction: which are known, and which may not be passed over.

A member that nobody knows is ignored. Not so one that is a known one misspelt, nor one that would
make another purchase of it: an id that is not read debits twice, and a currency that is not read
debits in the wrong one.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from authorizer.actors.purchases import Unreadable
from authorizer.domain.outcomes import Reason

KNOWN_NAMES: Final = frozenset(
    ("account", "accountId", "totalAmount", "amount", "mcc", "merchant", "id", "card", "product")
)
ACCOUNT_NAMES: Final = ("account", "accountId")
AMOUNT_NAMES: Final = ("totalAmount", "amount")
CURRENCY: Final = "BRL"
PURCHASE_WORDS: Final = frozenset(("purchase", "compra"))
"""What `type` and `kind` may say, in whatever case."""
_MAX_NAME_LENGTH: Final = 40
_NOT_SAFE: Final = re.compile(r"[^ -~]")


def malformed(member: str, wrong: str) -> Unreadable:
    """A purchase with something wrong with a member, whose name may hold anything."""
    name = _NOT_SAFE.sub("?", member[:_MAX_NAME_LENGTH])
    return Unreadable(Reason.MALFORMED, f"{name}: {wrong}")


def _folded(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


_KNOWN_BY_FOLDED: Final = {_folded(name): name for name in KNOWN_NAMES}
_MEANT: Final[Mapping[str, str]] = {
    "cartaoid": "card",
    "cardid": "card",
    "transactionid": "id",
    "idempotencykey": "id",
}
"""Members of other interfaces, folded, and what is meant by them here."""


def unwelcome(name: str, value: Any) -> str | None:
    """Why a member may not be passed over; None where it is known or says nothing of the purchase.

    A null says nothing, but under a misspelt name.
    """
    if name in KNOWN_NAMES:
        return None
    folded = _folded(name)
    known = _KNOWN_BY_FOLDED.get(folded)
    if known is not None:
        return f"is not known; {known} is"
    if value is None:
        return None
    if folded in _MEANT:
        return f"is not known; {_MEANT[folded]} is"
    if folded == "currency" and value != CURRENCY:
        return f"must be {CURRENCY}"
    if folded in ("type", "kind") and not _is_purchase(value):
        return "must be a purchase"
    return None


def _is_purchase(value: Any) -> bool:
    return isinstance(value, str) and value.casefold() in PURCHASE_WORDS
