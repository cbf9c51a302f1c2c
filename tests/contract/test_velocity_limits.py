"""A limit that is put later counts what was bought before it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.client import Client, path_of
from tests.support.documents import Document, money, purchase
from tests.support.server import PATIENT, MakeServer
from tests.support.waiting import until


def bought(client: Client, account: str) -> None:
    """Purchases with and without id, a hold partly captured, and one reversed: 23.00, three."""
    client.open_account(account, MEAL="100.00")
    assert client.authorize(purchase(account, "5.00", mcc="5812", id="t")).code == "00"
    assert client.authorize(purchase(account, "8.00", mcc="5812")).code == "00"
    base = path_of("accounts", account, "authorizations")
    for one in ("h1", "h2"):
        body: Document = {"id": one, "amount": money("20.00"), "mcc": "5812", "merchant": "LOJA"}
        assert client.post(base, body).status == 201
    part = {"id": "c", "amount": money("10.00")}
    assert client.post(f"{base}/h1/captures", part).status == 201
    assert client.post(f"{base}/h2/reversals", {"id": "r"}).status == 201


def would_be(client: Client, account: str, amount: str) -> str:
    """The reason that a dry run gives."""
    body = {"id": "dry", "amount": money(amount), "mcc": "5812", "merchant": "LOJA"}
    answer = client.post(path_of("accounts", account, "decisions"), body)
    assert answer.status == 200, answer
    return str(answer.json()["reason"])


@pytest.mark.parametrize("for_all", [False, True])
def test_a_limit_counts_earlier_purchases(make_server: MakeServer, for_all: bool) -> None:
    client = make_server().start().client
    bought(client, "a")
    body = {"window": "month", "max_amount": money("30.00")}
    path = "/limits/m" if for_all else "/accounts/a/limits/m"
    assert client.put(path, body).status == 201
    until(lambda: would_be(client, "a", "7.01") == "amount_limit", "counted")
    beyond = client.authorize(purchase("a", "7.01", mcc="5812"))
    assert (beyond.code, beyond.reason) == ("07", "amount_limit")
    assert client.authorize(purchase("a", "7.00", mcc="5812")).code == "00"


def test_an_account_tells_what_it_has_used_of_the_limits_for_all(make_server: MakeServer) -> None:
    client = make_server().start().client
    bought(client, "a")
    client.open_account("b", MEAL="1.00")
    own: Document = {"window": "month", "max_amount": money("40.00")}
    assert client.put("/accounts/a/limits/own", own).status == 201
    body: Document = {"window": "month", "max_amount": money("30.00"), "max_count": 9}
    assert client.put("/limits/m", body).status == 201
    assert [(one["name"], one["level"]) for one in limits_of(client, "a")] == [
        ("own", "account"),
        ("m", "global"),
    ]
    until(lambda: limits_of(client, "a")[1]["used_count"] is not None, "counted")
    first = client.get("/accounts/a/limits?limit=1").json()
    second = client.get(f"/accounts/a/limits?limit=1&cursor={first['next']}").json()
    assert [first["limits"][0]["name"], second["limits"][0]["name"]] == ["own", "m"]
    assert second["next"] is None
    assert client.get("/limits?limit=1").json() == client.get("/limits").json()
    assert client.get("/limits?before=x").status == 422
    assert used_of_all(client, "a") == {"m": (Decimal("23.00"), 3)}
    assert limits_of(client, "a")[1]["renews_at"] is not None
    until(lambda: used_of_all(client, "b") == {"m": (Decimal("0.00"), 0)}, "counted for b")
    changed = body | {"max_amount": money("50.00")}
    assert client.put("/limits/m", changed).status == 200
    assert client.authorize(purchase("a", "1.00", mcc="5812")).code == "00"
    assert limits_of(client, "a")[1]["max_amount"] == Decimal("50.00")
    assert used_of_all(client, "a") == {"m": (Decimal("24.00"), 4)}
    assert client.get("/accounts/a/limits/m").status == 404  # it is no limit of its own
    assert client.delete("/limits/m").status == 204
    assert used_of_all(client, "a") == {}


def limits_of(client: Client, account: str) -> list[Document]:
    answer = client.get(path_of("accounts", account, "limits"))
    assert answer.status == 200, answer
    return list(answer.json()["limits"])


def used_of_all(client: Client, account: str) -> dict[str, tuple[Decimal, int]]:
    found = (one for one in limits_of(client, account) if one["level"] == "global")
    return {one["name"]: (one["used_amount"], one["used_count"]) for one in found}


def test_without_reports_a_limit_counts_from_when_it_is_put(make_server: MakeServer) -> None:
    client = make_server(*PATIENT, "--reports", "false").start().client
    bought(client, "a")
    body = {"window": "month", "max_amount": money("30.00")}
    assert client.put("/accounts/a/limits/m", body).status == 201
    assert client.authorize(purchase("a", "30.00", mcc="5812")).code == "00"
    assert client.authorize(purchase("a", "0.01", mcc="5812")).reason == "amount_limit"


@pytest.mark.parametrize("for_all", [False, True])
def test_a_purchase_without_a_merchant_counts_for_none(
    make_server: MakeServer, for_all: bool
) -> None:
    client = make_server().start().client
    client.open_account("a", MEAL="100.00")
    forced = {"id": "c", "amount": money("20.00"), "force": True}
    assert client.post(operation_of("a", "f"), forced).status == 201
    body = {"window": "day", "max_amount": money("10.00"), "scope": {"merchants": ["LOJA"]}}
    path = "/limits/m" if for_all else "/accounts/a/limits/m"
    assert client.put(path, body).status == 201
    until(lambda: would_be(client, "a", "10.01") == "amount_limit", "counted")
    assert would_be(client, "a", "10.00") == "approved"


def operation_of(account: str, one: str) -> str:
    return path_of("accounts", account, "authorizations", one, "captures")


@pytest.mark.parametrize(
    "first", ["hold", "transaction", "reversal", "late_transaction", "late_hold", "nothing"]
)
def test_a_forced_capture_counts_alike_before_and_after_a_limit_is_put(
    make_server: MakeServer, first: str
) -> None:
    """What was declined and is booked all the same is the purchase that was declined."""
    client = make_server().start().client
    client.open_account("a", MEAL="1.00")
    terms: Document = {"mcc": "5812", "merchant": "LOJA"}
    match first:
        case "hold":
            body = {"id": "d", "amount": money("50.00"), **terms}
            assert client.post("/accounts/a/authorizations", body).json()["code"] == "51"
            terms = {}
        case "transaction":
            assert client.authorize(purchase("a", "50.00", id="d", **terms)).code == "51"
            terms = {}
        case "reversal" | "late_transaction" | "late_hold":
            early = {"id": "r", "if_unknown": "decline"}
            assert client.post("/accounts/a/authorizations/d/reversals", early).status == 201
    if first == "late_transaction":
        late = client.authorize(purchase("a", "50.00", id="d", **terms))
        assert late.reason == "reversed_before"
        terms = {}
    if first == "late_hold":
        body = {"id": "d", "amount": money("50.00"), **terms}
        late_hold = client.post("/accounts/a/authorizations", body).json()
        assert late_hold["operations"][-1]["reason"] == "reversed_before"
        terms = {}
    limit: Document = {"window": "day", "max_amount": money("1000.00")}
    limit["scope"] = {"mccs": ["5812"], "merchants": ["LOJA"]}
    assert client.put("/accounts/a/limits/before", limit).status == 201
    forced = {"id": "f", "amount": money("50.00"), "force": True, **terms}
    assert client.post(operation_of("a", "d"), forced).status == 201
    assert client.put("/accounts/a/limits/after", limit).status == 201
    found = client.get("/accounts/a/limits").json()
    used = {one["name"]: (one["used_amount"], one["used_count"]) for one in found["limits"]}
    assert used == dict.fromkeys(["before", "after"], (Decimal("50.00"), 1))


def test_a_purchase_that_was_reversed_before_it_came_is_listed_as_declined(
    make_server: MakeServer,
) -> None:
    client = make_server().start().client
    client.open_account("a", MEAL="10.00")
    early = {"id": "r", "if_unknown": "decline"}
    assert client.post("/accounts/a/authorizations/x/reversals", early).status == 201
    answer = client.authorize(purchase("a", "5.00", mcc="5812", id="x"))
    assert (answer.code, answer.reason) == ("07", "reversed_before")
    assert [one["id"] for one in listing(client, "declined")] == ["x"]
    assert listing(client, "reversed") == []


def listing(client: Client, status: str) -> list[Document]:
    answer = client.get(f"/accounts/a/authorizations?status={status}")
    assert answer.status == 200, answer
    return list(answer.json()["authorizations"])


def test_an_account_that_could_not_be_opened_is_not_there_under_a_limit_for_all(
    make_server: MakeServer,
) -> None:
    client = make_server().start().client
    limit = {"window": "day", "max_amount": money("10.00")}
    assert client.put("/limits/all", limit).status == 201
    unopened = {"balances": {"NOPE": money("1.00")}}
    assert client.put("/accounts/ghost", unopened).status == 422
    answer = client.authorize(purchase("ghost", "1.00"))
    assert (answer.code, answer.reason) == ("07", "account_not_found")
    client.open_account("ghost", MEAL="5.00")


def test_a_statement_says_what_declined_and_what_would_have(make_server: MakeServer) -> None:
    client = make_server().start().client
    client.open_account("a", MEAL="100.00")
    terms: Document = {"mcc": "5812", "merchant": "LOJA"}
    for path, mode, most in (
        ("/accounts/a/limits/x", "shadow", "5.00"),
        ("/accounts/a/limits/y", "enforce", "20.00"),
        ("/limits/y", "shadow", "7.00"),
    ):
        limit = {"window": "transaction", "max_amount": money(most), "mode": mode}
        assert client.put(path, limit).status == 201
    assert client.authorize(purchase("a", "4.00", id="small", **terms)).code == "00"
    assert client.authorize(purchase("a", "6.00", id="more", **terms)).code == "00"
    assert client.authorize(purchase("a", "21.00", id="much", **terms)).reason == "amount_limit"
    body: Document = {"id": "h", "amount": money("8.00"), **terms}
    assert client.post("/accounts/a/authorizations", body).json()["code"] == "00"
    body |= {"id": "h2", "amount": money("21.00")}
    assert client.post("/accounts/a/authorizations", body).json()["reason"] == "amount_limit"
    more: Document = {"id": "i", "amount": money("13.00")}
    assert client.post("/accounts/a/authorizations/h/increments", more).status == 201
    x, all_y = {"name": "x", "level": "account"}, {"name": "y", "level": "global"}
    y = {"rule": "limit", "name": "y", "level": "account"}
    lines = client.get("/accounts/a/transactions").json()["transactions"]
    assert [(one["id"], one.get("decided_by"), one.get("shadow")) for one in reversed(lines)] == [
        ("small", None, None),
        ("more", None, [x]),
        ("much", y, [x, all_y]),
        ("h", None, [x, all_y]),
        ("h2", y, [x, all_y]),
        ("h", y, [x, all_y]),
    ]
