"""The body of a transaction → an `Authorize` command, or why it is none.

What is written is what is debited, so the amount is read from its text; orjson alone would make
100.0 of `99.99999999999999999`, and would keep the last of two members with one name. Bodies are
read in one of two ways, which agree wherever both give a command:

- plainly: short, flat, without escapes or repeats, and right, as nearly all are. orjson finds the
  members, and the amount's text is taken from the bytes;
- exactly: everything else, so also everything that is wrong, with the standard library's parser.
"""

import json
import re
from typing import Any, Final, TypeGuard

import orjson

from authorizer.domain.commands import Authorize
from authorizer.domain.money import parse_cents
from authorizer.domain.reasons import Reason

MAX_TEXT_LENGTH: Final = 1024
"""The longest descriptor that is taken."""
MAX_ID_LENGTH: Final = 128
"""The longest id that is taken for a transaction or card."""

_AMOUNT = re.compile(rb'"(?:totalAmount|amount)"\s*:\s*(-?[0-9][0-9.eE+-]*)')
_ACCOUNT_NAMES: Final = ("account", "accountId")
_AMOUNT_NAMES: Final = ("totalAmount", "amount")
_KNOWN_NAMES: Final = frozenset((*_ACCOUNT_NAMES, *_AMOUNT_NAMES, "mcc", "merchant", "id", "card"))


class NumberText(str):
    """A JSON number, as it was written."""

    __slots__ = ()


def parse(body: bytes, received_ns: int, by: str) -> Authorize | Reason:
    """Read a transaction. The reason is `malformed` or `invalid_amount`."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Reason.MALFORMED
    if type(document) is not dict:
        return Reason.MALFORMED
    return _plainly(body, document, received_ns, by) or _exactly(body, received_ns, by)


def _plainly(body: bytes, document: dict[str, Any], received_ns: int, by: str) -> Authorize | None:
    """The command of a plain body; None for any other, and for one with anything wrong."""
    amount = _AMOUNT.search(body)
    if amount is None or not _is_plain(body, document):
        return None
    account = document.get("account") or document.get("accountId")
    mcc, merchant = document.get("mcc"), document.get("merchant")
    if not type(account) is type(mcc) is type(merchant) is str:
        return None
    if not (account.strip() and mcc.strip() and merchant.strip()):
        return None
    transaction_id, card = document.get("id"), document.get("card")
    if not (_is_id_or_none(transaction_id) and _is_id_or_none(card)):
        return None
    amount_cents = parse_cents(amount[1].decode())
    if amount_cents is None or amount_cents <= 0:
        return None
    return Authorize(account, transaction_id, amount_cents, mcc, merchant, card, received_ns, by)


def _is_plain(body: bytes, document: dict[str, Any]) -> bool:
    """Whether the bytes hold one short flat object without escapes, repeats or second names.

    Without escapes every quotation mark opens or closes a name or a text value, so their number
    tells whether there are more names or texts in the bytes than in the object.
    """
    if len(body) > MAX_TEXT_LENGTH or body.rfind(b"{") != 0 or b"\\" in body:
        return False
    if ("account" in document) is ("accountId" in document):
        return False
    if ("amount" in document) is ("totalAmount" in document):
        return False
    texts = [type(value) for value in document.values()].count(str)
    return body.count(b'"') == 2 * (len(document) + texts)


def _exactly(body: bytes, received_ns: int, by: str) -> Authorize | Reason:
    document = _read_exactly(body)
    if document is None:
        return Reason.MALFORMED
    account = _given(document, _ACCOUNT_NAMES)
    mcc, merchant = document.get("mcc"), document.get("merchant")
    if not (_is_text(account) and _is_text(mcc) and _is_text(merchant)):
        return Reason.MALFORMED
    transaction_id, card = document.get("id"), document.get("card")
    if not (_is_id_or_none(transaction_id) and _is_id_or_none(card)):
        return Reason.MALFORMED
    amount = _given(document, _AMOUNT_NAMES)
    if not isinstance(amount, NumberText):
        return Reason.MALFORMED
    amount_cents = parse_cents(amount)
    if amount_cents is None or amount_cents <= 0:
        return Reason.INVALID_AMOUNT
    return Authorize(account, transaction_id, amount_cents, mcc, merchant, card, received_ns, by)


def _read_exactly(body: bytes) -> dict[str, Any] | None:
    """The object with numbers as text; None where a known name is repeated."""
    try:
        pairs: list[tuple[str, Any]] = json.loads(
            body, object_pairs_hook=list, parse_int=NumberText, parse_float=NumberText
        )
    except (ValueError, RecursionError):
        return None
    names = [name for name, _ in pairs if name in _KNOWN_NAMES]
    return dict(pairs) if len(names) == len(set(names)) else None


def _given(document: dict[str, Any], names: tuple[str, str]) -> Any:
    """The value of whichever name is there; None where there is none, or two that differ."""
    values = [document[name] for name in names if name in document]
    if not values or (len(values) == 2 and not _same(*values)):
        return None
    return values[0]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, NumberText) and isinstance(other, NumberText):
        return parse_cents(one) == parse_cents(other) is not None
    return type(one) is type(other) and bool(one == other)


def _is_text(value: Any) -> TypeGuard[str]:
    return (
        type(value) is str
        and len(value) <= MAX_TEXT_LENGTH
        and value.strip() != ""
        and "\0" not in value
    )


def _is_id_or_none(value: Any) -> TypeGuard[str | None]:
    return value is None or (_is_text(value) and len(value) <= MAX_ID_LENGTH)
