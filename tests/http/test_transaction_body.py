"""The body of a transaction, field by field."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from authorizer.actors.purchases import Unreadable
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import Reason
from authorizer.http import transaction_body
from authorizer.http.api.fields import MAX_DETAIL_LENGTH

CHALLENGE = (
    b'{"account": "123", "totalAmount": 100.00, "mcc": "5811",'
    b' "merchant": "PADARIA DO ZE               SAO PAULO BR"}'
)
USUAL: dict[str, Any] = {"account": "1", "totalAmount": 10, "mcc": "5811", "merchant": "X"}


def parse(body: bytes, received_ns: int, by: str, *keys: bytes) -> Authorize | Reason:
    """The command, or the reason for none, whose detail can stand in a header."""
    answer = transaction_body.parse(body, by, keys, received_ns)
    if isinstance(answer, Authorize):
        return answer
    assert re.fullmatch(r"[ -~]+: [ -~]+", answer.detail), answer
    assert len(answer.detail) <= MAX_DETAIL_LENGTH
    return answer.reason


def detail(body: bytes | dict[str, Any], *keys: bytes) -> str:
    """What is told of a body that can't be taken."""
    if isinstance(body, dict):
        body = orjson.dumps(body)
    answer = transaction_body.parse(body, "me", keys, 7)
    assert isinstance(answer, Unreadable), answer
    return answer.detail


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
        "1e400", "-1e400", "1E+999", "1e99999999999999999999", "1" * 5000,
        "1." + "0" * 5000 + "e400",
    ],
)  # fmt: skip
def test_an_amount_that_is_not_positive_or_no_whole_centavos_is_invalid(spelled: str) -> None:
    body = CHALLENGE.replace(b"100.00", spelled.encode())
    assert parse(body, 7, "me") is Reason.INVALID_AMOUNT


@pytest.mark.parametrize(
    "spelled", ["NaN", "Infinity", "01", "1.", ".5", "+1", "1e", "1e999.5", "1e400e1", "0x1"]
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


# --- numbers that no double holds ----------------------------------------------------------------

BEYOND = [
    b"1e400", b"-1e400", b"1E+309", b"1e99999999999999999999", b"9" * 400, b'[1,{"a":1e999}]',
]  # fmt: skip


@pytest.mark.parametrize("number", BEYOND, ids=lambda number: number[:12].decode())
def test_an_unknown_member_may_be_any_number(number: bytes) -> None:
    body = CHALLENGE[:-1] + b', "x": %s}' % number
    assert parse(body, 7, "me") == parse(CHALLENGE, 7, "me")
    assert parse(body + b"}", 7, "me") is Reason.MALFORMED
    assert parse(b"[%s]" % body, 7, "me") is Reason.MALFORMED


@pytest.mark.parametrize("text", ["1e400", "a 1e400 b", '\\"1e400\\"', "\\u00311e400", "9" * 400])
def test_such_a_number_in_a_text_is_text(text: str) -> None:
    body = CHALLENGE.replace(b"PADARIA DO ZE", text.encode()) + b" "
    assert command(parse(body[:-2] + b', "x": 1e400}', 7, "me")).merchant == (
        command(parse(body, 7, "me")).merchant
    )


# --- members that are not passed over -------------------------------------------------------------

MISSPELT = [
    "Id", "ID", "i_d", "id-", "Account", "ACCOUNT", "account_id", "Account-Id", "accountid",
    "total_amount", "TotalAmount", "totalamount", "Amount", "MCC", "Mcc", "m-c-c", "Merchant",
    "merchant_", "Card", "_card",
]  # fmt: skip


@pytest.mark.parametrize("name", MISSPELT)
@pytest.mark.parametrize("value", ["123", 10, None, []])
def test_a_known_member_misspelt_is_malformed_and_named(name: str, value: Any) -> None:
    assert read(**{name: "x"}) is Reason.MALFORMED
    assert detail(USUAL | {name: value}).startswith(f"{name}: is not known; ")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("transactionId", "t", "is not known; id is"),
        ("transaction_id", "t", "is not known; id is"),
        ("TransactionID", 5, "is not known; id is"),
        ("idempotencyKey", "t", "is not known; id is"),
        ("idempotency-key", "t", "is not known; id is"),
        ("Idempotency-Key", "t", "is not known; id is"),
        ("cartao_id", "987", "is not known; card is"),
        ("cartaoId", "987", "is not known; card is"),
        ("cardId", "987", "is not known; card is"),
        ("currency", "USD", "must be BRL"),
        ("Currency", "usd", "must be BRL"),
        ("currency", 986, "must be BRL"),
        ("currency", ["BRL"], "must be BRL"),
        ("type", "REVERSAL", "must be a purchase"),
        ("type", "", "must be a purchase"),
        ("kind", "refund", "must be a purchase"),
        ("Kind", True, "must be a purchase"),
    ],
)
def test_a_member_that_makes_another_purchase_of_it_is_malformed(
    name: str, value: Any, told: str
) -> None:
    assert read(**{name: value}) is Reason.MALFORMED
    assert detail(USUAL | {name: value}) == f"{name}: {told}"
    assert detail(USUAL | {"x": ["y"], name: value}) == f"{name}: {told}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currency", "BRL"), ("Currency", "BRL"), ("currency", None), ("type", "purchase"),
        ("type", "PURCHASE"), ("kind", "Compra"), ("type", None), ("cartao_id", None),
        ("transactionId", None), ("ids", "t"), ("cards", "c"), ("currency_name", "USD"),
        ("city", "USD"), ("", "x"), ("accounts", "1"), ("mcc2", "1"),
    ],
)  # fmt: skip
def test_any_other_member_is_ignored(name: str, value: Any) -> None:
    more = orjson.dumps(USUAL | {name: value})
    assert parse(more, 7, "me") == read()
    assert parse(more[:-1] + b',"y":{"Id":"t","currency":"USD"}}', 7, "me") == read()


def test_of_two_that_say_different_things_the_wrong_one_counts() -> None:
    body = orjson.dumps(USUAL)[:-1] + b',"currency":"USD","currency":"BRL"}'
    assert parse(body, 7, "me") is Reason.MALFORMED


@pytest.mark.parametrize("text", ["[" * 600, '\\"{' * 600, "]" * 600])
def test_brackets_in_a_text_are_no_nesting(text: str) -> None:
    command = parse(orjson.dumps(USUAL | {"x": text}), 7, "me")
    assert isinstance(command, Authorize)


def test_what_every_python_reads_may_be_nested_in_an_unknown_member() -> None:
    nested = b"[" * 499 + b"]" * 499
    command = parse(orjson.dumps(USUAL)[:-1] + b',"x":' + nested + b"}", 7, "me")
    assert isinstance(command, Authorize)


# --- what is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "body: is no JSON document"),
        (b"[]", "body: must be a JSON object"),
        (b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "body: is no JSON document"),
        (b'{"x":' + b"[" * 500 + b"]" * 500 + b"}", "body: is nested more than 500 deep"),
        (b'{"x":' + b'{"x":' * 500 + b"1" + b"}" * 501, "body: is nested more than 500 deep"),
        ({}, "account: is missing"),
        (USUAL | {"account": None}, "account: must be a text"),
        (USUAL | {"account": " "}, "account: must not be blank"),
        (USUAL | {"account": "a\0"}, "account: must not hold NUL"),
        (USUAL | {"mcc": 5811}, "mcc: must be a text"),
        (USUAL | {"merchant": "x" * 1025}, "merchant: is longer than 1024 characters"),
        (USUAL | {"id": "x" * 129}, "id: is longer than 128 characters"),
        (USUAL | {"card": ""}, "card: must not be blank"),
        (USUAL | {"id": "a/b"}, "id: must not hold a slash"),
        (USUAL | {"id": "a\x7fb"}, "id: must not hold a control character"),
        (USUAL | {"id": "a\x80b"}, "id: must not hold a control character"),
        (USUAL | {"id": "a\x9fb"}, "id: must not hold a control character"),
        (USUAL | {"id": "a\tb"}, "id: must not hold a control character"),
        (USUAL | {"accountId": "2"}, "accountId: differs from account"),
        (USUAL | {"amount": 11}, "amount: differs from totalAmount"),
        (USUAL | {"totalAmount": "10"}, "totalAmount: must be a number"),
        (USUAL | {"totalAmount": 0}, "totalAmount: must be more than zero"),
        (
            USUAL | {"totalAmount": 1.005},
            "totalAmount: must be a whole number of centavos, of at most 28 digits",
        ),
        (b'{"id":"a","id":"b"}', "id: is there more than once"),
        (USUAL | {"I" + "-" * 500 + "d": "x"}, f"I{'-' * 39}: is not known; id is"),
        (USUAL | {"\N{KELVIN SIGN}ind": "x"}, "?ind: must be a purchase"),
    ],
)
def test_the_detail_names_the_member_and_what_is_wrong(
    body: bytes | dict[str, Any], told: str
) -> None:
    assert detail(body) == told


# --- Idempotency-Key ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (b"k-1", "k-1"),
        (b"k 1", "k 1"),
        (b' "k-1" ', "k-1"),
        (b'"a\\"b"', 'a"b'),
        (b'a"b"', 'a"b"'),
        ("ção".encode(), "ção"),
        (b"k" * 128, "k" * 128),
    ],
)
def test_the_header_is_the_id_where_the_body_has_none(key: bytes, said: str) -> None:
    body = orjson.dumps(USUAL)
    assert command(parse(body, 7, "me", key)).transaction_id == said
    null = orjson.dumps(USUAL | {"id": None})
    assert command(parse(null, 7, "me", key)).transaction_id == said
    both = orjson.dumps(USUAL | {"id": said})
    assert command(parse(both, 7, "me", key)).transaction_id == said


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ((b"other",), "Idempotency-Key: differs from id"),
        ((b"",), "Idempotency-Key: must not be blank"),
        ((b" ",), "Idempotency-Key: must not be blank"),
        ((b'""',), "Idempotency-Key: must not be blank"),
        ((b"a/b",), "Idempotency-Key: must not hold a slash"),
        ((b"k" * 129,), "Idempotency-Key: is longer than 128 characters"),
        ((b"\xff",), "Idempotency-Key: is not UTF-8"),
        ((b"t", b"t"), "Idempotency-Key: is there more than once"),
    ],
)
def test_a_header_that_cannot_be_the_id_is_malformed(keys: tuple[bytes, ...], told: str) -> None:
    assert detail(USUAL | {"id": "t"}, *keys) == told


def test_what_is_wrong_in_the_body_is_told_first() -> None:
    assert detail(USUAL | {"mcc": 1}, b"") == "mcc: must be a text"
