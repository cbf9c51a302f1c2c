"""Write the screenshots of docs/console/: the pages of the console over the demo data.

Usage: python -m tools.console_screenshots

Needs Chromium. The server runs on a temporary folder; nothing else is changed.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support.chromium import Visitor, launched
from tests.support.command_line import done
from tests.support.documents import purchase
from tests.support.people import person, put_people
from tests.support.server import PATIENT, PROJECT, Server

FOLDER: Final = PROJECT / "docs" / "console"
PAGES: Final = {
    "fila": "/console/fila?de=todas",
    "cliente": "/console/clientes/12345",
    "relatorio": "/console/relatorios?agrupar=canal",
    "saude": "/console/operacao",
}
"""Each page and the name of its picture."""
SIZE: Final = {"width": 1000, "height": 620}
DARK: Final = ("fila",)
"""Pages that are shown in the dark, too."""
PHONE: Final = ("cliente",)
"""Pages that are shown on a phone, too."""


def main() -> int:
    """Make the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), PATIENT)
        done("init", "--demo", "--data", server.data)
        people = person("mesa", "supervisor"), person("plantao", "operador", name="Plantão")
        put_people(server.data, *people)
        try:
            server.start()
            for amount in range(3):
                server.client.authorize(purchase("123", f"{amount + 1}.00"))
            _take(server)
        finally:
            server.end()
    return 0


def _take(server: Server) -> None:
    with launched() as browser:
        with browser.visitor(server, viewport=SIZE) as desk:
            desk.log_in("mesa")
            for name, path in PAGES.items():
                if name != "saude":
                    _shoot(desk, path, name)
            desk.page.emulate_media(color_scheme="dark")
            for name in DARK:
                _shoot(desk, PAGES[name], f"{name}-escuro")
            desk.page.emulate_media(color_scheme="light")
            desk.page.set_viewport_size({"width": 390, "height": 780})
            for name in PHONE:
                _shoot(desk, PAGES[name], f"{name}-celular")
        with browser.visitor(server, viewport=SIZE) as operator:
            operator.log_in("plantao")
            _shoot(operator, PAGES["saude"], "saude")
            _shoot(operator, "/console/conta", "conta")
            limit = {"window": "day", "max_amount": 500, "mode": "shadow"}
            server.client.put("/limits/teto-do-dia", limit)
            operator.open("/console/operacao/limites/teto-do-dia")
            operator.page.fill("#valor", "350,00")
            operator.page.select_option("#modo", "enforce")
            operator.press("Conferir")
            operator.page.screenshot(path=FOLDER / "limite.png")


def _shoot(visitor: Visitor, path: str, name: str) -> None:
    visitor.open(path)
    visitor.page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
