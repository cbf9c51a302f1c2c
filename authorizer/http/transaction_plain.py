"""Transactions as nearly all are: short, flat, without escapes or repeats, and right.

orjson finds the members, and the amount's text is taken from the bytes. Nothing here says what is
wrong with a body: what is not plain beyond doubt is read exactly (`transaction_body.py`).
"""

import re
from collections.abc import Sequence
from typing import Any, Final, TypeGuard

from authorizer.domain.accounts.categories import PRODUCTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.money import parse_cents
from authorizer.http.api.fields import MAX_ID_LENGTH, MAX_TEXT_LENGTH
from authorizer.http.transaction_members import ACCOUNT_NAMES, AMOUNT_NAMES, unwelcome

_NEEDED: Final = 4
"""Members that every transaction has."""
_PLAIN_ID: Final = re.compile(rf"[!-~]{{1,{MAX_ID_LENGTH}}}")
_PLAIN_KEY: Final = re.compile(rb'("?)([!#-.0-\[\]-~]{1,%d})\1' % MAX_ID_LENGTH)
"""In quotation marks or without; with no slash, backslash or quotation mark in it."""
_ESCAPE: Final = ord("\\")
_SPACED_AMOUNT: Final = re.compile(rb'"(?:totalAmount|amount)"\s+:\s*(-?[0-9][0-9.eE+-]*)')


def plain_key(keys: Sequence[bytes]) -> str | None:
    """The id in the values of `Idempotency-Key`, if there is one that raises no question."""
    found = _PLAIN_KEY.fullmatch(keys[0]) if len(keys) == 1 else None
    return None if found is None else found[2].decode()


def plain_command(
    body: bytes, document: dict[str, Any], received_ns: int, by: str, key: str | None
) -> Authorize | None:
    """The command of a plain body; None for any other, and for one with anything wrong.

    Without escapes every quotation mark opens or closes a name or a text value, so their number
    tells whether there are more names or texts in the bytes than in the object.
    """
    if len(body) > MAX_TEXT_LENGTH or _ESCAPE in body:
        return None
    get = document.get
    account, mcc, merchant = get("account") or get("accountId"), get("mcc"), get("merchant")
    if not type(account) is type(mcc) is type(merchant) is str:
        return None
    if not (account.strip() and mcc.strip() and merchant.strip()):
        return None
    texts: int | None = 3
    if len(document) > _NEEDED:
        texts = _texts_if_plain(body, document)
    if texts is None or body.count(b'"') != 2 * (len(document) + texts):
        return None
    amount_cents = parse_cents(_amount_text(body))
    if amount_cents is None or amount_cents <= 0:
        return None
    transaction_id = get("id")
    if key is not None and transaction_id != key:
        if transaction_id is not None:
            return None
        transaction_id = key
    members = (
        account, transaction_id, amount_cents, mcc, merchant, get("card"), received_ns, by,
        get("product"),
    )  # fmt: skip
    return tuple.__new__(Authorize, members)  # as `Authorize(*members)`, whose own is in Python


def _texts_if_plain(body: bytes, document: dict[str, Any]) -> int | None:
    """How many texts are in a body that has more than what is needed; None: it is not plain."""
    transaction_id, card, product = (
        document.get("id"),
        document.get("card"),
        document.get("product"),
    )
    texts = 3
    if transaction_id is not None:
        if not _is_plain_id(transaction_id) or "/" in transaction_id:
            return None
        texts += 1
    if card is not None:
        if not _is_plain_id(card):
            return None
        texts += 1
    if product is not None:
        if product not in PRODUCTS:
            return None
        texts += 1
    if len(document) == texts + 1:  # these and the amount are all
        return texts
    if body.rfind(b"{") != 0 or any(unwelcome(*member) for member in document.items()):
        return None
    for one, other in (ACCOUNT_NAMES, AMOUNT_NAMES):
        if one in document and other in document:
            return None
    return [type(value) for value in document.values()].count(str)


def _is_plain_id(value: Any) -> TypeGuard[str]:
    """Whether this is the id of a card, as nearly all are."""
    return type(value) is str and _PLAIN_ID.fullmatch(value) is not None


def _amount_text(body: bytes) -> str:
    """The amount as a plain body has it; of one that has none, or no number, no number either."""
    _, found, rest = body.partition(b'"totalAmount":')
    if not found:
        _, found, rest = body.partition(b'"amount":')
    if found:
        return rest.partition(b",")[0].strip(b" \r\n\t}").decode()
    amount = _SPACED_AMOUNT.search(body)
    return "" if amount is None else amount[1].decode()
