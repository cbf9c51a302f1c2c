"""Whatever somebody may write is shown as text, on every page that shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote

from authorizer.domain.people import Passkey
from tests.support.client import path_of
from tests.support.documents import purchase
from tests.support.people import Desk, desk_of
from tests.support.server import Server

SCRIPT = "<script>alert(1)</script>"
BREAKING = "\"'><img src=x onerror=alert(1)>{{7*7}}{%raw%}"
NASTY = SCRIPT + BREAKING
CUSTOMER = "<b>nasty&id"
NEW_LIMIT = "/console/operacao/novo-limite"
CARD = "<i>\"card'"


def desk_with_nasty_customer(server: Server) -> Desk:
    document = {
        "cliente_id": CUSTOMER,
        "nome": NASTY,
        "cpf": "987.654.321-00",
        "telefone": "+55 11 91111-2222",
        "email": f"a{SCRIPT}@example.com",
        "cartoes": [
            {
                "cartao_id": CARD,
                "numero_mascarado": f"{SCRIPT[:20]} 7788",
                "bandeira": NASTY,
                "status": "ativo",
                "limite_total": 100,
            }
        ],
        "historico_operacoes": [
            {
                "tipo": SCRIPT,
                "cartao_id": CARD,
                "data": "2025-02-24T15:30:00Z",
                "canal": SCRIPT,
            }
        ],
    }
    assert server.client.put_customer(document).status == 201
    purchase = {"account": CUSTOMER, "totalAmount": 5, "mcc": "5999", "merchant": NASTY}
    assert server.client.authorize({**purchase, "card": CARD}).code == "00"
    return desk_of(server, "supervisor", name=NASTY[:100])


class Attributes(HTMLParser):
    """Every attribute of a page, by its tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value or "") for name, value in [*attrs, ("", "")]]


def check(page: str) -> None:
    assert "49{%" not in page, "a text is no template"
    for tag, name, value in Attributes(page).found:
        assert tag not in ("b", "i")
        assert (tag, name) != ("img", "src") or value == "/console/assets/icon.svg"
        assert not name.startswith("on"), "no handlers"
        assert name != "style"
        assert (tag, name) != ("script", "src") or value.startswith("/console/assets/")
    assert page.count("<script") == page.count('<script src="/console/assets/')


def test_free_text_is_text(desk_server: Server) -> None:
    desk = desk_with_nasty_customer(desk_server)
    home = "/console/clientes/%3Cb%3Enasty%26id"
    card = "/console/cartoes/%3Ci%3E%22card%27"
    seen = [desk.get(home), desk.get(f"{home}/chamados"), desk.get(f"{card}/bloqueio?motivo=perda")]
    assert all(page.status_code == 200 for page in seen)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in seen[0].text
    seen += [desk.get(f"{card}/substituicao"), desk.get(f"/console/busca?q={NASTY}")]
    seen += [desk.get("/console/busca?q=7788"), desk.get(f"{card}/bloqueio?motivo={NASTY}")]
    position = re.search(r"/contestacoes/(\d+)", seen[0].text)
    assert position is not None
    seen.append(desk.get(f"{home}/contestacoes/{position[1]}"))
    said = {"assunto": NASTY, "descricao": NASTY, "categoria": NASTY[:60], "canal": SCRIPT}
    ticket = desk.do(f"{home}/chamados", **said)
    assert "&lt;script&gt;" in ticket.text
    seen.append(ticket)
    path = ticket.url.removeprefix(desk.home)
    for action in ("responder", "nota", "cliente", "pausar", "resolver"):
        seen.append(desk.do(f"{path}/resposta", acao=action, mensagem=NASTY, canal=SCRIPT))
    seen.append(desk.do(f"{path}/reabertura", motivo=NASTY, canal=SCRIPT))
    seen += [desk.get("/console/fila?de=todas"), desk.get(home), desk.get(f"{home}/acessos")]
    seen.append(desk.get(f"{path}?modelo={NASTY}"))
    long = {"acao": "responder", "mensagem": "x", "canal": NASTY * 9}
    wrong = desk.post(f"{path}/resposta", long)
    assert wrong.status_code == 422
    seen.append(wrong)
    for page in seen:
        assert page.status_code in (200, 422), (page.url, page.status_code)
        check(page.text)


def test_free_text_of_operations_is_text(desk_server: Server, new_id: Callable[[], str]) -> None:
    """What clients, operators and people name: accounts, limits, merchants, keys, passkeys."""
    client, account = desk_server.client, f"{new_id()}?#<b>\"'&"
    passkey = Passkey(b"id", b"key", 0, "<b>host", NASTY[:60], 0)
    desk = desk_of(desk_server, "operador", name=NASTY[:90] + "op", passkeys=(passkey,))
    limit = {
        "nome": "<script>\"'&",
        "janela": "day",
        "modo": "shadow",
        "compras": "9",
        **dict.fromkeys(("merchants", "cards"), NASTY),
        **dict.fromkeys(("wallets", "mccs"), SCRIPT),
    }
    name = quote(limit["nome"], safe="")
    home = f"/console/contas/{quote(account, safe='')}"
    unknown = SCRIPT.replace("/", "")
    client.open_account(account, CASH="100.00")
    assert client.authorize(purchase(account, "1.00", mcc="5999", merchant=NASTY)).code == "00"
    credit = {"id": SCRIPT, "category": "CASH", "amount": 1, "reference": NASTY}
    assert client.post(path_of("accounts", account, "credits"), credit).status == 201
    seen = [desk.get("/console/operacao/estabelecimentos")]
    seen.append(desk.do("/console/operacao/estabelecimentos", name=NASTY + "*", mcc=SCRIPT))
    desk.get("/console/senha")
    try:
        for root, new in ((home, f"{home}/novo-limite"), ("/console/operacao", NEW_LIMIT)):
            seen.append(desk.post(new, limit))
            seen.append(desk.post(new, {**limit, "valor": NASTY}))
            seen.append(desk.do(f"{root}/limites/{name}", **limit, confirmado="sim"))
            assert SCRIPT.replace("<", "&lt;").replace(">", "&gt;")[:14] in seen[-1].text
            seen.append(desk.get(f"{root}/limites/{name}"))
            seen.append(desk.get(f"{root}/limites/{name}/saida"))
        seen += [desk.get(path) for path in (home, f"{home}/situacao?status=frozen")]
        seen.append(desk.get(f"/console/contas?conta={quote(NASTY)}"))
        seen.append(desk.get(f"/console/contas?conta={quote(account)}"))
        assert f"Conta {account}" in unescape(seen[-1].text)
        seen.append(desk.do(f"{home}/situacao", status="frozen", reason=NASTY))
        seen += [desk.get(f"/console/{path}") for path in ("operacao/acesso", "conta", "operacao")]
        seen.append(desk.get("/console/relatorios/compras?agrupar=estabelecimento"))
        assert "&lt;script&gt;alert(1)" in seen[-1].text
        seen.append(desk.get("/console/relatorios?agrupar=atendente"))
        seen.append(desk.get(f"/console/relatorios?de={quote(NASTY)}"))
        seen.append(desk.get(f"/console/contas/{quote(unknown)}/situacao?status=closed"))
        assert "&lt;script&gt;alert(1)" in seen[-1].text, "what there is not is told"
    finally:
        client.delete(f"/limits/{name}")
        client.delete("/merchants", name=NASTY + "*")
    for page in seen:
        assert page.status_code in (200, 404, 422), (page.url, page.status_code)
        check(page.text)
