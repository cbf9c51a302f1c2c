"""Write the screenshots of docs/console/: every page of the console over the demo data.

Usage: python -m tools.console_screenshots

Needs Chromium. The server runs on a temporary folder; nothing else is changed.
"""

import sys
import tempfile
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
PHONE: Final[ViewportSize] = {"width": 390, "height": 780}
COLOURS: Final = 96
"""Of each picture: pages have few, and so it takes a third."""
CUSTOMER: Final = "/console/clientes/12345"
CARD: Final = "/console/cartoes/987654321"
ACCOUNT: Final = "/console/contas/12345"
DESK: Final = {
    "fila": "/console/fila?de=todas",
    "busca": "/console/busca?q=Leonardo",
    "cliente": CUSTOMER,
    "acessos": f"{CUSTOMER}/acessos",
    "bloqueio": f"{CARD}/bloqueio?motivo=roubo",
    "desbloqueio": "/console/cartoes/555666777/desbloqueio",
    "substituicao": f"{CARD}/substituicao",
    "novo-chamado": f"{CUSTOMER}/chamados",
    "relatorio": "/console/relatorios?agrupar=canal",
    "relatorio-compras": "/console/relatorios/compras?agrupar=carteira",
    "relatorio-chamados": "/console/relatorios/chamados",
    "senha": "/console/senha",
}
"""Pages of the desk, each under the name of its picture."""
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
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), PATIENT)
        done("init", "--demo", "--data", server.data)
        invited = person("novato", name="Novato", totp_secret=None, invited_until_us=2**51)
        people = person("mesa", "supervisor"), person("plantao", "operador", name="Plantão")
        put_people(server.data, invited, *people)
        try:
            server.start()
            for amount in range(3):
                server.client.authorize(purchase("123", f"{amount + 1}.00"))
            limit = {"window": "day", "max_amount": 500, "mode": "shadow"}
            server.client.put("/limits/teto-do-dia", limit)
            _take(server)
        finally:
            server.end()
    return 0


def _take(server: Server) -> None:
    with launched() as browser:
        with browser.visitor(server, viewport=SIZE) as stranger:
            stranger.open("/console/entrar")
            _shoot(stranger, "entrar")
            stranger.log_in("novato")
            _shoot(stranger, "primeiro-acesso")
        with browser.visitor(server, viewport=SIZE) as desk:
            desk.log_in("mesa")
            _desk(desk, server)
        with browser.visitor(server, viewport=SIZE) as operator:
            operator.log_in("plantao")
            _operations(operator)


def _desk(desk: Visitor, server: Server) -> None:
    for name, path in DESK.items():
        desk.open(path)
        _shoot(desk, name)
    ticket = server.client.get("/chamados", cliente_id="12345").json()["chamados"][-1]
    desk.open(f"/console/chamados/{ticket['protocolo']}")
    _shoot(desk, "chamado")
    desk.open(CUSTOMER)
    desk.follow("Contestar")
    _shoot(desk, "contestacao")
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
        operator.page.get_by_role("link", name="então").last.click()
    _shoot(operator, "conta-12345-entao")
    operator.open("/console/operacao/limites/teto-do-dia")
    operator.page.fill("#valor", "350,00")
    operator.page.select_option("#modo", "enforce")
    operator.press("Conferir")
    _shoot(operator, "limite")


def _shoot(visitor: Visitor, name: str) -> None:
    picture = Image.open(BytesIO(visitor.page.screenshot()))
    few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
