"""The body of a transaction → an `Authorize` command, or why it is none.

What is written is what is debited, so the amount is read from its text. orjson checks the body and
finds its members, but makes a float of `99.99999999999999999`; and it keeps the last of two members
with one name. So a body that is flat, plain and without repeats, which all usual ones are, has its
amount's text taken from the bytes; any other one is read again, slowly and exactly.
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
    amounts = _AMOUNT.findall(body)
    if len(amounts) == 1 and _is_plain(body, document):
        return _command(document, amounts[0].decode(), received_ns, by)
    exact = _read_exactly(body)
    if exact is None:
        return Reason.MALFORMED
    amount = _given(exact, _AMOUNT_NAMES)
    text = str(amount) if isinstance(amount, NumberText) else None
    return _command(exact, text, received_ns, by)


def _is_plain(body: bytes, document: dict[str, Any]) -> bool:
    """Whether the bytes hold one flat object without escapes or repeated names.

    Then every quotation mark in it opens or closes a name or a text value.
    """
    texts = [type(value) for value in document.values()].count(str)
    return (
        body.count(b'"') == 2 * (len(document) + texts)
        and body.count(b"{") == 1
        and b"\\" not in body
    )


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


def _command(
    document: dict[str, Any], amount: str | None, received_ns: int, by: str
) -> Authorize | Reason:
    account = document.get("account")
    if account is None or "accountId" in document:
        account = _given(document, _ACCOUNT_NAMES)
    mcc, merchant = document.get("mcc"), document.get("merchant")
    if not (_is_text(account) and _is_text(mcc) and _is_text(merchant)) or amount is None:
        return Reason.MALFORMED
    transaction_id, card = document.get("id"), document.get("card")
    if not (_is_id_or_none(transaction_id) and _is_id_or_none(card)):
        return Reason.MALFORMED
    amount_cents = parse_cents(amount)
    if amount_cents is None or amount_cents <= 0:
        return Reason.INVALID_AMOUNT
    return Authorize(account, transaction_id, amount_cents, mcc, merchant, card, received_ns, by)


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
        and value != ""
        and len(value) <= MAX_TEXT_LENGTH
        and not value.isspace()
        and "\0" not in value
    )


def _is_id_or_none(value: Any) -> TypeGuard[str | None]:
    return value is None or (_is_text(value) and len(value) <= MAX_ID_LENGTH)
