"""What somebody new to the console does first, by what they see; and on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.support.chromium import Chromium, Visitor
from tests.support.command_line import done
from tests.support.people import Desk, desk_of, person, put_people, somebody
from tests.support.server import PATIENT, Server

CUSTOMER = "/console/clientes/12345"
ACCOUNT = "/console/contas/12345"
PHONE: ViewportSize = {"width": 390, "height": 844}
STACKED = (
    "/console/fila?de=todas",
    "/console/busca?q=Leonardo",
    CUSTOMER,
    ACCOUNT,
    "/console/relatorios",
    "/console/relatorios/chamados",
    "/console/relatorios/compras",
)


@pytest.fixture(scope="module", autouse=True)
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo data: made before the browser's loop, in which no command runs."""
    server = Server(tmp_path_factory.mktemp("demo"), PATIENT)
    done("init", "--demo", "--data", server.data)
    return server.data


@pytest.fixture
def server(demo: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with the demo data as nobody has touched them."""
    server = Server(tmp_path, PATIENT)
    shutil.copytree(demo, server.data)
    try:
        yield server.start()
    finally:
        server.end()


class Walk:
    """A walk in which clicks are counted."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.clicks = 0

    def click(self, role: str, name: str) -> None:
        self.clicks += 1
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    def since(self) -> int:
        """The clicks since it was asked before."""
        clicks, self.clicks = self.clicks, 0
        return clicks


def test_the_five_tasks_of_a_newcomer_take_as_many_clicks_as_the_page_says(
    browser: Chromium, server: Server
) -> None:
    user = somebody(server, "supervisor")
    with browser.visitor(server) as visitor:
        visitor.log_in(user.user_id)
        walk, page = Walk(visitor), visitor.page

        page.get_by_role("searchbox").fill("+55 (31) 98765-4321")
        walk.click("button", "Buscar")
        walk.click("link", "Leonardo Morais")
        expect(page.get_by_role("heading", level=1)).to_have_text("Leonardo Morais")
        assert walk.since() == 2

        card = page.get_by_role("article", name="Mastercard 8765")
        with page.expect_navigation():
            card.get_by_role("link", name="Perda").click()
        assert "Leonardo Morais" in visitor.text, "it says whose card is blocked"
        walk.click("button", "Bloquear o cartão final 8765")
        expect(page.get_by_role("status").first).to_contain_text("está bloqueado")
        expect(card).to_contain_text("Motivo: Perda")
        assert walk.since() + 1 == 2

        wallet = page.get_by_role("region", name="Carteiras").get_by_role("row", name="Refeição")
        expect(wallet).to_contain_text("R$ 152,60")
        last = page.get_by_role("region", name="Últimas compras").get_by_role("row").nth(1)
        expect(last).to_contain_text("Recusada")
        expect(last).to_contain_text("O cartão estava bloqueado ou cancelado.")
        assert walk.since() == 0, "both are on the same page"

        walk.click("link", "Relatórios")
        assert "Taxa de resolução 50% antes 100%" in visitor.text
        expect(page.locator("[aria-current=true]")).to_have_text("7 dias")
        assert walk.since() == 1
        assert visitor.errors == []


def test_on_a_phone_no_table_is_cut_off(browser: Chromium, server: Server) -> None:
    user = somebody(server, "supervisor")
    with browser.visitor(server, viewport=PHONE) as visitor:
        visitor.log_in(user.user_id)
        for path in STACKED:
            visitor.open(path)
            visitor.page.wait_for_selector("table.stack")
            cut = visitor.page.evaluate(
                "[...document.querySelectorAll('.scroll:has(table.stack), html')]"
                ".filter(it => it.scrollWidth > it.clientWidth)"
                ".map(it => it.outerHTML.slice(0, 80))"
            )
            assert cut == [], path
            assert visitor.barriers() == []
        visitor.open(CUSTOMER)
        why = visitor.page.locator(".purchases .why").first
        box = why.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"], "why a purchase was declined is seen"


def test_pages_say_cards_by_brand_and_digits_and_whose_they_are(server: Server) -> None:
    desk = Desk(server)
    desk.log_in(somebody(server).user_id)
    page = desk.get(CUSTOMER).text
    assert "cartão 555666777" not in page
    assert '<span class="hint num">Elo 6777</span>' in page
    ticket = server.client.get("/chamados", cliente_id="12345", categoria="limite").json()
    number = ticket["chamados"][0]["protocolo"]
    assert "Elo 6777" in desk.get(f"/console/chamados/{number}").text
    for what in ("987654321/substituicao", "555666777/bloqueio", "555666777/desbloqueio"):
        assert "Leonardo Morais" in desk.get(f"/console/cartoes/{what}").text
    boss = desk_of(server, "supervisor")
    looks = boss.get(f"{CUSTOMER}/acessos").text.count("Página do cliente")
    assert looks == 4, "the customer, and three cards: each names the holder"


def test_an_empty_queue_leads_to_the_next_one(server: Server) -> None:
    desk = Desk(server)
    desk.log_in(somebody(server).user_id)
    page = desk.get("/console/fila").text
    assert "Nenhum chamado em aberto está com você." in page
    assert 'href="/console/fila?de=sem-dono"' in page
    assert 'class="count late"' not in page, "no alarm for nothing"


def test_a_limit_is_corrected_without_being_written_anew(browser: Chromium, server: Server) -> None:
    user = somebody(server, "operador")
    with browser.visitor(server) as visitor:
        visitor.log_in(user.user_id)
        page = visitor.page
        visitor.open(f"{ACCOUNT}/novo-limite")
        page.fill("#nome", "alto & baixo?")
        page.fill("#valor", "200")
        visitor.press("Conferir")
        visitor.press("Corrigir")
        expect(page.locator("#nome")).to_have_value("alto & baixo?")
        expect(page.locator("#valor")).to_have_value("200")
        page.fill("#valor", "80")
        visitor.press("Conferir")
        visitor.press("Pôr o limite")
        assert "R$ 80,00" in visitor.text
        visitor.follow("Mudar alto & baixo?")
        expect(page.locator("#valor")).to_have_value("80,00")
        page.fill("#valor", "90")
        visitor.press("Conferir")
        visitor.press("Corrigir")
        expect(page.locator("#valor")).to_have_value("90")
        assert page.locator("#nome").count() == 0, "a limit that is there keeps its name"


def test_an_account_leads_to_its_customer_who_may_see_one(server: Server) -> None:
    desk, operator = Desk(server), Desk(server)
    desk.log_in(somebody(server).user_id)
    operator.log_in(somebody(server, "operador").user_id)
    assert f'href="{CUSTOMER}"' in desk.get(ACCOUNT).text
    assert "/console/clientes/" not in operator.get(ACCOUNT).text


def test_a_frozen_account_is_said_at_the_top_and_a_cancelled_card_has_no_bar(
    server: Server,
) -> None:
    assert (
        server.client.put("/accounts/12345/status", {"status": "frozen", "reason": "fraude"}).status
        == 200
    )
    desk = Desk(server)
    desk.log_in(somebody(server).user_id)
    page = desk.get(CUSTOMER).text
    assert page.index("A conta está congelada") < page.index('class="columns"')
    assert '<span class="tag frozen">congelada</span>' in desk.get(ACCOUNT).text
    meters = page.count('class="meter')
    desk.do("/console/cartoes/987654321/substituicao", canal="Telefone")
    after = desk.get(CUSTOMER).text
    assert "Cancelado" in after
    assert after.count('class="meter') == meters, "one more card, no more bars"


def test_the_key_of_the_second_factor_can_be_typed(browser: Chromium, server: Server) -> None:
    put_people(server.data, person("novata", name="Nova", totp_secret=None, invited_until_us=2**51))
    with browser.visitor(server) as visitor:
        visitor.log_in("novata")
        groups = visitor.page.locator(".secret span").all_inner_texts()
        assert [len(group) for group in groups] == [4] * 8
        name = visitor.page.locator("[autocomplete=username]")
        assert name.get_attribute("value") == "novata", "password managers learn whose it is"
