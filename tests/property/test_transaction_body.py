"""The reader of transactions against a slow reference that is the contract, word for word.

The reader takes a short way for the usual bodies. Whatever the bytes, it must answer what the
reference answers, and it must never raise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import Reason
from authorizer.http import transaction_body
from authorizer.http.api.fields import MAX_DETAIL_LENGTH, MAX_ID_LENGTH, MAX_TEXT_LENGTH

KNOWN = (
    "account", "accountId", "totalAmount", "amount", "mcc", "merchant", "id", "card", "product"
)  # fmt: skip
PRODUCTS = ("01", "02", "03", "04", "05")
FAR = 1000


# --- the reference -------------------------------------------------------------------------------


class Spelled(str):
    """A JSON number, as it is spelled."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """A JSON object, as it is spelled."""


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def has_surrogate(value: Any) -> bool:
    """Whether half a character is in any text: then the text is no UTF-8 and the body no JSON."""
    if isinstance(value, Members):
        return any(has_surrogate(name) or has_surrogate(member) for name, member in value)
    if isinstance(value, list):
        return any(map(has_surrogate, value))
    return isinstance(value, str) and re.search("[\ud800-\udfff]", value) is not None


def forbids(name: str, value: Any) -> bool:
    """Whether a member that is none of the known ones may not be passed over."""
    letters = "".join(char for char in name.casefold() if char not in "_-")
    if letters in {known.casefold() for known in KNOWN}:
        return True
    if value is None:
        return False
    if letters == "currency":
        return bool(value != "BRL")
    if letters in ("type", "kind"):
        return not (isinstance(value, str) and value.casefold() in ("purchase", "compra"))
    return letters in ("cartaoid", "cardid", "transactionid", "idempotencykey")


def cents_of(spelled: str) -> int | None:
    """Whole centavos of at most 28 digits, by fractions."""
    mantissa, _, exponent = spelled.lower().partition("e")
    digits = Decimal(mantissa)
    if digits == 0:
        return 0
    if abs(int(exponent or 0)) > FAR:
        return None
    cents = Fraction(digits) * 100 * Fraction(10) ** int(exponent or 0)
    return int(cents) if cents.denominator == 1 and abs(cents) < 10**28 else None


NOT_IN_PATHS: Final = {"/", *map(chr, (*range(32), *range(127, 160)))}


def reference(body: bytes) -> Authorize | Reason:
    """Read a transaction slowly."""
    try:
        document = json.loads(
            body.decode(),
            object_pairs_hook=Members,
            parse_int=Spelled,
            parse_float=Spelled,
            parse_constant=no_constant,
        )
    except ValueError:
        return Reason.MALFORMED
    if not isinstance(document, Members) or has_surrogate(document):
        return Reason.MALFORMED
    values: dict[str, Any] = {}
    for name, value in document:
        if name not in KNOWN and forbids(name, value):
            return Reason.MALFORMED
        if name in KNOWN and name in values:
            return Reason.MALFORMED
        values[name] = value
    account = one_of(values, "account", "accountId", lambda one, other: one == other)
    amount = one_of(values, "totalAmount", "amount", same_amount)
    mcc: Any = values.get("mcc")
    merchant: Any = values.get("merchant")
    identity, card = values.get("id"), values.get("card")
    texts = all(is_text(value, MAX_TEXT_LENGTH) for value in (account, mcc, merchant))
    ids = all(value is None or is_text(value, MAX_ID_LENGTH) for value in (identity, card))
    if not texts or not ids or not isinstance(amount, Spelled):
        return Reason.MALFORMED
    product = values.get("product")
    known = product is None or (type(product) is str and product in PRODUCTS)
    if not known or not NOT_IN_PATHS.isdisjoint(identity or ""):
        return Reason.MALFORMED
    cents = cents_of(amount)
    if cents is None or cents <= 0:
        return Reason.INVALID_AMOUNT
    return Authorize(account, identity, cents, mcc, merchant, card, 5, "me", product)


def one_of(values: dict[str, Any], one: str, other: str, same: Callable[[Any, Any], bool]) -> Any:
    """The value under either name; None where both are given with different values."""
    if one in values and other in values:
        equal = type(values[one]) is type(values[other]) and same(values[one], values[other])
        return values[one] if equal else None
    return values.get(one, values.get(other))


def same_amount(one: Any, other: Any) -> bool:
    if not isinstance(one, Spelled):
        return bool(one == other)
    return cents_of(one) == cents_of(other) is not None


def is_text(value: Any, longest: int) -> bool:
    return (
        type(value) is str and value.strip() != "" and len(value) <= longest and "\0" not in value
    )


# --- bodies --------------------------------------------------------------------------------------

BLANKS = st.sampled_from(("", "", "", "", " ", "\n", "\t", "\r\n", "   "))
TEXTS = st.sampled_from(
    (
        "123", "5811", "PADARIA DO ZE               SAO PAULO BR", "PAG*JoseDaSilva", "açaí",
        "BRL", "purchase",
        "\N{SNOWMAN}", "\U0001f355", "", " ", "\t", "\N{NO-BREAK SPACE}", "a\0b", '"', "\\", "{",
        "}", "amount", '"amount": 5', '{"totalAmount":1}', "a/b", "a\x1fb", "a\x7f", "a\x85",
        "x" * 128, "x" * 129, "y" * 1024, "y" * 1025, "é" * 1024, "é" * 1025, "1e5", "null",
    )
) | st.text(max_size=6)  # fmt: skip
ANY_NUMBER = r"-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?"
NUMBERS = st.sampled_from(
    (
        "100.00", "100", "0.01", "10.5", "10.500", "1e1", "1E+1", "1e-2", "1e-3", "10.005", "0",
        "-0", "0.00", "-1", "-1.00", "99.99999999999999999", "0.1", "1.15", "4.35", "1e25", "1e26",
        "9007199254740993", "92233720368547758.08", "18446744073709551616", "1e308", "1e309",
        "-1e400", "1e-400", "123456789012345678901234567890", "10.0", "10.00", "1000e-2",
        "1e-99999999999999999999", "0e99999999999999999999", "1e99999999999999999999",
    )
) | st.from_regex(ANY_NUMBER, fullmatch=True)  # fmt: skip
LITERALS = st.sampled_from(
    ("null", "true", "false", "NaN", "Infinity", "-Infinity", "01", "1.", "+1")
)


@st.composite
def strings(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> str:
    """A JSON string, some of its characters escaped in one way or another."""
    text = draw(texts)
    if draw(st.integers(0, 3)):
        return json.dumps(text, ensure_ascii=draw(st.booleans()))
    return '"' + "".join(f"\\u{unit:04x}" for unit in _utf16(text)) + '"'


def _utf16(text: str) -> list[int]:
    data = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


VALUES = st.recursive(
    strings() | NUMBERS | LITERALS,
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda items: "[" + ",".join(items) + "]")
        | st.lists(st.tuples(strings(), inner), max_size=2).map(
            lambda members: "{" + ",".join(f"{name}:{value}" for name, value in members) + "}"
        )
    ),
    max_leaves=4,
)
NAMES = st.sampled_from(
    (*KNOWN, "type", "currency", "Account", "i_d", "cartao_id", "amounts", "x", "city")
)
MEMBERS = st.tuples(strings(NAMES), VALUES)
USUAL = {
    "account": strings(),
    "totalAmount": NUMBERS,
    "mcc": strings(),
    "merchant": strings(),
    "id": strings() | st.just("null"),
    "card": strings() | st.just("null"),
    "product": strings(st.sampled_from((*PRODUCTS, "06", "1"))) | st.just("null") | VALUES,
}


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body that has what a transaction needs, more or less, and perhaps something more."""
    members = []
    for name, values in USUAL.items():
        if name not in ("id", "card", "product") or draw(st.booleans()):
            said = name
            if name in ("account", "totalAmount") and not draw(st.integers(0, 3)):
                said = {"account": "accountId", "totalAmount": "amount"}[name]
            members.append((draw(strings(st.just(said))), draw(values)))
    members = draw(st.permutations(members))
    if not draw(st.integers(0, 3)):
        members = members[1:]
    members += draw(st.lists(MEMBERS, max_size=2))
    blank = draw(BLANKS)
    text = f"{blank},{draw(BLANKS)}".join(
        f"{name}{blank}:{draw(BLANKS)}{value}" for name, value in members
    )
    body = f"{draw(BLANKS)}{{{blank}{text}{blank}}}{draw(BLANKS)}"
    return body.encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A body with a byte changed, cut or put in."""
    body = draw(bodies())
    at = draw(st.integers(0, len(body)))
    put = draw(
        st.binary(max_size=2) | st.sampled_from((b'"', b"\\", b"{", b"}", b",", b"\xef\xbb\xbf"))
    )
    return body[:at] + put + body[at + draw(st.integers(0, 2)) :]


def parse(body: bytes, received_ns: int, by: str) -> Authorize | Reason:
    """What the reader says; its detail fits into a header."""
    answer = transaction_body.parse(body, by, (), received_ns)
    if isinstance(answer, Authorize):
        return answer
    assert re.fullmatch(r"[ -~]+: [ -~]+", answer.detail)
    assert len(answer.detail) <= MAX_DETAIL_LENGTH
    return answer.reason


def check(body: bytes) -> None:
    assert parse(body, 5, "me") == reference(body)


USUAL_BODY = (
    b'{"account":"1","totalAmount":%s,"mcc":"5811","merchant":"PADARIA DO ZE  SAO PAULO BR"%s}'
)


@settings(max_examples=250)
@example(USUAL_BODY % (b"100.00", b""))
@example(USUAL_BODY % (b"99.99999999999999999", b""))
@example(USUAL_BODY % (b"10", b',"amount":"10"'))
@example(USUAL_BODY % (b"10", b',"amount":null'))
@example(USUAL_BODY % (b"10", b',"amount":10.00'))
@example(USUAL_BODY % (b"10", b',"amount":11'))
@example(USUAL_BODY % (b"10", b',"totalAmount":10'))
@example(USUAL_BODY % (b"10", b',"accountId":"2"'))
@example(USUAL_BODY % (b"10", b',"accountId":null'))
@example(USUAL_BODY % (b"10", b',"accountId":"1"'))
@example(USUAL_BODY % (b"10", b',"x":["totalAmount"]'))
@example(USUAL_BODY % (b"10", b',"x":{"amount":5}'))
@example(USUAL_BODY % (b'"10"', b',"x":{"amount":5}'))
@example(USUAL_BODY % (b"1e-99999999999999999999", b""))
@example(USUAL_BODY % (b"10", b',"x":1e400'))
@example(USUAL_BODY % (b"1e400", b""))
@example(USUAL_BODY % (b"10", b',"x":1e400e1'))
@example(USUAL_BODY % (b"10", b',"x":-1e400.5'))
@example(USUAL_BODY % (b"10", b',"product":"06"'))
@example(USUAL_BODY % (b"10", b',"product":["01"]'))
@example(USUAL_BODY % (b"10", b',"product":1'))
@example(USUAL_BODY % (b"10", b',"Product":"01"'))
@given(bodies())
def test_a_body_is_read_as_the_reference_reads_it(body: bytes) -> None:
    check(body)


@settings(max_examples=150)
@given(damaged())
def test_a_damaged_body_is_read_as_the_reference_reads_it(body: bytes) -> None:
    check(body)


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text('{}[]":,\\ua1e-. ', max_size=30).map(str.encode))
def test_no_bytes_whatever_they_are_make_it_raise(body: bytes) -> None:
    check(body)


@pytest.mark.parametrize(
    "body",
    [
        USUAL_BODY % (b"100.00", b""),
        USUAL_BODY % (b"100", b',"id":"t-1","card":"c-1"'),
        USUAL_BODY % (b"0.01", b',"id":null'),
        USUAL_BODY % (b"100", b',"id":"t-1","product":"05"'),
        USUAL_BODY % (b"100", b',"product":null'),
        b'{\n  "accountId" : "1",\n  "amount" : 10.5,\n  "mcc" : "5811",\n  "merchant" : "A"\n}',
        USUAL_BODY % (b"10", ',"city":"São Paulo","tries":3'.encode()),
    ],
)
def test_the_usual_bodies_take_the_short_way(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    def refuse(*_: object) -> Reason:
        raise AssertionError("this body took the long way")

    monkeypatch.setattr(transaction_body, "_exactly", refuse)
    command = parse(body, 5, "me")
    assert isinstance(command, Authorize)
    assert command == reference(body)


@pytest.mark.parametrize("key", [b"k-1", b'"k-1"', b"2f1e5a0c-0000-4000-8000-000000000001"])
def test_a_usual_key_takes_the_short_way_too(monkeypatch: pytest.MonkeyPatch, key: bytes) -> None:
    monkeypatch.setattr(transaction_body, "_exactly", None)
    command = transaction_body.parse(USUAL_BODY % (b"100.00", b""), "me", (key,), 5)
    assert isinstance(command, Authorize)
    assert command.transaction_id == key.strip(b'"').decode()


KEYS = (
    st.sampled_from((b"k", b'"k"', b'"k', b'k"', b'""', b'"', b"", b"a/b", b'"a/b"', b"a\\b", b"%"))
    | st.sampled_from((b'"a\\"b"', b'"a\\\\b"', b" k", b"k k", b"\xff", b"k" * 128, b"k" * 129))
    | st.binary(max_size=4)
)


@settings(max_examples=200)
@given(st.lists(KEYS, min_size=1, max_size=2), st.sampled_from((b"", b',"id":"k"', b',"id":null')))
def test_a_key_says_the_same_on_the_short_way_and_the_long_one(
    keys: list[bytes], more: bytes
) -> None:
    body = USUAL_BODY % (b"1.00", more)
    shortly = transaction_body.parse(body, "me", keys, 5)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transaction_body, "plain_key", lambda _: None)
        assert shortly == transaction_body.parse(body, "me", keys, 5)
