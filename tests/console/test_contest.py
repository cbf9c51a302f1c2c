"""What may be contested, by its address too."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.support.people import desk_of
from tests.support.server import Server

HOME = "/console/clientes/12345/contestacoes"


def test_only_a_purchase_of_the_customer_s_own_is_contested(
    desk_server: Server, new_id: Callable[[], str]
) -> None:
    client, desk = desk_server.client, desk_of(desk_server)
    credit = {"id": new_id(), "category": "CASH", "amount": 1}
    assert client.post("/accounts/12345/credits", credit).status == 201
    newest = re.search(r"/console/contas/12345\?em=(\d+)", desk.get("/console/contas/12345").text)
    assert newest is not None
    tickets = len(client.get("/chamados", cliente_id="12345").json()["chamados"])
    for position in (newest[1], "1", "999999", str(2**63 - 1), "9" * 30):
        assert desk.get(f"{HOME}/{position}").status_code == 404, position
        desk.get("/console/senha")
        fields = {"descricao": "d", "canal": "Chat"}
        assert desk.post(f"{HOME}/{position}", fields).status_code == 404, position
    assert len(client.get("/chamados", cliente_id="12345").json()["chamados"]) == tickets
