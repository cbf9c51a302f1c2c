"""The work of a desk in a browser, in the desk's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.support.chromium import Chromium, Visitor
from tests.support.command_line import done
from tests.support.documents import purchase
from tests.support.people import somebody
from tests.support.server import Server

CUSTOMER = "/console/clientes/12345"
MASTERCARD = "123987654"


@pytest.fixture
def desk(browser: Chromium, desk_server: Server) -> Iterator[Visitor]:
    """An attendant who is logged in; whatever goes wrong in the browser fails the test."""
    user = somebody(desk_server)
    with browser.visitor(desk_server) as visitor:
        visitor.log_in(user.user_id)
        yield visitor
        assert visitor.errors == []
        assert visitor.foreign == []


def test_the_life_of_a_stolen_card(desk: Visitor, desk_server: Server) -> None:
    page = desk.page
    page.keyboard.press("/")
    page.keyboard.type("(31) 98765-4321")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    desk.follow("Leonardo Morais")
    card = page.get_by_role("article", name="Mastercard 8765")
    expect(card.get_by_text("Ativo")).to_be_visible()
    with page.expect_navigation():  # the first click: the motive
        card.get_by_role("link", name="Furto").click()
    assert "definitivo" in desk.text
    desk.press("Bloquear o cartão final 8765")  # the second: that it is meant
    expect(page.get_by_role("status").first).to_contain_text("está bloqueado. Chamado")
    told = re.search(r"Chamado (\d{14})", desk.text)
    assert told is not None
    bought = desk_server.client.authorize(purchase("12345", "1.00", card=MASTERCARD))
    assert (bought.code, bought.reason) == ("07", "card_blocked")
    desk.open(f"/console/chamados/{told[1]}")
    assert "Resolvido" in desk.text
    assert "bloqueado por furto" in desk.text
    desk.open(CUSTOMER)
    assert "O cartão estava bloqueado ou cancelado." in desk.text
    with page.expect_navigation():
        card.get_by_role("link", name="Substituir").click()
    page.get_by_text("Já sei os números do cartão novo").click()
    page.fill("#numero_mascarado", "**** **** **** 9911")
    desk.press("Substituir o cartão final 8765")
    expect(page.get_by_role("article", name="Mastercard 9911")).to_contain_text("Ativo")
    of_card = ("--card", MASTERCARD, "--event", "card_blocked")
    events = done("inspect", *of_card, "--data", desk_server.data)
    assert '"by": "atendente:@pessoa' in events


def test_the_life_of_a_contested_purchase(desk: Visitor, desk_server: Server) -> None:
    page = desk.page
    desk.open("/console/busca?q=6777")
    desk.follow("Leonardo Morais")
    line = page.get_by_role("row").filter(has_text="FARMACIA CENTRAL")
    with page.expect_navigation():
        line.get_by_role("link", name="Contestar").click()
    assert "R$ 89,00" in desk.text
    page.fill("#descricao", "Não reconheço esta compra.")
    desk.press("Abrir contestação")
    ticket = page.url.rpartition("/")[2]
    assert "FARMACIA CENTRAL" in desk.text
    assert "Não reconheço esta compra." in desk.text
    desk.press("Assumir")
    desk.follow("Contestação em análise")
    expect(page.locator("#mensagem")).to_have_value(re.compile("Olá, Leonardo!.*" + ticket))
    desk.press("Perguntar e pausar")
    assert "prazo parado" in desk.text
    page.fill("#mensagem", "Segue a mensagem da loja.")
    desk.press("O cliente disse")
    page.fill("#mensagem", "Compra devolvida ao titular.")
    desk.press("Resolver")
    assert "O chamado foi resolvido." in desk.text
    page.fill("#motivo", "O valor ainda não voltou.")
    desk.press("Reabrir")
    assert "Resposta à reabertura" in desk.text
    desk.open(CUSTOMER)
    with page.expect_navigation():
        line.get_by_role("link", name="Contestada").click()
    assert page.url.endswith(ticket)
    assert desk_server.client.get(f"/chamados/{ticket}").json()["categoria"] == "contestacao"


def test_the_life_of_an_overdue_ticket(desk: Visitor) -> None:
    page = desk.page
    assert "Fila" in desk.text
    desk.follow("Sem dono")
    first = page.get_by_role("row").filter(has_text="Onde vejo o extrato?")
    expect(first).to_contain_text("venceu há")
    expect(first).to_contain_text("Primeira resposta")
    expect(first).to_contain_text(
        "escalonado", timeout=60_000
    )  # by the ticket itself, at the start
    desk.open("/console/fila?de=todas")
    before = int(page.locator(".count.late strong").inner_text())
    with page.expect_navigation():
        first.get_by_role("link").click()
    told = page.get_by_role("region", name="Escalonamentos")
    expect(told).to_contain_text("Primeira resposta: prazo vencido")
    expect(page.get_by_role("region", name="Prazos")).to_contain_text("Decreto 11.034/2022")
    desk.press("Assumir")
    page.fill("#mensagem", "Na página do cliente, em extrato.")
    desk.press("Responder ao cliente")
    assert "atrasada" in desk.text, "the first response came too late, and stays so"
    page.select_option("#prioridade", "baixa")
    desk.press("Mudar")  # at any time of the day its resolution is more than a day away
    desk.open("/console/fila")
    expect(first).to_contain_text("vence em")
    desk.open("/console/fila?de=todas")
    assert int(page.locator(".count.late strong").inner_text()) < before
    with page.expect_navigation():
        first.get_by_role("link").click()
    page.fill("#mensagem", "Não encontro.")
    desk.press("O cliente disse")
    expect(page.get_by_role("region", name="Prazos")).to_contain_text("Próxima resposta")
    desk.open("/console/fila")
    expect(first).to_contain_text("Próxima resposta")
    with page.expect_navigation():
        first.get_by_role("link").click()
    page.fill("#mensagem", "À direita, em cima.")
    desk.press("Responder ao cliente")
    expect(page.get_by_role("region", name="Prazos")).not_to_contain_text("Próxima resposta")
    desk.follow("English")
    assert "First response: deadline missed" in desk.text
    assert "Legal deadline" in desk.text
    desk.follow("Português")


def test_the_queue_is_live(desk: Visitor, desk_server: Server) -> None:
    desk.open("/console/fila?de=todas")
    ticket = {
        "assunto": "Apareceu sozinho",
        "descricao": "d",
        "categoria": "duvida",
        "canal": "Chat",
        "prioridade": "urgente",
    }
    assert desk_server.client.post("/clientes/12345/chamados", ticket).status == 201
    expect(desk.page.get_by_role("link", name="Apareceu sozinho")).to_be_visible(timeout=60_000)


PAGES = (
    "/console/fila?de=todas",
    "/console/busca?q=Leonardo",
    "/console/busca",
    CUSTOMER,
    f"{CUSTOMER}/chamados",
    "/console/cartoes/555666777/bloqueio",
    "/console/cartoes/555666777/bloqueio?motivo=roubo",
    "/console/cartoes/555666777/desbloqueio",
    "/console/cartoes/987654321/substituicao",
    "/console/senha",
    "/console/conta",
    "/console/relatorios?de=2026-11-01&ate=2026-12-31",
    "/console/relatorios/compras?de=2026-11-01&ate=2026-12-31",
)


OPERATIONS = (
    "/console/operacao",
    "/console/operacao/estabelecimentos",
    "/console/operacao/limites",
    "/console/operacao/copias",
    "/console/operacao/acesso",
    "/console/contas",
    "/console/contas/12345",
    "/console/contas/12345/situacao?status=frozen",
    "/console/contas/12345/novo-limite",
    "/console/operacao/novo-limite",
    "/console/operacao/limites/teto",
    "/console/operacao/limites/teto/saida",
)


PHONE: ViewportSize = {"width": 390, "height": 800}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(visitor: Visitor) -> None:
    """The page can be used by everybody: light, in the dark, and as wide as a phone."""
    page, where = visitor.page, visitor.page.url
    assert visitor.barriers() == [], where
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    assert visitor.barriers("color-contrast") == [], f"{where} in the dark"
    assert page.evaluate(TOO_WIDE) <= 0, f"{where} is wider than a phone"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)


def test_the_pages_of_the_desk_can_be_used_by_everybody(
    browser: Chromium, desk_server: Server
) -> None:
    user = somebody(desk_server, "supervisor")
    ticket = desk_server.client.get("/chamados", cliente_id="12345").json()["chamados"][-1]
    with browser.visitor(desk_server, reduced_motion="reduce") as visitor:
        visitor.open("/console/entrar")
        check(visitor)
        visitor.log_in(user.user_id)
        for path in (*PAGES, f"{CUSTOMER}/acessos", f"/console/chamados/{ticket['protocolo']}"):
            visitor.open(path)
            check(visitor)
        visitor.open(CUSTOMER)
        visitor.follow("Contestar")
        check(visitor)
        visitor.open("/console/clientes/nobody")
        check(visitor)


def test_the_operator_s_pages_can_be_used_by_everybody(
    browser: Chromium, desk_server: Server
) -> None:
    user = somebody(desk_server, "operador")
    limit = {"window": "day", "max_amount": 5, "mode": "shadow"}
    assert desk_server.client.put("/limits/teto", limit).status == 201
    with browser.visitor(desk_server, reduced_motion="reduce") as visitor:
        visitor.log_in(user.user_id)
        for path in OPERATIONS:
            visitor.open(path)
            check(visitor)
        visitor.open("/console/operacao/limites/teto")
        visitor.press("Conferir")
        check(visitor)
        visitor.press("Pôr o limite")
        assert "é avaliado na sombra" in visitor.text
        assert visitor.errors == []
    desk_server.client.delete("/limits/teto")


def test_the_first_log_in_can_be_done_by_everybody(browser: Chromium, desk_server: Server) -> None:
    far_us = 2**51
    invited = somebody(desk_server, totp_secret=None, invited_until_us=far_us)
    with browser.visitor(desk_server, reduced_motion="reduce") as visitor:
        visitor.log_in(invited.user_id)
        assert visitor.page.url.endswith("/console/primeiro-acesso")
        check(visitor)


def test_the_keyboard_alone_does_it(browser: Chromium, desk_server: Server) -> None:
    user = somebody(desk_server)
    with browser.visitor(desk_server) as visitor:
        visitor.log_in(user.user_id)
        page = visitor.page
        page.keyboard.press("/")
        page.keyboard.type("Leonardo")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        tab_to(visitor, "Leonardo Morais")
        tab_to(visitor, "Suspeita de fraude")
        tab_to(visitor, "Bloquear o cartão final")
        assert "está bloqueado" in visitor.text


def tab_to(visitor: Visitor, name: str) -> None:
    """Press Tab until a link or button whose text begins so has the focus, then Enter."""
    focused = "document.activeElement.innerText"
    for _ in range(80):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate(focused).startswith(name):
            with visitor.page.expect_navigation():
                visitor.page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_without_javascript_everything_can_be_read_and_sent(
    browser: Chromium, desk_server: Server
) -> None:
    user = somebody(desk_server)
    with browser.visitor(desk_server, java_script_enabled=False) as visitor:
        visitor.log_in(user.user_id)
        visitor.open("/console/fila?de=todas")
        assert "O vale não caiu" in visitor.text
        visitor.open(CUSTOMER)
        assert "Linha do tempo" in visitor.page.content()
        visitor.open("/console/cartoes/555666777/desbloqueio")
        visitor.page.fill("#justificativa", "O titular reconheceu a compra.")
        visitor.press("Desbloquear o cartão final 6777")
        assert "está ativo de novo" in visitor.text


def test_english_is_a_link_away(browser: Chromium, desk_server: Server) -> None:
    user = somebody(desk_server)
    with browser.visitor(desk_server) as visitor:
        visitor.log_in(user.user_id)
        visitor.open(CUSTOMER)
        visitor.follow("English")
        assert "Latest purchases and entries" in visitor.page.content()
        assert visitor.page.evaluate("document.documentElement.lang") == "en"
        visitor.follow("Português")
        assert "Últimas compras e lançamentos" in visitor.page.content()
