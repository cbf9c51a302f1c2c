"""Write the screenshots of docs/console/: every page of the console over the demo data.

Usage: python -m tools.console_screenshots

Needs Chromium. The server runs on a temporary folder; nothing else is changed.
"""

import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import ViewportSize

from tests.support.chromium import Visitor, launched
from tests.support.command_line import done
from tests.support.documents import purchase
from tests.support.people import person, put_people
from tests.support.server import PATIENT, PROJECT, Server

FOLDER: Final = PROJECT / "docs" / "console"
SIZE: Final[ViewportSize] = {"width": 1000, "height": 620}
TALLEST: Final = 1000
"""A longer page is shown so far."""
PHONE: Final[ViewportSize] = {"width": 390, "height": 780}
COLOURS: Final = 96
"""Of each picture: pages have few, and so it takes a third."""
CUSTOMER: Final = "/console/clientes/12345"
ACCOUNT: Final = "/console/contas/12345"
DESK: Final = {
    "fila": "/console/fila?de=todas",
    "busca": "/console/busca?q=Leonardo",
    "cliente": CUSTOMER,
    "bloqueio": "/console/cartoes/123987654/bloqueio?motivo=perda",
    "desbloqueio": "/console/cartoes/555666777/desbloqueio",
    "substituicao": "/console/cartoes/987654321/substituicao",
    "novo-chamado": f"{CUSTOMER}/chamados",
    "relatorio": "/console/relatorios?agrupar=canal",
    "relatorio-compras": "/console/relatorios/compras?agrupar=carteira",
    "relatorio-chamados": "/console/relatorios/chamados",
    "senha": "/console/senha",
}
"""Pages of the desk, each under the name of its picture."""
FILLED: Final = {
    "bloqueio": {"descricao": "Deixou a carteira num táxi ontem à noite."},
    "desbloqueio": {"justificativa": "O titular reconheceu a compra."},
    "novo-chamado": {"assunto": "Segunda via da fatura", "descricao": "Pede a de outubro."},
    "contestacao": {"descricao": "Não foi ele: o cartão já tinha sido levado."},
    "contas": {"conta": "12345"},
    "situacao": {"reason": "Suspeita de fraude em análise"},
}
"""What is written into forms before their pictures, by the names of the fields."""
OPERATIONS: Final = {
    "saude": "/console/operacao",
    "estabelecimentos": "/console/operacao/estabelecimentos",
    "limites": "/console/operacao/limites",
    "copias": "/console/operacao/copias",
    "acesso": "/console/operacao/acesso",
    "conta": "/console/conta",
    "contas": "/console/contas",
    "conta-12345": ACCOUNT,
    "situacao": f"{ACCOUNT}/situacao?status=frozen",
}
DARK: Final = ("fila",)
"""Pages that are shown in the dark, too."""
ON_A_PHONE: Final = ("cliente",)


def main() -> int:
    """Make the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="authorizer-") as folder:
        server = Server(Path(folder), PATIENT)
        done("init", "--demo", "--data", server.data)
        now_us = time.time_ns() // 1000
        put_people(
            server.data,
            person("novato", totp_secret=None, invited_until_us=2**51, created_at_us=now_us),
            person("mesa", "supervisor", created_at_us=now_us),
            person("plantao", "operador", name="Plantão", created_at_us=now_us),
        )
        try:
            server.start()
            _work(server)
            ticket_id = _ticket_in_progress(server)
            _protect(server, Path(folder) / "copias")
            _take(server, ticket_id)
        finally:
            server.end()
    return 0


def _work(server: Server) -> None:
    """Have happen what pages tell of: limits and what they decide, a block that can be undone."""
    client = server.client
    client.put("/limits/teto-do-dia", {"window": "day", "max_amount": 500, "mode": "shadow"})
    client.put("/limits/compras-por-hora", {"window": "PT1H", "max_count": 4})
    client.put("/accounts/12345/limits/refeicoes", {"window": "day", "max_amount": 80})
    for amount in ("90.00", "310.00", "150.00", "9000.00", "25.00", "30.00"):
        client.authorize(purchase("123", amount))
    client.authorize(purchase("789", "12.00", card="0000"))
    block = {"motivo": "suspeita_fraude", "canal": "Telefone"}
    client.post("/cartoes/555666777/bloqueio", block)


def _ticket_in_progress(server: Server) -> str:
    found = server.client.get("/chamados", cliente_id="12345", status="em_atendimento").json()
    return str(found["chamados"][0]["protocolo"])


def _protect(server: Server, place: Path) -> None:
    """Take a backup, and make keys: after the first one a client without a key is refused."""
    keys = place.with_name("chaves")
    done("backup", "--to", place, "--keys-to", keys, "--data", server.data)
    done("verify", "--backup", place, "--keys-from", keys, "--data", server.data)
    for role, name in (("terminal", "Loja 7"), ("auditor", "Auditoria externa")):
        done("keys", "create", "--role", role, "--name", name, "--yes", "--data", server.data)


def _take(server: Server, ticket_id: str) -> None:
    with launched() as browser:
        with browser.visitor(server, viewport=SIZE) as stranger:
            stranger.open("/console/entrar")
            _shoot(stranger, "entrar")
            stranger.log_in("novato")
            _shoot(stranger, "primeiro-acesso")
        with browser.visitor(server, viewport=SIZE) as desk:
            desk.log_in("mesa")
            _desk(desk, ticket_id)
        with browser.visitor(server, viewport=SIZE) as operator:
            operator.log_in("plantao")
            _operations(operator)


def _desk(desk: Visitor, ticket_id: str) -> None:
    for name, path in DESK.items():
        desk.open(path)
        _shoot(desk, name)
    desk.open(f"/console/chamados/{ticket_id}?modelo=recebido")
    _shoot(desk, "chamado")
    desk.open(CUSTOMER)
    desk.follow("Contestar")
    _shoot(desk, "contestacao")
    desk.open(CUSTOMER)
    desk.page.select_option("#revelar", index=1)
    desk.press("Mostrar")
    desk.open(f"{CUSTOMER}/acessos")
    _shoot(desk, "acessos")
    desk.page.emulate_media(color_scheme="dark")
    for name in DARK:
        desk.open(DESK[name])
        _shoot(desk, f"{name}-escuro")
    desk.page.emulate_media(color_scheme="light")
    desk.page.set_viewport_size(PHONE)
    for name in ON_A_PHONE:
        desk.open(DESK[name])
        _shoot(desk, f"{name}-celular")


def _operations(operator: Visitor) -> None:
    for name, path in OPERATIONS.items():
        operator.open(path)
        _shoot(operator, name)
    operator.open(ACCOUNT)
    with operator.page.expect_navigation():
        operator.page.get_by_role("link", name="ver: ").nth(4).click()
    _shoot(operator, "conta-12345-entao")
    operator.open("/console/operacao/limites/teto-do-dia")
    operator.page.fill("#valor", "350,00")
    operator.page.select_option("#modo", "enforce")
    operator.press("Conferir")
    _shoot(operator, "limite")


def _shoot(visitor: Visitor, name: str) -> None:
    for field, text in FILLED.get(name, {}).items():
        visitor.page.fill(f"[name={field}]", text)
    visitor.page.mouse.move(0, 0)
    size = visitor.page.viewport_size or SIZE
    page = Image.open(BytesIO(visitor.page.screenshot(full_page=True)))
    picture = page.crop((0, 0, size["width"], min(page.height, TALLEST)))
    few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
