"""`explain`: a decision of the past, from the journal, as a dry run told it just before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from authorizer.domain.accounts.deciders import Decider
from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved, PurchaseDeclined
from tests.support.client import Client
from tests.support.command_line import done, refused, run, write_events
from tests.support.documents import Document, money, purchase
from tests.support.server import ALONE, MakeServer

SHOP = "LOJA"


def explained(data: Path, purchase_id: str, *arguments: object) -> Any:
    head = ("explain", "--account", "a", "--id", purchase_id)
    return json.loads(done(*head, "--json", "--data", data, *arguments))


def dry_run(client: Client, name: str, amount: str) -> Any:
    body: Document = {"id": name, "amount": money(amount), "mcc": "5812", "merchant": SHOP}
    answer = client.post("/accounts/a/decisions", body)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def test_what_was_decided_is_explained_as_it_was_then(make_server: MakeServer) -> None:
    """Beside a server, and after another MCC table, another limit and other balances."""
    server = make_server(*ALONE).start()
    client = server.client
    client.open_account("a", MEAL="100.00", CASH="50.00")
    limit = {"window": "day", "max_amount": money("60.00")}
    assert client.put("/accounts/a/limits/dia", limit).status == 201
    said: dict[str, Any] = {}
    for name, amount in (("t1", "40.00"), ("t2", "40.00"), ("t3", "5.00")):
        said[name] = dry_run(client, name, amount)
        if name == "t3":
            body: Document = {"id": name, "amount": money(amount), "mcc": "5812", "merchant": SHOP}
            assert client.post("/accounts/a/authorizations", body).json()["code"] == "00"
        else:
            client.authorize(purchase("a", amount, mcc="5812", merchant=SHOP, id=name))
    more: Document = {"id": "i", "amount": money("30.00")}
    assert client.post("/accounts/a/authorizations/t3/increments", more).status == 201
    assert client.put("/accounts/a/limits/dia", limit | {"max_amount": money("1.00")}).status == 200
    assert client.put("/merchants", {"name": SHOP, "mcc": "5411"}).status in (200, 201)
    for name, dry in said.items():
        found = explained(server.data, name, "--wallet-by-mcc", "5812=NOWHERE")
        assert {member: found[member] for member in dry} == dry
        assert found["settings"] == {"known": True, "position": 1}
        assert not found["differs"]
    declined = explained(server.data, "t2")
    assert (declined["type"], declined["reason"]) == ("purchase", "amount_limit")
    assert declined["recorded"]["reason"] == "amount_limit"
    increment = explained(server.data, "t3", "--operation", "i")
    assert (increment["type"], increment["reason"]) == ("increment", "amount_limit")
    assert increment["steps"][-1]["used"] == 45.0


def test_a_table_tells_it_to_people(make_server: MakeServer) -> None:
    server = make_server(*ALONE).start()
    server.client.open_account("a", MEAL="10.00", CASH="50.00")
    server.client.authorize(purchase("a", "40.00", mcc="5812", merchant=SHOP, id="t"))
    server.stop()
    lines = done("explain", "--account", "a", "--id", "t", "--data", server.data).splitlines()
    assert "decided    00 approved, CASH pays 40.00" in lines
    assert "settings   those journaled at position 1" in lines
    assert "category   MEAL           mcc 5812" in lines
    assert "source     insufficient   source MEAL, available 10.00, needed 40.00" in lines
    assert "source     pays           source CASH, available 50.00, needed 40.00" in lines


def old_journal(data: Path) -> None:
    """A journal from before settings were journaled, with a decision under an unknown table."""
    done("init", "--data", data)
    write_events(
        data,
        AccountOpened(1, "t", "a", {"FOOD": 10_00, "CASH": 5_00}, None),
        PurchaseApproved(2, "t", "a", "t", 7_00, "5999", SHOP, None, None, "FOOD"),
        PurchaseDeclined(
            3, "t", "a", "d", 7_00, "5812", SHOP, None, None, "amount_limit",
            Decider("limit", "x", "account"),
        ),
    )  # fmt: skip


def test_an_older_decision_is_explained_under_today_s_settings_and_says_so(data: Path) -> None:
    old_journal(data)
    found = explained(data, "t")
    assert found["settings"] == {"known": False, "position": None}
    assert (found["reason"], found["differs"]) == ("insufficient_funds", True)
    assert found["recorded"] == {"code": "00", "reason": "approved", "source": "FOOD", "amount": 7}
    found = explained(data, "t", "--wallet-by-mcc", "5999=FOOD")
    assert (found["reason"], found["source"], found["differs"]) == ("approved", "FOOD", False)
    text = done("explain", "--account", "a", "--id", "t", "--data", data)
    assert "settings   the settings that it was made under are not in the journal" in text
    assert "differs    the journal has another outcome" in text


def test_what_is_not_there_is_told(data: Path) -> None:
    old_journal(data)
    say = ("explain", "--data", data)
    assert refused(*say, "--account", "b", "--id", "t") == "Error: there is no account 'b'"
    assert refused(*say, "--account", "a", "--id", "x") == (
        "Error: account 'a' has no decision on purchase 'x'"
    )
    assert refused(*say, "--account", "a", "--id", "t", "--operation", "i") == (
        "Error: account 'a' has no decision on increment 'i' of purchase 't'"
    )
    assert run("explain", "--account", "a", "--data", data).exit_code == 2
