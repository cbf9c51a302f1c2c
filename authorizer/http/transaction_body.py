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
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeGuard

import orjson

from authorizer.actors.purchases import Unreadable
from authorizer.domain.accounts.categories import PRODUCTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.money import MAX_AMOUNT_DIGITS, parse_cents
from authorizer.domain.outcomes import Reason
from authorizer.http.api.fields import MAX_ID_LENGTH, MAX_TEXT_LENGTH
from authorizer.http.api.json_text import MAX_NESTING, has_numbers_beyond, is_nested_too_deeply
from authorizer.http.api.wire import MAX_BODY_BYTES
from authorizer.http.connection.request_id import key_text
from authorizer.http.transaction_members import KNOWN_NAMES, malformed, unwelcome

_NOT_IN_IDS: Final = re.compile(r"[/\x00-\x1f\x7f]")
_PLAIN_ID: Final = re.compile(rf"[!-~]{{1,{MAX_ID_LENGTH}}}")
"""Letters that raise no question: ids of others are read exactly."""
_PLAIN_KEY: Final = re.compile(rf"[!#-.0-~]{{1,{MAX_ID_LENGTH}}}".encode())
"""Letters that raise no question, and neither a slash nor a quotation mark."""
_NEEDED: Final = 4
"""Members that every transaction has."""
_ESCAPE: Final = ord("\\")
_SPACED_AMOUNT: Final = re.compile(rb'"(?:totalAmount|amount)"\s+:\s*(-?[0-9][0-9.eE+-]*)')
_ACCOUNT_NAMES: Final = ("account", "accountId")
_AMOUNT_NAMES: Final = ("totalAmount", "amount")
_TOO_LONG: Final = malformed("body", f"is longer than {MAX_BODY_BYTES} bytes")


class NumberText(str):
    """A JSON number, as it was written."""

    __slots__ = ()


class _Members(list[tuple[str, Any]]):
    """A JSON object, as it was written."""


class _Read(NamedTuple):
    """The members of a body in their order, numbers as text; or why there are none."""

    members: list[tuple[str, Any]]
    problem: str | None = None


def parse(body: bytes, by: str, keys: Sequence[bytes], received_ns: int) -> Authorize | Unreadable:
    """Read a transaction; `keys` are the values of the header `Idempotency-Key`.

    The reason of what can't be taken is `malformed` or `invalid_amount`.
    """
    if len(body) > MAX_BODY_BYTES:
        return _TOO_LONG
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        if not has_numbers_beyond(body):
            return malformed("body", "is no JSON document")
        document = None
    plain = type(document) is dict and _plainly(body, document, received_ns, by)
    command = plain or _exactly(body, received_ns, by)
    return _under_key(command, keys) if keys and isinstance(command, Authorize) else command


def _plainly(body: bytes, document: dict[str, Any], received_ns: int, by: str) -> Authorize | None:
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
    members = (
        account, get("id"), amount_cents, mcc, merchant, get("card"), received_ns, by,
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
    for one, other in (_ACCOUNT_NAMES, _AMOUNT_NAMES):
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


def _exactly(body: bytes, received_ns: int, by: str) -> Authorize | Unreadable:
    members, problem = _read_exactly(body)
    if problem is not None:
        return malformed("body", problem)
    for name, value in members:
        wrong = unwelcome(name, value)
        if wrong is not None:
            return malformed(name, wrong)
    names = [name for name, _ in members if name in KNOWN_NAMES]
    if len(names) > len(set(names)):
        twice = next(name for name in names if names.count(name) > 1)
        return malformed(twice, "is there more than once")
    document = dict(members)
    for one, other in (_ACCOUNT_NAMES, _AMOUNT_NAMES):
        if one in document and other in document and not _same(document[one], document[other]):
            return malformed(other, f"differs from {one}")
    return _command(document, received_ns, by)


def _command(document: dict[str, Any], received_ns: int, by: str) -> Authorize | Unreadable:
    """The command of members that are there once, under one name or two that say the same."""
    account_name = next((name for name in _ACCOUNT_NAMES if name in document), "account")
    for name in (account_name, "mcc", "merchant"):
        wrong = _wrong_text(document, name, MAX_TEXT_LENGTH)
        if wrong is not None:
            return malformed(name, wrong)
    for name in ("id", "card"):
        if document.get(name) is not None:
            wrong = _wrong_text(document, name, MAX_ID_LENGTH)
            wrong = wrong or (_wrong_id(document[name]) if name == "id" else None)
            if wrong is not None:
                return malformed(name, wrong)
    product = document.get("product")
    if _wrong_product(product):
        return malformed("product", f"must be one of {', '.join(PRODUCTS)}")
    amount_name = next((name for name in _AMOUNT_NAMES if name in document), "totalAmount")
    if amount_name not in document:
        return malformed(amount_name, "is missing")
    amount = document[amount_name]
    if not isinstance(amount, NumberText):
        return malformed(amount_name, "must be a number")
    amount_cents = parse_cents(amount)
    if amount_cents is None:
        wrong = f"must be a whole number of centavos, of at most {MAX_AMOUNT_DIGITS} digits"
        return Unreadable(Reason.INVALID_AMOUNT, f"{amount_name}: {wrong}")
    if amount_cents <= 0:
        return Unreadable(Reason.INVALID_AMOUNT, f"{amount_name}: must be more than zero")
    return Authorize(
        document[account_name],
        document.get("id"),
        amount_cents,
        document["mcc"],
        document["merchant"],
        document.get("card"),
        received_ns,
        by,
        product,
    )


def _read_exactly(body: bytes) -> _Read:
    """The members of a body that is JSON, if it is an object."""
    if is_nested_too_deeply(body):
        return _Read([], f"is nested more than {MAX_NESTING} deep")
    document = json.loads(
        body, object_pairs_hook=_Members, parse_int=NumberText, parse_float=NumberText
    )
    if not isinstance(document, _Members):
        return _Read([], "must be a JSON object")
    return _Read(document)


def _under_key(command: Authorize, keys: Sequence[bytes]) -> Authorize | Unreadable:
    """The command with the id that the header `Idempotency-Key` gives it."""
    name = "Idempotency-Key"
    if len(keys) > 1:
        return malformed(name, "is there more than once")
    if _PLAIN_KEY.fullmatch(keys[0]):  # it would be read as it is, and found to be right
        key: str | None = keys[0].decode()
    else:
        key = key_text(keys[0])
        if key is None:
            return malformed(name, "is not UTF-8")
        wrong = _wrong_text({name: key}, name, MAX_ID_LENGTH) or _wrong_id(key)
        if wrong is not None:
            return malformed(name, wrong)
    if command.transaction_id is None:
        account, _, *others = command
        return tuple.__new__(Authorize, (account, key, *others))
    return command if command.transaction_id == key else malformed(name, "differs from id")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, NumberText) and isinstance(other, NumberText):
        return parse_cents(one) == parse_cents(other) is not None
    return type(one) is type(other) and bool(one == other)


def _wrong_text(document: dict[str, Any], name: str, longest: int) -> str | None:
    """What is wrong with a text; None where nothing is."""
    if name not in document:
        return "is missing"
    value = document[name]
    if _is_text(value, longest):
        return None
    if type(value) is not str:
        return "must be a text"
    if len(value) > longest:
        return f"is longer than {longest} characters"
    return "must not hold NUL" if value.strip() else "must not be blank"


def _wrong_id(purchase_id: str) -> str | None:
    """What is wrong with the id of a purchase, which stands in paths; None where nothing is."""
    found = _NOT_IN_IDS.search(purchase_id)
    if found is None:
        return None
    return f"must not hold a {'slash' if found[0] == '/' else 'control character'}"


def _wrong_product(value: Any) -> bool:
    return value is not None and (type(value) is not str or value not in PRODUCTS)


def _is_text(value: Any, longest: int) -> TypeGuard[str]:
    return (
        type(value) is str and len(value) <= longest and value.strip() != "" and "\0" not in value
    )


def _is_id_or_none(value: Any) -> TypeGuard[str | None]:
    return value is None or _is_text(value, MAX_ID_LENGTH)
