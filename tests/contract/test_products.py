"""Products, fallbacks and times of holds under settings, over real servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.client import Client, path_of
from tests.support.documents import Document, money, time_of
from tests.support.server import PATIENT, Server

FLAGS = (
    "--preset", "pat-br",
    "--fallback-of", "FOOD=GIFT",
    "--hold-hours", "other=24,3501-3600=100,7011=200",
    "--over-capture-percent", "5812=20",
    "--late-capture-days", "0",
)  # fmt: skip
SHOP = "LOJA X"
BALANCES = {"FOOD": "50.00", "MEAL": "100.00", "CASH": "500.00", "GIFT": "80.00"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("products"), (*PATIENT, *FLAGS))
    try:
        yield made.start()
    finally:
        made.end()


@pytest.fixture
def till(server: Server, request: pytest.FixtureRequest) -> Client:
    """A client; an account named like the test has the balances above."""
    server.client.open_account(name_of(request), **BALANCES)
    return server.client


def name_of(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def buy(till: Client, account: str, amount: str, mcc: str, **more: Any) -> tuple[str, str]:
    """The code and the reason of a purchase."""
    body: Document = {"account": account, "totalAmount": money(amount), "mcc": mcc}
    answer = till.post("/transactions", body | {"merchant": SHOP} | more)
    assert answer.status == 200
    assert list(answer.json()) == ["code"]
    return answer.json()["code"], answer.headers["authorizer-reason"]


def hold(till: Client, account: str, name: str, amount: str, mcc: str, **more: Any) -> Any:
    body: Document = {"id": name, "amount": money(amount), "mcc": mcc, "merchant": SHOP}
    answer = till.post(path_of("accounts", account, "authorizations"), body | more)
    assert answer.status == 201, answer
    return answer.json()


PAID, POOR, ODD = ("00", "approved"), ("51", "insufficient_funds"), ("07", "merchant_not_eligible")


@pytest.mark.parametrize(
    ("amount", "mcc", "product", "answer", "source"),
    [
        ("100.00", "5812", "01", PAID, "MEAL"),
        ("100.00", "5814", "04", PAID, "MEAL"),
        ("100.01", "5812", "01", POOR, None),
        ("1.00", "5411", "01", ODD, None),
        ("1.00", "5999", "04", ODD, None),
        ("50.00", "5462", "02", PAID, "FOOD"),
        ("50.01", "5411", "05", POOR, None),
        ("1.00", "5812", "02", ODD, None),
        ("1.00", "5812", "03", ODD, None),
        ("1.00", "5999", "03", ODD, None),
        ("100.01", "5812", None, POOR, None),
        ("80.00", "5411", None, PAID, "GIFT"),
        ("80.01", "5411", None, POOR, None),
        ("500.00", "5999", None, PAID, "CASH"),
    ],
)
def test_a_purchase_is_paid_by_the_preset_and_own_settings(
    till: Client,
    request: pytest.FixtureRequest,
    amount: str,
    mcc: str,
    product: str | None,
    answer: tuple[str, str],
    source: str | None,
) -> None:
    """At once, as a hold and in a dry run alike; statement and purchase have the product."""
    account = name_of(request)
    said = {"product": product}
    body = {"id": "d", "amount": money(amount), "mcc": mcc, "merchant": SHOP} | said
    dry = till.post(path_of("accounts", account, "decisions"), body)
    assert dry.status == 200
    assert (dry.json()["code"], dry.json()["reason"]) == answer
    assert dry.json()["source"] == source

    made = hold(till, account, "h", amount, mcc, **said)
    assert ((made["code"], made["reason"]), made["source"]) == (answer, source)
    assert made["product"] == product
    till.post(path_of("accounts", account, "authorizations", "h", "reversals"), {"id": "r"})

    assert buy(till, account, amount, mcc, id="t", **said) == answer
    found = till.get(path_of("accounts", account, "authorizations", "t")).json()
    assert (found["product"], found["source"], found["reason"]) == (product, source, answer[1])
    lines = till.get(path_of("accounts", account, "transactions")).json()["transactions"]
    for line in lines:
        if line["type"] in ("purchase", "authorization"):
            assert (line.get("product"), line["source"]) == (product, source)
            named = {"rule": "product", "name": product, "level": None}
            assert line.get("decided_by") == (named if answer == ODD else None)


def test_an_account_has_a_wallet_that_others_fall_back_to(server: Server) -> None:
    server.client.put("/accounts/empty", {})
    wallets = server.client.get("/accounts/empty").json()["balances"]
    assert set(wallets) == {"FOOD", "MEAL", "CASH", "GIFT"}


@pytest.mark.parametrize("product", ["06", "1", "", "01 ", 1, ["01"], {"a": "01"}, True])
def test_a_code_of_no_product_is_malformed(
    till: Client, request: pytest.FixtureRequest, product: Any
) -> None:
    account = name_of(request)
    body = {"account": account, "totalAmount": 1, "mcc": "5812", "merchant": SHOP}
    answer = till.post("/transactions", body | {"product": product})
    assert (answer.status, answer.json()) == (200, {"code": "07"})
    assert answer.headers["authorizer-reason"] == "malformed"
    told = "product: must be one of 01, 02, 03, 04, 05"
    assert answer.headers["authorizer-detail"] == told
    document = {"id": "h", "amount": 1, "mcc": "5812", "merchant": SHOP, "product": product}
    path = path_of("accounts", account, "authorizations")
    assert till.post(path, document).status == 422


def test_a_repeat_says_the_same_product_after_a_restart_too(
    server: Server, till: Client, request: pytest.FixtureRequest
) -> None:
    account = name_of(request)
    assert buy(till, account, "10.00", "5812", id="t", product="01") == PAID
    server.kill()
    till = server.start().client
    assert buy(till, account, "10.00", "5812", id="t", product="01") == PAID
    for other in ({}, {"product": None}, {"product": "04"}):
        odd = buy(till, account, "10.00", "5812", id="t", **other)
        assert odd == ("07", "duplicate_mismatch")
    assert till.balances(account)["MEAL"] == "90.00"


def test_money_goes_back_to_the_products_own_wallet(
    till: Client, request: pytest.FixtureRequest
) -> None:
    """By a refund of a purchase, and by the capture's rest of a hold."""
    account = name_of(request)
    path = path_of("accounts", account, "authorizations")
    assert buy(till, account, "10.00", "5812", id="t", product="01") == PAID
    assert till.post(f"{path}/t/refunds", {"id": "f", "amount": money("4.00")}).status == 201
    assert till.balances(account)["MEAL"] == "94.00"
    hold(till, account, "h", "20.00", "5812", product="01")
    assert till.post(f"{path}/h/captures", {"id": "c", "amount": money("5.00")}).status == 201
    assert till.balances(account) | {"MEAL": "89.00"} == till.balances(account)


@pytest.mark.parametrize(
    ("mcc", "hours"), [("5812", 24), ("3501", 100), ("3600", 100), ("3601", 24), ("7011", 200)]
)
def test_a_hold_runs_as_long_as_its_mcc_says(
    till: Client, request: pytest.FixtureRequest, mcc: str, hours: int
) -> None:
    account = name_of(request)
    made = hold(till, account, "h", "1.00", mcc)
    span = time_of(made["expires"]) - time_of(made["created"])
    assert span.total_seconds() == hours * 3600
    made = hold(till, account, "own", "1.00", mcc, hold_hours=1)
    assert (time_of(made["expires"]) - time_of(made["created"])).total_seconds() == 3600


@pytest.mark.parametrize(("mcc", "most"), [("5812", "12.00"), ("5814", "10.00")])
def test_a_capture_takes_as_much_more_as_its_mcc_says(
    till: Client, request: pytest.FixtureRequest, mcc: str, most: str
) -> None:
    account = name_of(request)
    hold(till, account, "h", "10.00", mcc)
    path = path_of("accounts", account, "authorizations", "h", "captures")
    cent_more = most.replace(".00", ".01")
    refused = till.post(path, {"id": "a", "amount": money(cent_more)})
    assert (refused.status, refused.json()["reason"]) == (409, "over_capture")
    taken = till.post(path, {"id": "b", "amount": money(most)})
    assert (taken.status, str(taken.json()["captured"])) == (201, most)


def test_nothing_is_captured_late_where_the_setting_says_so(
    till: Client, request: pytest.FixtureRequest
) -> None:
    account = name_of(request)
    hold(till, account, "h", "10.00", "5812")
    path = path_of("accounts", account, "authorizations", "h")
    assert till.post(f"{path}/reversals", {"id": "r"}).status == 201
    late = till.post(f"{path}/captures", {"id": "c"})
    assert (late.status, late.json()["reason"]) == (409, "wrong_state")
