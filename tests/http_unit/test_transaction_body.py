"""The body of a transaction, field by field."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from authorizer.domain.commands import Authorize
from authorizer.domain.reasons import Reason
from authorizer.http.transaction_body import parse

CHALLENGE = (
    b'{"account": "123", "totalAmount": 100.00, "mcc": "5811",'
    b' "merchant": "PADARIA DO ZE               SAO PAULO BR"}'
)
USUAL: dict[str, Any] = {"account": "1", "totalAmount": 10, "mcc": "5811", "merchant": "X"}


def read(**members: Any) -> Authorize | Reason:
    """A transaction with these members changed or added; None leaves one out."""
    document = {name: value for name, value in (USUAL | members).items() if value is not None}
    return parse(orjson.dumps(document), 7, "me")


def command(answer: Authorize | Reason) -> Authorize:
    """The command, where there must be one."""
    assert isinstance(answer, Authorize), answer
    return answer


def test_the_challenges_own_payload_is_read() -> None:
    assert parse(CHALLENGE, 7, "me") == Authorize(
        "123", None, 100_00, "5811", "PADARIA DO ZE               SAO PAULO BR", None, 7, "me"
    )


def test_id_and_card_may_be_given() -> None:
    answer = command(read(id="t-1", card="c-1"))
    assert (answer.transaction_id, answer.card_id) == ("t-1", "c-1")


def test_both_spellings_of_the_attributes_are_read() -> None:
    body = b'{"accountId":"1","amount":10.5,"mcc":"5811","merchant":"X"}'
    answer = command(parse(body, 7, "me"))
    assert (answer.account_id, answer.amount_cents) == ("1", 10_50)


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"accountId": "1"}, True),
        ({"accountId": "2"}, False),
        ({"accountId": "1 "}, False),
        ({"accountId": 1}, False),
        ({"accountId": False}, False),
        ({"amount": 10}, True),
        ({"amount": 10.0}, True),
        ({"amount": 10.01}, False),
        ({"amount": "10"}, False),
        ({"amount": False}, False),
        ({"amount": [10]}, False),
    ],
)
def test_both_spellings_with_different_values_are_malformed(
    more: dict[str, Any], same: bool
) -> None:
    answer = read(**more)
    assert isinstance(answer, Authorize) if same else answer is Reason.MALFORMED


@pytest.mark.parametrize("name", ["accountId", "amount"])
def test_null_beside_a_value_is_another_value(name: str) -> None:
    assert parse(orjson.dumps(USUAL | {name: None}), 7, "me") is Reason.MALFORMED


@pytest.mark.parametrize("name", ["account", "totalAmount", "mcc", "merchant", "id", "card"])
def test_a_member_that_is_named_twice_is_malformed(name: str) -> None:
    body = CHALLENGE[:-1] + b', "id": "t", "card": "c", "%s": "x"}' % name.encode()
    assert parse(body, 7, "me") is Reason.MALFORMED
    assert parse(body.replace(b'"x"}', b"7}"), 7, "me") is Reason.MALFORMED


def test_an_unknown_member_is_ignored_whatever_it_is_and_however_often() -> None:
    more = b'"x":1,"x":{"amount":5,"a":["b",{"account":"z"}]},"\\u0079":"\\"totalAmount\\":9"}'
    answer = parse(CHALLENGE[:-1] + b"," + more, 7, "me")
    assert answer == parse(CHALLENGE, 7, "me")


@pytest.mark.parametrize("name", ["account", "totalAmount", "mcc", "merchant"])
@pytest.mark.parametrize("value", [None, "", " ", "\t\n", True, False, [], {}, ["1"], {"a": 1}])
def test_a_required_field_that_is_missing_blank_or_wrongly_typed_is_malformed(
    name: str, value: Any
) -> None:
    assert read(**{name: value}) is Reason.MALFORMED
    assert parse(orjson.dumps(USUAL | {name: None}), 7, "me") is Reason.MALFORMED


@pytest.mark.parametrize("name", ["account", "mcc", "merchant", "id", "card"])
def test_a_number_is_no_text(name: str) -> None:
    assert read(**{name: 5811}) is Reason.MALFORMED


def test_a_text_is_no_amount() -> None:
    assert read(totalAmount="10.00") is Reason.MALFORMED


@pytest.mark.parametrize("name", ["id", "card"])
@pytest.mark.parametrize("value", ["", "  ", True, [], {}])
def test_an_optional_field_that_is_there_must_be_a_text(name: str, value: Any) -> None:
    assert read(**{name: value}) is Reason.MALFORMED


@pytest.mark.parametrize("name", ["id", "card"])
def test_an_optional_field_may_be_null(name: str) -> None:
    assert parse(orjson.dumps(USUAL | {name: None}), 7, "me") == read()


@pytest.mark.parametrize(
    ("name", "longest"),
    [("account", 1024), ("mcc", 1024), ("merchant", 1024), ("id", 128), ("card", 128)],
)
@pytest.mark.parametrize("char", ["x", "é", "\N{SLICE OF PIZZA}"])
def test_a_text_has_up_to_so_many_characters(name: str, longest: int, char: str) -> None:
    assert isinstance(read(**{name: char * longest}), Authorize)
    assert read(**{name: char * (longest + 1)}) is Reason.MALFORMED


@pytest.mark.parametrize("name", ["account", "mcc", "merchant", "id", "card"])
def test_a_nul_character_is_in_no_text(name: str) -> None:
    assert read(**{name: "a\0b"}) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("spelled", "cents"),
    [("100.00", 100_00), ("100", 100_00), ("0.01", 1), ("1e1", 10_00), ("10.500", 10_50)],
)
def test_what_is_written_is_what_is_debited(spelled: str, cents: int) -> None:
    assert command(parse(CHALLENGE.replace(b"100.00", spelled.encode()), 7, "me")).amount_cents == (
        cents
    )


@pytest.mark.parametrize(
    "spelled",
    [
        "0", "-0", "0.00", "-1", "-0.01", "10.005", "99.99999999999999999", "0.001", "1e-3", "1e27",
        "1e-99999999999999999999", "0e99999999999999999999", "12345678901234567890123456789",
    ],
)  # fmt: skip
def test_an_amount_that_is_not_positive_or_no_whole_centavos_is_invalid(spelled: str) -> None:
    body = CHALLENGE.replace(b"100.00", spelled.encode())
    assert parse(body, 7, "me") is Reason.INVALID_AMOUNT


@pytest.mark.parametrize(
    "spelled", ["NaN", "Infinity", "01", "1.", ".5", "+1", "1e", "1e999", "0x1"]
)
def test_what_is_no_number_is_malformed(spelled: str) -> None:
    assert parse(CHALLENGE.replace(b"100.00", spelled.encode()), 7, "me") is Reason.MALFORMED


def test_fields_are_looked_at_before_the_amount() -> None:
    body = b'{"account":"","totalAmount":-1,"mcc":"5811","merchant":"X"}'
    assert parse(body, 7, "me") is Reason.MALFORMED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}",
        b"[]",
        b"null",
        b"true",
        b"5",
        b'"text"',
        b"[" * 5000,
        b"[" + CHALLENGE + b"]",
        CHALLENGE + b"x",
        CHALLENGE + CHALLENGE,
        CHALLENGE[:-1],
        b"\xef\xbb\xbf" + CHALLENGE,
        CHALLENGE.replace(b"ZE", b"\xff\xfe"),
        CHALLENGE.replace(b"ZE", b"\\ud800"),
        CHALLENGE.replace(b"ZE", b"\xed\xa0\x80"),
        CHALLENGE.decode().encode("utf-16"),
        CHALLENGE.replace(b'"', b"'"),
        b'{"account":"1","x":' + b"[" * 900 + b"]" * 900 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_object_of_a_transaction_is_malformed(body: bytes) -> None:
    assert parse(body, 7, "me") is Reason.MALFORMED


def test_escapes_are_read() -> None:
    body = CHALLENGE.replace(b'"account"', b'"\\u0061ccount"').replace(b"ZE", b"Z\\u00c9\\/\\n")
    answer = command(parse(body, 7, "me"))
    assert answer.account_id == "123"
    assert answer.merchant == "PADARIA DO ZÉ/\n               SAO PAULO BR"
