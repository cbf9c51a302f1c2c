"""The transaction endpoint: what it reads, what it answers, and what it says about the reason."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.support.client import Client
from tests.support.documents import Document, Number, card, customer, encode, purchase

NewId = Callable[[], str]
PATHS = ("/transactions", "/transaction", "/authorize")


@pytest.fixture
def account(client: Client, new_id: NewId) -> str:
    """An account with 100.00 in each wallet."""
    return client.open_account(new_id(), FOOD="100.00", MEAL="100.00", CASH="100.00")


def untouched(client: Client, account: str) -> bool:
    return client.balances(account) == {"FOOD": "100.00", "MEAL": "100.00", "CASH": "100.00"}


@pytest.mark.parametrize("path", PATHS)
def test_three_paths_lead_to_the_same_handler(client: Client, account: str, path: str) -> None:
    answer = client.post(path, purchase(account, "40.00"))
    assert (answer.status, answer.body) == (200, b'{"code":"00"}')
    assert client.balances(account)["FOOD"] == "60.00"


@pytest.mark.parametrize(
    ("amount", "body", "reason"),
    [
        ("100.00", b'{"code":"00"}', "approved"),
        ("100.01", b'{"code":"51"}', "insufficient_funds"),
        ("0", b'{"code":"07"}', "invalid_amount"),
        ("-0.01", b'{"code":"07"}', "invalid_amount"),
    ],
)
def test_the_body_holds_the_code_alone_and_a_header_says_why(
    client: Client, account: str, amount: str, body: bytes, reason: str
) -> None:
    answer = client.authorize(purchase(account, amount))
    assert (answer.body, answer.reason) == (body, reason)
    assert answer.headers["content-type"].startswith("application/json")
    assert "authorizer-replayed" not in answer.headers


def test_an_unknown_account_is_07(client: Client, new_id: NewId) -> None:
    answer = client.authorize(purchase(new_id(), "1.00"))
    assert (answer.code, answer.reason) == ("07", "account_not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_method_is_405(client: Client, method: str, path: str) -> None:
    answer = client.send(method, path)
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/xml; charset=utf-16"])
def test_the_content_type_is_not_looked_at(
    client: Client, account: str, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = encode(purchase(account, "1.00"))
    assert client.send("POST", "/transactions", body, headers).code == "00"


# --- members ---------------------------------------------------------------------------------


def test_both_spellings_of_the_attributes_are_read(client: Client, account: str) -> None:
    other = {
        "accountId": account,
        "amount": Number("10.00"),
        "mcc": "5811",
        "merchant": "LOJA X",
    }
    assert client.authorize(other).code == "00"
    assert client.balances(account)["MEAL"] == "90.00"


def test_both_spellings_at_once_may_say_the_same(client: Client, account: str) -> None:
    both = purchase(account, "10.00") | {"accountId": account, "amount": Number("10")}
    assert client.authorize(both).code == "00"
    assert client.balances(account)["FOOD"] == "90.00"


@pytest.mark.parametrize("more", [{"accountId": "another"}, {"amount": Number("10.01")}])
def test_both_spellings_with_different_values_are_malformed(
    client: Client, account: str, more: Document
) -> None:
    answer = client.authorize(purchase(account, "10.00") | more)
    assert (answer.code, answer.reason) == ("07", "malformed")
    assert untouched(client, account)


@pytest.mark.parametrize("member", ["account", "totalAmount", "mcc", "merchant"])
@pytest.mark.parametrize("value", [None, True, [], {}, "absent"])
def test_a_required_member_that_is_missing_null_or_of_a_wrong_type_is_malformed(
    client: Client, account: str, member: str, value: object
) -> None:
    document = purchase(account, "10.00") | {member: value}
    if value == "absent":
        del document[member]
    answer = client.authorize(document)
    assert (answer.code, answer.reason) == ("07", "malformed")
    assert untouched(client, account)


@pytest.mark.parametrize("member", ["account", "mcc", "merchant"])
@pytest.mark.parametrize("value", ["", "   ", "\t", "\u00a0", 5811])
def test_a_required_text_that_is_blank_or_a_number_is_malformed(
    client: Client, account: str, member: str, value: object
) -> None:
    answer = client.authorize(purchase(account, "10.00") | {member: value})
    assert (answer.code, answer.reason) == ("07", "malformed")
    assert untouched(client, account)


@pytest.mark.parametrize("member", ["account", "mcc", "merchant", "id", "card"])
def test_a_nul_in_a_text_is_malformed(client: Client, account: str, member: str) -> None:
    answer = client.authorize(purchase(account, "10.00") | {member: "a\0b"})
    assert (answer.code, answer.reason) == ("07", "malformed")
    assert untouched(client, account)


@pytest.mark.parametrize(
    "repeated",
    ['"account":"{account}"', '"totalAmount":10', '"mcc":"5411"', '"merchant":"X"', '"id":"i"'],
)
def test_a_known_member_named_twice_is_malformed(
    client: Client, account: str, repeated: str
) -> None:
    member = repeated.replace("{account}", account)
    body = encode(purchase(account, "10", id="i"))[:-1] + f",{member}}}".encode()
    answer = client.send("POST", "/transactions", body)
    assert (answer.code, answer.reason) == ("07", "malformed")
    assert untouched(client, account)


def test_unknown_members_are_ignored_even_twice(client: Client, account: str) -> None:
    body = encode(purchase(account, "10.00"))[:-1] + b',"note":{"a":[1]},"note":null}'
    assert client.send("POST", "/transactions", body).code == "00"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"{} {}", b"\xef\xbb\xbf{}"]
)
def test_what_is_no_transaction_is_malformed(client: Client, body: bytes) -> None:
    answer = client.send("POST", "/transactions", body)
    assert (answer.status, answer.code, answer.reason) == (200, "07", "malformed")


# --- amounts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["10", "10.0", "10.00", "10.500", "1e1", "1.05E+1", "1000e-2"])
def test_a_whole_number_of_centavos_is_debited_as_written(
    client: Client, account: str, amount: str
) -> None:
    assert client.authorize(purchase(account, amount)).code == "00"
    left = 100 - Decimal(amount)
    assert client.balances(account)["FOOD"] == f"{left:.2f}"


@pytest.mark.parametrize("amount", ["10.005", "99.99999999999999999", "0.001", "1e-3", "0.00"])
def test_what_is_no_positive_number_of_centavos_is_refused_and_never_rounded(
    client: Client, account: str, amount: str
) -> None:
    answer = client.authorize(purchase(account, amount))
    assert (answer.code, answer.reason) == ("07", "invalid_amount")
    assert untouched(client, account)


def test_an_amount_as_text_is_malformed(client: Client, account: str) -> None:
    answer = client.authorize(purchase(account, "10.00") | {"totalAmount": "10.00"})
    assert (answer.code, answer.reason) == ("07", "malformed")
    assert untouched(client, account)


# --- the size of a body ----------------------------------------------------------------------


def padded(account: str, size: int) -> bytes:
    body = encode(purchase(account, "10.00"))
    return body + b" " * (size - len(body))


def test_a_body_of_64_kib_is_read(client: Client, account: str) -> None:
    assert client.send("POST", "/transactions", padded(account, 65_536)).code == "00"


def test_a_body_over_64_kib_is_07(client: Client, account: str) -> None:
    answer = client.send("POST", "/transactions", padded(account, 65_537))
    assert (answer.status, answer.code) == (200, "07")
    assert untouched(client, account)


def test_a_body_in_chunks_is_read(client: Client, account: str) -> None:
    body = encode(purchase(account, "10.00"))
    headers = {"Transfer-Encoding": "chunked"}
    chunked = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in body) + b"0\r\n\r\n"
    assert client.send("POST", "/transactions", chunked, headers).code == "00"


def test_a_body_in_chunks_over_64_kib_is_07(client: Client, account: str) -> None:
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    body = encode(purchase(account, "10.00"))
    first = f"{len(body):x}\r\n".encode() + body + b"\r\n"
    headers = {"Transfer-Encoding": "chunked"}
    chunked = first + chunk * 16 + b"0\r\n\r\n"
    answer = client.send("POST", "/transactions", chunked, headers)
    assert (answer.status, answer.code) == (200, "07")
    assert untouched(client, account)


# --- cards -----------------------------------------------------------------------------------


@pytest.fixture
def customer_with_cards(client: Client, new_id: NewId) -> Document:
    """A customer whose account holds 100.00 of MEAL, with an active and a blocked card."""
    customer_id = new_id()
    client.open_account(customer_id, MEAL="100.00", CASH="0.00")
    blocked = {
        "status": "bloqueado",
        "motivo_bloqueio": "roubo",
        "data_bloqueio": "2025-02-24T15:30:00Z",
    }
    cards = (card(new_id(), "500.00"), card(new_id(), "500.00", **blocked))
    document = customer(customer_id, *cards)
    assert client.put_customer(document).status == 201
    return document


def test_a_card_that_the_account_does_not_have_is_07(
    client: Client, account: str, customer_with_cards: Document
) -> None:
    """Whichever wallet would have paid, and although the card exists on another account."""
    for card_id in ("no-such-card", customer_with_cards["cartoes"][0]["cartao_id"]):
        answer = client.authorize(purchase(account, "10.00", card=card_id))
        assert (answer.code, answer.reason) == ("07", "card_not_found")
    assert untouched(client, account)


def test_a_blocked_card_is_07_although_a_wallet_would_have_paid(
    client: Client, customer_with_cards: Document
) -> None:
    account = customer_with_cards["cliente_id"]
    blocked = customer_with_cards["cartoes"][1]["cartao_id"]
    answer = client.authorize(purchase(account, "10.00", mcc="5811", card=blocked))
    assert (answer.code, answer.reason) == ("07", "card_blocked")
    assert client.balances(account) == {"MEAL": "100.00", "CASH": "0.00"}


def test_a_cancelled_card_is_07_like_a_blocked_one(client: Client, new_id: NewId) -> None:
    account, card_id = client.open_account(new_id(), FOOD="10.00"), new_id()
    document = customer(new_id(), card(card_id, status="cancelado"), conta=account)
    assert client.put_customer(document).status == 201
    answer = client.authorize(purchase(account, "10.00", card=card_id))
    assert (answer.code, answer.reason) == ("07", "card_blocked")
    assert client.balances(account) == {"FOOD": "10.00"}


@pytest.mark.parametrize("offer", ["h2c", "websocket", "TLS/1.3"])
def test_an_offer_to_upgrade_is_passed_over(client: Client, account: str, offer: str) -> None:
    """RFC 9110, 7.8: a server may ignore Upgrade. Some clients send it with their first request."""
    body = encode(purchase(account, "10.00"))
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": offer, "HTTP2-Settings": "AAA"}
    assert client.send("POST", "/transactions", body, headers).code == "00"


def test_one_hostile_name_does_not_hold_up_the_others(client: Client, account: str) -> None:
    """U+FDFA becomes eighteen characters: a name is searched in steps bounded by the table."""
    assert client.put("/merchants", {"name": "NOBODY *", "mcc": "5411"}).status in (200, 201)
    body = purchase(account, "1.00") | {"merchant": "\ufdfa" * 1023}
    assert client.send("POST", "/transactions", encode(body)).code == "00"
