"""Holds over a real server with keys: who may do what, and what a refusal says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support.api_keys import key_per_role
from tests.support.client import Client, path_of
from tests.support.documents import Document, card, customer, money
from tests.support.server import PATIENT, Server


class House:
    """A server with one key for each role."""

    def __init__(self, server: Server, keys: dict[str, str]) -> None:
        self.server = server
        self.keys = keys

    def client(self, role: str) -> Client:
        return Client(self.server.port, key=self.keys[role])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    server = Server(tmp_path_factory.mktemp("holds"), PATIENT)
    keys = key_per_role(server)
    try:
        yield House(server.start(), keys)
    finally:
        server.end()


def hold(house: House, account: str, one: str, amount: str, status: int = 201) -> Any:
    body: Document = {"id": one, "amount": money(amount), "mcc": "5812", "merchant": "LOJA X"}
    answer = house.client("terminal").post(path_of("accounts", account, "authorizations"), body)
    assert answer.status == status, answer
    return answer.json()


def operation(account: str, one: str, kind: str) -> str:
    return path_of("accounts", account, "authorizations", one, kind)


def test_only_an_operator_forces(house: House) -> None:
    house.client("operador").open_account("forced", MEAL="10.00")
    hold(house, "forced", "h", "10.00")
    body = {"id": "c", "amount": money("12.00"), "force": True}
    path = operation("forced", "h", "captures")
    assert house.client("terminal").post(path, body).status == 403
    forced = house.client("operador").post(path, body)
    assert (forced.status, forced.json()["captured"]) == (201, Decimal("12.00"))


def test_an_attendant_refunds_and_does_not_capture(house: House) -> None:
    house.client("operador").open_account("refunded", MEAL="10.00")
    hold(house, "refunded", "h", "10.00")
    attendant, path = house.client("atendente"), operation("refunded", "h", "captures")
    assert attendant.post(path, {"id": "c"}).status == 403
    assert house.client("terminal").post(path, {"id": "c"}).status == 201
    body = {"id": "f", "amount": money("4.00")}
    assert attendant.post(operation("refunded", "h", "refunds"), body).status == 201
    assert attendant.balances("refunded")["MEAL"] == "4.00"


@pytest.mark.parametrize(
    ("kind", "reason"), [("captures", "over_capture"), ("reversals", "over_reversal")]
)
def test_a_conflict_says_its_reason_and_the_state(house: House, kind: str, reason: str) -> None:
    account = f"conflict-{kind}"
    house.client("operador").open_account(account, MEAL="10.00")
    hold(house, account, "h", "10.00")
    body = {"id": "x", "amount": money("10.01")}
    answer = house.client("terminal").post(operation(account, "h", kind), body)
    assert answer.status == 409
    assert (answer.json()["reason"], answer.json()["state"]) == (reason, "pending")


@pytest.mark.parametrize("one", ["a/b", "a\nb", "a\x00b"])
def test_an_id_holds_no_slash_and_no_control_character(house: House, one: str) -> None:
    operator = house.client("operador")
    if operator.get("/accounts/ids").status == 404:
        operator.open_account("ids", MEAL="10.00")
    hold(house, "ids", one, "1.00", status=422)


def test_the_statement_adds_up_and_a_kill_changes_nothing(house: House) -> None:
    operator, till = house.client("operador"), house.client("terminal")
    operator.open_account("whole", MEAL="100.00")
    hold(house, "whole", "h", "40.00")
    for kind, body in (
        ("increments", {"id": "i", "amount": money("5.00")}),
        ("captures", {"id": "c", "amount": money("30.00")}),
        ("refunds", {"id": "f", "amount": money("7.00")}),
    ):
        assert till.post(operation("whole", "h", kind), body).status == 201
    lines = operator.get("/accounts/whole/transactions").json()["transactions"]
    changes = sum((Decimal(line["available_change"]) for line in lines), Decimal(0))
    assert Decimal("100.00") + changes == operator.total("whole") == Decimal("77.00")
    assert sum(Decimal(line["held_change"]) for line in lines) == 0
    before = operator.get("/accounts/whole/authorizations/h").body
    house.server.kill()
    house.server.start()
    assert house.client("operador").get("/accounts/whole/authorizations/h").body == before


@pytest.mark.parametrize("links", [{"ka": "ka"}, {"ka": "kb", "kb": "ka"}], ids=["self", "two"])
def test_cards_that_replace_each_other_in_a_circle_end_nothing(
    house: House, links: dict[str, str]
) -> None:
    """A document says what it likes; the walk to the newest card has an end."""
    operator, owner = house.client("operador"), f"circle-{len(links)}"
    cards = [
        card(f"{one}-{owner}", status="cancelado", substituido_por=f"{next_}-{owner}")
        for one, next_ in links.items()
    ]
    put = house.client("supervisor").put(path_of("clientes", owner), customer(owner, *cards))
    assert put.status == 201, put
    body = {"id": "c", "amount": money("10.00"), "force": True, "card": f"ka-{owner}"}
    forced = operator.post(operation(owner, "f", "captures"), body)
    assert (forced.status, forced.json()["captured"]) == (201, Decimal("10.00"))


def test_no_purchase_captures_more_than_a_wallet_may_hold(house: House) -> None:
    operator = house.client("operador")
    operator.open_account("most", MEAL="10.00")
    captures = operation("most", "f", "captures")
    body: Document = {"id": "c1", "amount": money("1000000000000000.00"), "force": True}
    assert operator.post(captures, body).status == 201
    assert operator.post(captures, body | {"id": "c2"}).status == 422
    assert operator.post(captures, body | {"id": "c2", "amount": money("0.01")}).status == 422
    other = operation("most", "g", "captures")
    assert operator.post(other, body | {"id": "c2"}).status == 422, "it would owe too much"


def test_an_increment_makes_no_purchase_beyond_its_own_limit(house: House) -> None:
    operator = house.client("operador")
    operator.open_account("grown", MEAL="1000.00")
    limit = {"window": "transaction", "max_amount": money("150.00")}
    assert operator.put(path_of("accounts", "grown", "limits", "tx"), limit).status == 201
    hold(house, "grown", "h", "100.00")
    increments = operation("grown", "h", "increments")
    terminal = house.client("terminal")
    beyond = terminal.post(increments, {"id": "i1", "amount": money("50.01")}).json()
    assert (beyond["operations"][-1]["reason"], beyond["held"]) == ("amount_limit", Decimal(100))
    within = terminal.post(increments, {"id": "i2", "amount": money("50.00")}).json()
    assert within["held"] == Decimal(150)


def test_a_reversal_brings_no_wallet_beyond_what_it_may_hold(house: House) -> None:
    operator, most = house.client("operador"), money("1000000000000000.00")
    operator.open_account("full", MEAL="1000000000000000.00")
    body: Document = {"account": "full", "totalAmount": most, "mcc": "5812", "merchant": "LOJA"}
    answer = house.client("terminal").post("/transactions", body | {"id": "p"})
    assert answer.json()["code"] == "00"
    credit = {"id": "k", "category": "MEAL", "amount": money("0.01")}
    assert operator.post(path_of("accounts", "full", "credits"), credit).status == 201
    reversals = operation("full", "p", "reversals")
    assert operator.post(reversals, {"id": "r"}).status == 422
    less = {"id": "r", "amount": money("999999999999999.99")}
    assert operator.post(reversals, less).status == 201


def test_a_dry_run_knows_an_id_that_an_authorization_would_not_get(house: House) -> None:
    operator = house.client("operador")
    operator.open_account("dry", MEAL="10.00")
    early = {"id": "r", "if_unknown": "decline"}
    assert operator.post(operation("dry", "announced", "reversals"), early).status == 201
    forced = {"id": "c", "amount": money("1.00"), "force": True}
    assert operator.post(operation("dry", "forced", "captures"), forced).status == 201
    for one, reason in (("announced", "reversed_before"), ("forced", "duplicate_mismatch")):
        body = {"id": one, "amount": money("1.00"), "mcc": "5812", "merchant": "LOJA"}
        answer = operator.post(path_of("accounts", "dry", "decisions"), body).json()
        assert (answer["code"], answer["reason"]) == ("07", reason)
