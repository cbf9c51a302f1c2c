"""What customer care asks while purchases go on, and how long each answer took."""

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlencode

from benchmarks import care_people as people
from benchmarks.care_history import CATEGORIES, Scale

PATIENCE_S = 60

Paths = Callable[[], str]
"""Makes the path of one kind of question."""


class Questions:
    """Makes the path of each kind of question, about somebody else every time."""

    def __init__(self, port: int, scale: Scale, seed: int = 1) -> None:
        self._asker = Asker(port)
        self._scale = scale
        self._random = Random(seed)
        today = datetime.now(UTC).date()
        self._month = {
            "de": (today - timedelta(days=30)).isoformat(),
            "ate": (today - timedelta(days=1)).isoformat(),
        }
        paths: dict[str, Paths] = {
            "search by cpf": lambda: path_of("/clientes", cpf=people.cpf(self._number())),
            "search by phone": lambda: self._search("telefone", 2),
            "search by e-mail": lambda: self._search("email", 3),
            "search by name": lambda: self._search("nome", 0),
            "search by first name": lambda: path_of(
                "/clientes", nome=self._random.choice(people.FIRST_NAMES)
            ),
            "document": lambda: f"/clientes/{people.customer_id(self._number())}",
            "statement": lambda: (
                f"/accounts/{people.account_id(self._number())}/transactions?limit=50"
            ),
            "contacts": lambda: f"/clientes/{people.customer_id(self._number())}/interacoes",
            "tickets": lambda: path_of("/chamados", limite="50"),
            "tickets, open, of a category": lambda: path_of(
                "/chamados", status="aberto", categoria=self._random.choice(CATEGORIES)
            ),
            "tickets, overdue": lambda: path_of("/chamados", vencido="resolucao"),
            "month of service": lambda: path_of("/relatorios/atendimento", **self._month),
            "month of service, by day": lambda: path_of(
                "/relatorios/atendimento", agrupar="dia", **self._month
            ),
            "month of purchases": lambda: path_of("/relatorios/transacoes", **self._month),
            "month of purchases, by mcc": lambda: path_of(
                "/relatorios/transacoes", agrupar="mcc", **self._month
            ),
        }

        self.kinds = {kind: (self._asker, path) for kind, path in paths.items()}

    def close(self) -> None:
        """Let the connection go."""
        self._asker.close()

    def _number(self) -> int:
        return self._random.randrange(self._scale.customers)

    def _search(self, field: str, part: int) -> str:
        return path_of("/clientes", **{field: str(people.person(self._number())[part])})


def path_of(path: str, **query: str) -> str:
    """A path with its query."""
    return f"{path}?{urlencode(query)}"


@dataclass
class Answers:
    """How long the answers to one kind of question took, and how many were none."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0

    def percentile_ms(self, share: float) -> float:
        """The time within which this share of the answers came (nearest rank)."""
        ranked = sorted(self.seconds)
        return ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)] * 1000


class Asker:
    """One connection that asks one question after the other, each with the same headers."""

    def __init__(self, port: int, **headers: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._headers = headers

    def ask(self, path: str) -> tuple[int, float]:
        """The status, and the seconds that the whole answer took."""
        started = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        response.read()
        return response.status, time.perf_counter() - started

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


def ask_until(
    kinds: Mapping[str, tuple[Asker, Paths]], is_over: Callable[[], bool], pause_s: float
) -> dict[str, Answers]:
    """Ask every kind of question in turn, with a pause between any two, until it is over."""
    answers = {kind: Answers() for kind in kinds}
    while not is_over():
        for kind, (asker, path) in kinds.items():
            status, seconds = asker.ask(path())
            answers[kind].seconds.append(seconds)
            answers[kind].refused += status != 200
            time.sleep(pause_s)
    return answers
