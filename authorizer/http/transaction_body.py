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
from authorizer.http.transaction_members import (
    ACCOUNT_NAMES,
    AMOUNT_NAMES,
    KNOWN_NAMES,
    malformed,
    unwelcome,
)
from authorizer.http.transaction_plain import plain_command, plain_key

_NOT_IN_IDS: Final = re.compile(r"[/\x00-\x1f\x7f-\x9f]")
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
    key = plain_key(keys) if keys else None
    if type(document) is dict and (key is not None or not keys):
        plain = plain_command(body, document, received_ns, by, key)
        if plain is not None:
            return plain
    command = _exactly(body, received_ns, by)
    return _under_key(command, keys) if keys and isinstance(command, Authorize) else command


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
    for one, other in (ACCOUNT_NAMES, AMOUNT_NAMES):
        if one in document and other in document and not _same(document[one], document[other]):
            return malformed(other, f"differs from {one}")
    return _command(document, received_ns, by)


def _command(document: dict[str, Any], received_ns: int, by: str) -> Authorize | Unreadable:
    """The command of members that are there once, under one name or two that say the same."""
    account_name = next((name for name in ACCOUNT_NAMES if name in document), "account")
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
    amount_name = next((name for name in AMOUNT_NAMES if name in document), "totalAmount")
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
    key = key_text(keys[0])
    if key is None:
        return malformed(name, "is not UTF-8")
    wrong = _wrong_text({name: key}, name, MAX_ID_LENGTH) or _wrong_id(key)
    if wrong is not None:
        return malformed(name, wrong)
    if command.transaction_id is None:
        return command._replace(transaction_id=key)
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
