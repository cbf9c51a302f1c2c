"""The pages of the console, as people who are logged in ask for them."""

from random import Random

from benchmarks import care_people as people
from benchmarks.care_history import Scale
from benchmarks.care_questions import Asker, Paths, path_of
from tests.support.people import Desk, somebody
from tests.support.server import Server

TICKETS = 200
"""So many tickets are looked at, the newest of those that are open."""


class Pages:
    """Makes the path of each page, about somebody else every time, and who asks for it."""

    def __init__(self, server: Server, scale: Scale, seed: int = 2) -> None:
        self._scale = scale
        self._random = Random(seed)
        self._tickets = _tickets(server)
        self._askers: list[Asker] = []
        desk = self._logged_in(server, "supervisor")
        operations = self._logged_in(server, "operador")
        self.kinds: dict[str, tuple[Asker, Paths]] = {
            "page: queue, all": (desk, lambda: "/console/fila?de=todas"),
            "page: search by CPF": (desk, lambda: self._search(1)),
            "page: search by phone": (desk, lambda: self._search(2)),
            "page: search by name": (desk, lambda: self._search(0)),
            "page: customer": (
                desk,
                lambda: f"/console/clientes/{people.customer_id(self._number())}",
            ),
            "page: ticket": (
                desk,
                lambda: f"/console/chamados/{self._random.choice(self._tickets)}",
            ),
            "page: card to block": (
                desk,
                lambda: f"/console/cartoes/{people.card_id(self._number())}/bloqueio",
            ),
            "page: service report": (desk, lambda: "/console/relatorios"),
            "page: purchase report": (desk, lambda: "/console/relatorios/compras"),
            "page: tickets of a report": (desk, lambda: "/console/relatorios/chamados"),
            "page: account": (
                operations,
                lambda: f"/console/contas/{people.account_id(self._number())}",
            ),
            "page: health": (operations, lambda: "/console/operacao"),
            "page: merchants": (operations, lambda: "/console/operacao/estabelecimentos"),
            "page: limits for all": (operations, lambda: "/console/operacao/limites"),
        }

    def close(self) -> None:
        """Let the connections go."""
        for asker in self._askers:
            asker.close()

    def _logged_in(self, server: Server, role: str) -> Asker:
        desk = Desk(server)
        desk.log_in(somebody(server, role).user_id)
        cookies = "; ".join(f"{each.name}={each.value}" for each in desk.browser.cookies)
        self._askers.append(Asker(server.port, Cookie=cookies))
        return self._askers[-1]

    def _number(self) -> int:
        return self._random.randrange(self._scale.customers)

    def _search(self, part: int) -> str:
        return path_of("/console/busca", q=str(people.person(self._number())[part]))


def _tickets(server: Server) -> list[str]:
    documents = server.client.get(f"/chamados?limite={TICKETS}").json()
    return [document["protocolo"] for document in documents["chamados"]]
