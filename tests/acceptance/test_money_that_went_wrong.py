"""The three procedures of docs/operations.md, request by request, by the roles that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.api_keys import key_per_role
from tests.support.client import Answer, Client
from tests.support.command_line import done
from tests.support.server import PATIENT, PROJECT, Server, running

PAGE: Final = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
ACCOUNT: Final = "/accounts/123"
CUSTOMER: Final = {
    "cliente_id": "c1", "nome": "Ana", "cpf": "12345678900", "conta": "123",
    "cartoes": [{"cartao_id": "card", "numero_mascarado": "**** 1", "bandeira": "Visa",
                 "status": "ativo", "limite_total": 100}],
}  # fmt: skip


def printed(heading: str) -> list[tuple[str, str, Any]]:
    """The requests with a body that a procedure shows: method, path, body."""
    text = re.split(r"^##+ ", PAGE.partition(f"\n### {heading}\n")[2], flags=re.MULTILINE)[0]
    calls = re.findall(r"(POST|PUT) (/\S+) (\{[^{}]*\})", text.replace("\n   ", " "))
    assert calls, heading
    return [(method, path, json.loads(body)) for method, path, body in calls]


class House:
    """A server with a key for each role."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._keys = key_per_role(server)

    def ask(self, role: str, method: str, path: str, body: Any = None) -> Answer:
        """What a role's request is answered."""
        data = b"" if body is None else json.dumps(body).encode()
        return Client(self.server.port, key=self._keys[role]).send(method, path, data)

    def wallet(self, name: str) -> Any:
        """What is in a wallet, by the attendant's call."""
        return self.ask("atendente", "GET", f"{ACCOUNT}/balances").json()["balances"][name]

    def told(self, event: str) -> list[Any]:
        """The account's events of a kind, by the command that the page names."""
        lines = done("inspect", "--account", "123", "--event", event, "--data", self.server.data)
        return [json.loads(line) for line in lines.splitlines()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running(tmp_path, *PATIENT, "--rate-limit-per-second", "0") as server:
        one = House(server)
        assert one.ask("supervisor", "PUT", "/clientes/c1", CUSTOMER).status == 201
        credit = {"id": "c-1", "category": "MEAL", "amount": 100}
        assert one.ask("operador", "POST", f"{ACCOUNT}/credits", credit).status == 201
        yield one


def test_a_wrong_credit(house: House) -> None:
    (method, path, adjustment), (_, status, frozen) = printed("A wrong credit")
    assert house.ask("atendente", method, path, adjustment).status == 403
    assert house.ask("operador", method, path, adjustment).status == 201
    assert house.ask("operador", method, path, adjustment).status == 200
    assert house.wallet("MEAL")["available"] == 50
    more = house.ask("operador", method, path, {**adjustment, "id": "more", "amount": -50.01})
    assert (more.status, more.json()["reason"]) == (409, "insufficient_funds")
    assert "50.00" in more.json()["detail"]
    assert house.ask("operador", "PUT", status, frozen).status == 200
    line = house.ask("atendente", "GET", f"{ACCOUNT}/transactions?limit=1").json()
    assert [(one["type"], one["amount"]) for one in line["transactions"]] == [("adjustment", -50)]
    (event,) = house.told("wallet_adjusted")
    assert (event["amount_cents"], event["reason"]) == (-5000, adjustment["reason"])
    assert event["by"].startswith("operador:")


def test_a_purchase_that_the_shop_never_delivered(house: House) -> None:
    (method, path, refund), (_, credits_path, credit) = printed(
        "A purchase that the shop never delivered"
    )
    purchase = path.split("/")[4]
    for one in (purchase, "open"):
        hold = {"id": one, "amount": 30, "mcc": "5812", "merchant": "LOJA"}
        assert house.ask("terminal", "POST", f"{ACCOUNT}/authorizations", hold).status == 201
    capture = {"id": "sent"}
    captures = f"{ACCOUNT}/authorizations/{purchase}/captures"
    assert house.ask("terminal", "POST", captures, capture).status == 201
    ticket = {"categoria": "compra", "assunto": "Nada", "descricao": "não veio", "canal": "App"}
    assert house.ask("atendente", "POST", "/clientes/c1/chamados", ticket).status == 201
    found = house.ask("atendente", "GET", f"{ACCOUNT}/authorizations").json()["authorizations"]
    assert [(one["id"], one["status"]) for one in found] == [
        ("open", "pending"),
        (purchase, "closed"),
    ]
    reversals = f"{ACCOUNT}/authorizations/open/reversals"
    assert house.ask("atendente", "POST", reversals, {"id": "r"}).status == 403
    assert house.ask("terminal", "POST", reversals, {"id": "r"}).status == 201
    assert house.ask("atendente", method, path, refund).status == 201
    assert house.ask("atendente", method, path, refund).status == 200
    more = house.ask("operador", method, path, {"id": "more", "amount": 0.01})
    assert (more.status, more.json()["reason"]) == (409, "over_refund")
    assert house.wallet("MEAL") == {"available": 100, "held": 0, "ledger": 100, "owed": 0}
    (event,) = house.told("purchase_refunded")
    assert (event["purchase_id"], event["operation_id"]) == (purchase, refund["id"])
    assert (event["source"], event["by"].split(":")[0]) == ("MEAL", "atendente")
    assert house.ask("operador", "POST", credits_path, credit).status == 201
    told = house.ask("atendente", "GET", f"{ACCOUNT}/transactions?limit=1").json()["transactions"]
    assert [(one["type"], one["reference"]) for one in told] == [("credit", credit["reference"])]


def test_a_card_of_somebody_who_died(house: House) -> None:
    ((_, path, freeze),) = printed("A card of somebody who died")
    close = {**freeze, "status": "closed"}
    holds = f"{ACCOUNT}/authorizations"
    for one, mcc, amount in (("wallet", "5812", 40), ("limit", "9999", 60)):
        hold = {"id": one, "amount": amount, "mcc": mcc, "merchant": "X", "card": "card"}
        assert house.ask("terminal", "POST", holds, hold).status == 201
    assert house.ask("operador", "PUT", path, freeze).status == 200
    for card in ({}, {"card": "card"}):
        bought = {"account": "123", "totalAmount": 1, "mcc": "5812", "merchant": "X", **card}
        answer = house.ask("terminal", "POST", "/transactions", bought)
        assert answer.headers["authorizer-reason"] == "account_frozen"
    block = {"motivo": "outro", "canal": "Telefone"}
    assert house.ask("atendente", "POST", "/cartoes/card/bloqueio", block).status == 200
    open_holds = house.ask("atendente", "GET", f"{holds}?status=pending").json()["authorizations"]
    assert [one["id"] for one in open_holds] == ["limit", "wallet"]
    assert house.wallet("MEAL")["held"] == 40
    assert house.ask("terminal", "POST", f"{holds}/wallet/captures", {"id": "k"}).status == 201
    refused = house.ask("operador", "PUT", path, close)
    assert (refused.status, refused.json()["reason"]) == (409, "not_empty")
    assert "60.00 in MEAL" in refused.json()["detail"]
    assert "the open hold limit" in refused.json()["detail"]
    assert house.ask("operador", "POST", f"{holds}/limit/captures", {"id": "k"}).status == 201
    out = {"id": "out", "wallet": "MEAL", "amount": -60, "reason": "espólio, 20261128000007"}
    assert house.ask("operador", "POST", f"{ACCOUNT}/adjustments", out).status == 201
    assert house.ask("operador", "PUT", path, close).status == 200, "the limit stays used"
    assert house.ask("operador", "PUT", path, {**freeze, "status": "active"}).status == 409
    assert house.ask("atendente", "DELETE", "/clientes/c1/dados-pessoais").status == 403
    assert house.ask("supervisor", "DELETE", "/clientes/c1/dados-pessoais").status == 204
    assert house.ask("operador", "GET", ACCOUNT).json()["cards"] == ["card"]
    changes = house.told("account_status_changed")
    assert [(one["status"], one["reason"]) for one in changes] == [
        ("frozen", freeze["reason"]),
        ("closed", freeze["reason"]),
    ]
