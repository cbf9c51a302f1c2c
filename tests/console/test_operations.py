"""The operator's pages: health, merchants, limits, keys and people, and an account as it was."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request

from authorizer.console.pages.accounts import TRIES, AccountPages
from authorizer.console.pages.operations import OperationPages
from authorizer.console.rendering import Rendering
from authorizer.http.metrics import Glance
from authorizer.simulation.world import inline
from tests.support.api_keys import new_key
from tests.support.command_line import done, run
from tests.support.documents import card, customer, purchase
from tests.support.people import Desk, desk_of, words_of
from tests.support.server import MakeServer, Server
from tests.support.waiting import until

HEALTH = "/console/operacao"
BACKUPS = "/console/operacao/copias"
MERCHANTS = "/console/operacao/estabelecimentos"


@pytest.fixture(scope="module")
def operator(desk_server: Server) -> Desk:
    return desk_of(desk_server, "operador")


def test_an_operator_begins_with_the_server_s_health(operator: Desk, desk_server: Server) -> None:
    desk_server.client.authorize(purchase("123", "1.00"))
    page = operator.get("/console")
    assert page.url.endswith(HEALTH)
    words = words_of(page.text)
    assert "Servidor autoriza" in words
    assert "A compra foi aprovada." in words
    for measured in (
        r"Resposta, 99 de 100 ≤ [\d.,]+ ms",
        r"Gravação em disco, 99 de 100 ≤ [\d.,]+ ms",
        r"Sessões no console [1-9]",
    ):
        assert re.search(measured, words), measured
    part = operator.get(HEALTH, **{"HX-Request": "true"})
    assert "<html" not in part.text
    assert "Compras em andamento" in part.text


@pytest.mark.parametrize(
    ("amiss", "told"),
    [
        ({"draining": True}, "Servidor não autoriza está terminando"),
        ({"stalled": True}, "Servidor não autoriza o disco do diário parou"),
        ({"disk": {"state": "short"}}, "o disco está quase cheio"),
        ({"clock": {"state": "behind", "wall_ahead_seconds": -9.5}}, "Relógio behind -9,5 s"),
        ({"reports": {"running": False, "position": 1}}, "Relatórios parados"),
        ({"reports": {"running": True, "position": 1}}, "Relatórios atrás"),
    ],
)
def test_a_server_that_is_not_well_says_so(amiss: dict[str, Any], told: str) -> None:
    well = {
        "position": 7,
        "accounts": 1,
        "draining": False,
        "stalled": False,
        "disk": {"state": "room"},
        "clock": {"state": "agrees", "wall_ahead_seconds": 0.0},
        "reports": {"running": True, "position": 7},
    }
    glance = Glance({}, {}, None, None, {})
    scope = {
        "type": "http",
        "method": "GET",
        "path": HEALTH,
        "query_string": b"",
        "headers": [(b"hx-request", b"true"), (b"host", b"localhost")],
        "server": ("localhost", 80),
    }
    request = Request(scope)
    visit: Any = SimpleNamespace(request=request)
    visit.part = partial(Rendering(ZoneInfo("UTC"), inline).page, request)
    pages = OperationPages(
        SimpleNamespace(clock=SimpleNamespace(wall_us=lambda: 0)),  # type: ignore[arg-type]
        lambda: (not (amiss.keys() & {"draining", "stalled"}), {**well, **amiss}),
        SimpleNamespace(glance=lambda: glance),  # type: ignore[arg-type]
        tuple,
        None,  # type: ignore[arg-type]
        tuple,
    )
    answer = asyncio.run(pages.health(visit))
    assert told in words_of(bytes(answer.body).decode())


def test_to_look_takes_nothing_from_the_metrics(operator: Desk, desk_server: Server) -> None:
    """A collection begins the longest unread wait anew, which is for Prometheus alone.

    Purchases that come far apart have none that the system can tell.
    """
    name = "authorizer_unread_longest_seconds"

    def is_left() -> bool:
        desk_server.client.get("/metrics")
        for _ in range(3):
            desk_server.client.authorize(purchase("123", "0.01"))
        operator.get(HEALTH)
        told = desk_server.client.get("/metrics").body.decode()
        (value,) = re.findall(rf"^{name} (.+)$", told, re.MULTILINE)
        return float(value) > 0

    until(is_left, "told")


def test_a_merchant_is_put_and_taken_out(operator: Desk, desk_server: Server) -> None:
    name = "LOJA DA ESQUINA*"
    operator.get(MERCHANTS)
    page = operator.do(MERCHANTS, name=name, mcc="5411")
    assert f"O estabelecimento «{name}» conta como MCC 5411." in words_of(page.text)
    assert {"name": name, "mcc": "5411"} in desk_server.client.get("/merchants").json()
    found = words_of(operator.get(f"{MERCHANTS}?q=esquina").text)
    assert name in found
    assert "1 na tabela" in found
    page = operator.do(f"{MERCHANTS}/saida", name=name)
    assert "saiu da tabela" in words_of(page.text)
    assert name not in desk_server.client.get("/merchants").body.decode()
    assert operator.post(MERCHANTS, {"name": "X"}).status_code == 422
    by = done("inspect", "--event", "merchant_registered", "--data", desk_server.data)
    assert '"by": "operador:@pessoa' in by


def test_limits_tell_what_they_decline_and_would(
    operator: Desk, desk_server: Server, new_id: Callable[[], str]
) -> None:
    client = desk_server.client
    for name, mode in (("teto", "enforce"), ("ideia", "shadow")):
        limit = {"window": "day", "max_amount": 5, "mode": mode}
        assert client.put(f"/limits/{name}", limit).status == 201
    account = client.open_account(new_id(), CASH="100.00")
    try:
        assert client.authorize(purchase(account, "10.00", mcc="5999")).reason == "amount_limit"
        words = words_of(operator.get("/console/operacao/limites").text)
        assert re.search(r"teto dia R\$ 5,00 . vale 1 0", words)
        assert re.search(r"ideia dia R\$ 5,00 . sombra 0 1", words)
        page = words_of(operator.get(f"/console/contas/{account}").text)
        assert "na sombra: ideia" in page
        assert "A compra passaria do limite de valor «teto»." in page
        assert "teto dia · de todas" in page
    finally:
        for name in ("teto", "ideia"):
            client.delete(f"/limits/{name}")


def test_where_backups_go_and_whether_they_are_whole(make_server: MakeServer) -> None:
    server = make_server("--reports", "false").start()
    desk = desk_of(server, "auditor")
    assert "Última cópia de segurança nenhuma registrada" in words_of(desk.get(HEALTH).text)
    assert "Nenhuma cópia está registrada" in desk.get(BACKUPS).text
    server.client.open_account("a")
    place = server.data.with_name("cópias <b>")
    words = ("--data", server.data, "--without-keys")
    done("backup", "--to", place, *words)
    until(lambda: "nunca" in desk.get(BACKUPS).text)
    page = desk.get(BACKUPS).text
    assert "cópias &lt;b&gt;" in page
    assert "guardadas de outra forma" in page
    assert re.search(r"segurança há \d+ min não conferida", words_of(desk.get(HEALTH).text))
    done("verify", "--backup", place, *words)
    until(lambda: "íntegra" in desk.get(BACKUPS).text)
    assert re.search(r"segurança há \d+ min íntegra", words_of(desk.get(HEALTH).text))
    server.client.open_account("b")
    done("backup", "--to", place, *words)
    until(lambda: "só uma anterior" in desk.get(BACKUPS).text)
    for segment in (place / "journal").iterdir():
        segment.write_bytes(segment.read_bytes()[:-1] + b"x")
    assert run("verify", "--backup", place, *words).exit_code == 1
    until(lambda: "danificada" in desk.get(BACKUPS).text)
    assert "danificada" in words_of(desk.get(HEALTH).text)


def test_who_has_a_key_and_who_may_log_in_is_told_without_secrets(make_server: MakeServer) -> None:
    server = make_server("--reports", "false").start()
    new_key(server.data, "terminal", "--name", "caixa 7")
    operator = desk_of(server, "operador", name="Olga")
    page = operator.get("/console/operacao/acesso").text
    assert "caixa 7" in words_of(page)
    assert "Olga" in words_of(page)
    assert "argon2" not in page
    assert "Nenhuma chave" not in page


def test_an_account_is_as_it_was_after_each_of_its_lines(
    operator: Desk, desk_server: Server, new_id: Callable[[], str]
) -> None:
    client = desk_server.client
    account = client.open_account(new_id(), CASH="100.00", MEAL="50.00")
    client.authorize(purchase(account, "30.00", mcc="5812"))
    hold = {"id": "h", "amount": 40, "mcc": "5999", "merchant": "LOJA"}
    assert client.post(f"/accounts/{account}/authorizations", hold).status == 201
    client.post(f"/accounts/{account}/authorizations/h/captures", {"id": "c", "amount": 25})
    client.authorize(purchase(account, "500.00", mcc="5999"))
    home = f"/console/contas/{account}"
    now = operator.get(home).text
    assert balances(now) == {"CASH": ("75,00", ""), "MEAL": ("20,00", "")}
    positions = re.findall(rf'href="{home}\?em=(\d+)"', now)
    told = [balances(operator.get(f"{home}?em={position}").text) for position in positions]
    assert told == [
        {"CASH": ("75,00", ""), "MEAL": ("20,00", "")},
        {"CASH": ("75,00", ""), "MEAL": ("20,00", "")},
        {"CASH": ("60,00", "40,00"), "MEAL": ("20,00", "")},
        {"CASH": ("100,00", ""), "MEAL": ("20,00", "")},
    ]
    then = operator.get(f"{home}?em={positions[2]}").text
    assert re.findall(rf'href="{home}\?em=(\d+)"', then) == positions[2:], "and nothing later"
    assert balances(operator.get(f"{home}?em=1").text)["MEAL"] == ("50,00", "")
    assert operator.get(f"{home}?em=nada").status_code == 200


def test_a_credit_says_what_it_is_for(
    operator: Desk, desk_server: Server, new_id: Callable[[], str]
) -> None:
    """In the account's story, and on the page of its holder."""
    reference = f"pedido {new_id()}"
    credit = {"id": new_id(), "category": "CASH", "amount": 1, "reference": reference}
    assert desk_server.client.post("/accounts/12345/credits", credit).status == 201
    story = words_of(operator.get("/console/contas/12345").text)
    assert f"{reference} Crédito · {credit['id']}" in story
    care = desk_of(desk_server)
    assert f"{reference} Crédito" in words_of(care.get("/console/clientes/12345").text)


def balances(page: str) -> dict[str, tuple[str, str]]:
    """What is available of each wallet, and what is held."""
    row = r'<span class="hint">([A-Z]+)</span></th>\s*<td class="num right">R\$ ([\d.,]+)</td>'
    held = r'\s*<td class="num right">(?:R\$ )?([\d.,]*)'
    return {wallet: (one, other) for wallet, one, other in re.findall(row + held, page)}


def test_an_account_is_found_by_its_number(operator: Desk) -> None:
    assert operator.get("/console/contas?conta=123").url.endswith("/console/contas/123")
    assert "Não há conta com este número" in operator.get("/console/contas?conta=nenhuma").text
    assert operator.get("/console/contas/nenhuma").status_code == 404


def test_an_account_is_found_by_a_card_of_it(operator: Desk, desk_server: Server) -> None:
    """By its id, or by the last four digits: several accounts may have one that ends so."""
    client, ending = desk_server.client, "7391"
    for number in range(2):
        its = card(f"card{number}-{ending}")
        document = customer(f"c{number}-{ending}", its, conta=f"a{number}-{ending}")
        assert client.put_customer(document).status == 201
        if number == 0:
            found = operator.get(f"/console/contas?conta={ending}")
            assert found.url.endswith("/console/contas/a0-7391"), found.url
    both = operator.get(f"/console/contas?conta={ending}").text
    assert ">a0-7391</a>" in both
    assert ">a1-7391</a>" in both
    assert operator.get("/console/contas?conta=card1-7391").url.endswith("/contas/a1-7391")
    other = card("7393", numero_mascarado="**** **** **** 1111")
    assert client.put_customer(customer("c7393", other)).status == 201
    assert operator.get("/console/contas?conta=7393").url.endswith("/contas/c7393")


def test_more_cards_than_are_looked_at_are_told(operator: Desk, desk_server: Server) -> None:
    many = [card(f"many{number}-7394") for number in range(51)]
    assert desk_server.client.put_customer(customer("c7394", *many)).status == 201
    page = operator.get("/console/contas?conta=7394")
    assert ">c7394</a>" in page.text
    assert "Há mais: use o número da conta." in page.text


class Busy:
    """An account on which something moves between one look and the next, so many times."""

    def __init__(self, moves: int) -> None:
        self.moves = moves
        self.cents = 100

    async def ask(self, _: Any) -> tuple[Any, Any]:
        seen = SimpleNamespace(wallets_cents={"CASH": self.cents}, held_cents={}, owed_cents={})
        return None, seen

    async def query(self, _: str, **__: Any) -> list[dict[str, Any]]:
        if self.moves:
            self.moves -= 1
            self.cents -= 1
        return [{"wallet": "CASH", "available_cents": self.cents - 70, "held_cents": 0}]


@pytest.mark.parametrize(("moves", "found"), [(0, 70), (TRIES - 1, 70), (TRIES, None)])
def test_an_account_that_moves_on_is_looked_at_again(moves: int, found: int | None) -> None:
    """What moved since, and what it has, must be of one moment."""
    busy = Busy(moves)
    desk: Any = SimpleNamespace(actors=SimpleNamespace(dispatcher=busy), reports=busy)
    pages = AccountPages(desk, None)  # type: ignore[arg-type]
    balances = asyncio.run(pages._as_of("a", 1))
    assert (None if balances is None else balances[0].available_cents) == found
