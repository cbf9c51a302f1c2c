"""JSON in and out: exact numbers, money with two decimals, times in RFC 3339."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from authorizer.domain.moments import WrittenTime
from authorizer.http.accounts import AccountDocument, CreditDocument
from authorizer.http.api.fields import Channel, Identity
from authorizer.http.api.problems import InvalidRequestError
from authorizer.http.api.wire import (
    DOCUMENT,
    checked,
    json_response,
    money,
    parse_time,
    read_document,
    read_json,
    time_text,
)


def status_of(body: bytes) -> int | None:
    """The status with which a body is refused; None for one that is read."""
    try:
        read_json(body)
    except HTTPException as refused:
        return refused.status_code
    return None


# --- JSON in -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"99.99999999999999999", Decimal("99.99999999999999999")),
        (b"0.10", Decimal("0.10")),
        (b"123456789012345678901", 123456789012345678901),
        (b"1e-5", Decimal("1e-5")),
        (b"1e400", Decimal("1e400")),
        (b'{"a":[-1e400,"1e400"]}', {"a": [Decimal("-1e400"), "1e400"]}),
        (b"9" * 400, Decimal("9" * 400)),
        (b"9" * 5000, Decimal("9" * 5000)),
        (b"1e99999999999999999999", Decimal("Infinity")),
        (b'"\xc3\xa7"', "ç"),
        (b'{"a":[1,null,true]}', {"a": [1, None, True]}),
    ],
)
def test_numbers_are_read_exactly(body: bytes, value: object) -> None:
    found = read_json(body)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nul", b"NaN", b"[Infinity]", b"'a'", b'{"a":1,}', b'"\xff"', b'"\\ud800"',
        b"[" * 100_000, b"\xef\xbb\xbf1", b'"a\nb"', b"1 2", b"1e400 2", b"1e400.5",
        b'{"a":1,"a":1}',
        b'[{"a":1,"\\u0061":2}]',
    ],
    ids=lambda body: f"{body[:20]!r}({len(body)})",
)  # fmt: skip
def test_anything_but_json_with_unique_members_is_a_bad_request(body: bytes) -> None:
    assert status_of(body) == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[1e-99999999999999999999]",
        b"[0e99999999999999999999]",
        b"-0.0e-99999999999999999999",
        b"1" * 5000,
        b"[" * 900 + b"]" * 900,
    ],
    ids=lambda body: f"{body[:20]!r}({len(body)})",
)
def test_json_that_asks_too_much_is_read_or_is_a_bad_request(body: bytes) -> None:
    assert status_of(body) in (None, 400)


@settings(max_examples=200)
@given(st.binary(max_size=40) | st.text('{}[]":,\\ue-.019 ', max_size=25).map(str.encode))
def test_no_bytes_whatever_they_are_make_the_reader_raise(body: bytes) -> None:
    assert status_of(body) in (None, 400)


# --- money and answers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cents", "spelled"),
    [(500000, b"5000.00"), (0, b"0.00"), (5, b"0.05"), (10**17, b"1000000000000000.00")],
)
def test_money_is_a_json_number_with_two_decimals(cents: int, spelled: bytes) -> None:
    response = json_response({"amount": money(cents)}, 201)
    assert response.body == b'{"amount":' + spelled + b"}"
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    assert json.loads(bytes(response.body), parse_float=Decimal) == {
        "amount": Decimal(cents).scaleb(-2)
    }


# --- times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.000000999Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T21:00:00-03:00", 0),
        ("1969-12-31T23:59:59Z", -1_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000),
        ("2025-08-30T14:32:00Z", 1_756_564_320_000_000),
        ("2025-08-30t14:32:00z", 1_756_564_320_000_000),
        ("2025-08-30T14:32:00.123456789-03:00", 1_756_575_120_123_456),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ],
)
def test_a_time_is_read_exactly_and_given_back_as_it_was_written(text: str, at_us: int) -> None:
    assert parse_time(text) == WrittenTime(at_us, text)
    assert time_text(parse_time(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "2025-08-30", "14:32:00Z", "2025-08-30T14:32:00", "2025-08-30 14:32:00Z",
        "2025-08-30T14:32Z", "2025-08-30T14:32:00.Z", "2025-08-30T14:32:00.1234567890Z",
        "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-08-30T25:00:00Z",
        "2025-08-30T14:60:00Z", "2025-08-30T14:32:61Z", "2025-08-30T14:32:00+2460",
        "2025-08-30T14:32:00+99:00", "0000-01-01T00:00:00Z", "2025-08-30T14:32:00Z ",
        "\N{FULLWIDTH DIGIT TWO}025-08-30T14:32:00Z", "2025-08-30T14:32:00,5Z", "20250830T143200Z",
    ],
)  # fmt: skip
def test_what_is_no_rfc_3339_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_time(text)


@pytest.mark.parametrize(
    ("at_us", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_756_564_320_123_999, "2025-08-30T14:32:00.123Z"),
        (1_756_564_320_000_000, "2025-08-30T14:32:00.000Z"),
    ],
)
def test_a_time_that_was_made_here_is_written_in_utc_with_milliseconds(
    at_us: int, text: str
) -> None:
    assert time_text(WrittenTime(at_us)) == text


# --- path and query ------------------------------------------------------------------------------


def test_a_value_of_the_path_is_checked_as_the_documents_check_it() -> None:
    assert checked(Identity, "123", "account") == "123"
    for value in ("", " ", "a/b", "a\nb", "x" * 129):
        with pytest.raises(InvalidRequestError) as refused:
            checked(Identity, value, "account")
        assert [error.field for error in refused.value.errors] == ["account"]
        assert refused.value.errors[0].message
    assert checked(Channel, "é" * 40, "canal") == "é" * 40


@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"x":', b"}")])
def test_a_body_is_nested_as_deeply_on_every_python(begin: bytes, end: bytes) -> None:
    read_json(begin * 500 + b"1" + end * 500)
    with pytest.raises(HTTPException):
        read_json(begin * 501 + b"1" + end * 501)


def test_a_handler_reads_the_document_that_its_endpoint_declares() -> None:
    """The OpenAPI document would describe another one."""
    request = Request({"type": "http", "headers": [], DOCUMENT: CreditDocument})
    with pytest.raises(AssertionError):
        asyncio.run(read_document(request, AccountDocument))
