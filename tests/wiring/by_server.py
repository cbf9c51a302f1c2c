"""Settings whose effect is seen on a real server: one that has them all, and one that has none."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from authorizer.actors.business_hours import WEEKDAYS
from authorizer.domain.moments import MINUTE_US
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS, Priority
from authorizer.settings.loading import load_settings
from tests.support.api_keys import key_per_role
from tests.support.client import Client
from tests.support.command_line import done
from tests.support.documents import Number, card, customer, encode, purchase, time_of
from tests.support.processes import children
from tests.support.server import PATIENT, Server
from tests.support.together import Request, send_together
from tests.support.waiting import PATIENCE_S, comes_true

UNSEEN: Final = object()
"""By default it is not looked at: nothing can be seen there, or not in a short time."""
FAR_ZONE: Final = "Pacific/Kiritimati"
USUAL_ZONE: Final = "America/Sao_Paulo"
USUAL_LEVEL: Final = DEFAULT_SERVICE_LEVELS[Priority.MEDIUM]


@dataclass
class House:
    """A server at work, a client for each role, and a ticket that nobody has answered yet."""

    server: Server
    folder: Path
    keys: dict[str, str]
    is_set: bool
    """Whether the server has the settings, and so whether what is to be seen is waited for."""
    ticket: dict[str, Any]

    def __getitem__(self, role: str) -> Client:
        return Client(self.server.port, key=self.keys[role])

    def until(self, condition: Callable[[], bool]) -> bool:
        """Poll a condition until it holds; where nothing is set one look is enough."""
        return comes_true(condition, PATIENCE_S if self.is_set else 0.0)


Observe = Callable[[House], Any]


class Case(NamedTuple):
    """What is seen on the server that has the setting, and what on the other."""

    observe: Observe
    seen: Any
    by_default: Any


CASES: Final[dict[str, Case]] = {}
"""In the order in which they are looked at."""


def wired(*names: str, seen: Any, by_default: Any) -> Callable[[Observe], Observe]:
    """Say what shows that settings are wired."""

    def add(observe: Observe) -> Observe:
        CASES.update(dict.fromkeys(names, Case(observe, seen, by_default)))
        return observe

    return add


def flags(folder: Path) -> tuple[str, ...]:
    """All of these settings."""
    given = {
        "personal-keys": folder / "own-keys",
        "keep-alive-seconds": 1,
        "max-in-flight": 1,
        "search-hits-per-minute": 3,
        "masked-searches-per-hour": 2,
        "attendant-limit-ceiling-cents": 500_000,
        "sla-first-response-minutes": "media=17",
        "sla-resolution-minutes": "media=31",
        "reports-url": f"sqlite:///{folder / 'own.sqlite'}",
        "time-zone": FAR_ZONE,
        "business-hours": HOURS,
        "business-days": DAYS,
        "log-format": "console",
        "log-level": "warning",
    }
    return tuple(str(word) for name, value in given.items() for word in (f"--{name}", value))


@contextmanager
def house(folder: Path, is_set: bool) -> Iterator[House]:
    """A house, gone when the block ends."""
    server = Server(folder, (*PATIENT, *(flags(folder) if is_set else ())))
    keys = key_per_role(server)
    try:
        server.start()
        made = House(server, folder, keys, is_set, {})
        accounts = {"balances": {"FOOD": Number("1000000.00")}}
        assert made["operador"].put("/accounts/a", accounts).status == 201
        limit = {"limite_total": Number("100.00"), "limite_disponivel": Number("100.00")}
        document = customer("c", card("k") | limit, cpf="11122233344")
        assert made["atendente"].put_customer(document).status == 201
        asked = {"assunto": "a", "descricao": "b", "categoria": "c", "canal": "App"}
        opened = made["atendente"].post("/clientes/c/chamados", asked)
        assert opened.status == 201, opened
        made.ticket = opened.json()
        yield made
    finally:
        server.end()


# --- where things are ----------------------------------------------------------------------------


@wired("data", "port", seen=True, by_default=UNSEEN)
def _(on: House) -> Any:
    """Both are set on every server of the tests; what they default to may be in use here."""
    journal = on.folder / "data" / "journal"
    return on.server.client.get("/health").status == 200 and any(journal.iterdir())


@wired("personal_keys", seen=["own-keys"], by_default=["data/keys"])
def _(on: House) -> Any:
    return [name for name in ("own-keys", "data/keys") if (on.folder / name).exists()]


# --- how fast, and how much ----------------------------------------------------------------------


@wired("keep_alive_seconds", seen="closed", by_default="open")
def _(on: House) -> Any:
    with socket.create_connection(("127.0.0.1", on.server.port)) as quiet:
        quiet.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        quiet.settimeout(PATIENCE_S)
        assert quiet.recv(1 << 16).startswith(b"HTTP/1.1 200")
        quiet.settimeout(PATIENCE_S if on.is_set else 0.05)
        try:
            while quiet.recv(1 << 16):
                pass
        except TimeoutError:
            return "open"
        return "closed"


@wired("max_in_flight", seen=True, by_default=False)
def _(on: House) -> Any:
    """Of many at once some are turned away."""
    key = (("Authorization", f"Bearer {on.keys['terminal']}"),)
    many = [Request("POST", "/transactions", encode(purchase("a", "1.00")), key)] * 64

    def turned_away() -> bool:
        answers = send_together(on.server.port, many)
        assert all(answer and answer.status == 200 for answer in answers)
        return any(answer and answer.reason == "overloaded" for answer in answers)

    return on.until(turned_away)


def searches(client: Client, **query: str) -> list[int]:
    """The answers to five searches."""
    return [client.get("/clientes", **query).status for _ in range(5)]


@wired("search_hits_per_minute", seen=[200] * 3 + [429] * 2, by_default=[200] * 5)
def _(on: House) -> Any:
    return searches(on["atendente"], cpf="11122233344")


@wired("masked_searches_per_hour", seen=[200] * 2 + [429] * 3, by_default=[200] * 5)
def _(on: House) -> Any:
    return searches(on["auditor"], cpf="00000000000")


@wired("attendant_limit_ceiling_cents", seen=403, by_default=200)
def _(on: House) -> Any:
    document = {"limite_total": Number("5000.01"), "canal": "App"}
    return on["atendente"].put("/cartoes/k/limite", document).status


def minutes_until(on: House, moment: str) -> float:
    """From the ticket's opening on."""
    span = time_of(on.ticket["sla"][moment]) - time_of(on.ticket["aberto_em"])
    return span.total_seconds() / 60


@wired("sla_first_response_minutes", seen=17, by_default=USUAL_LEVEL.first_response_us / MINUTE_US)
def _(on: House) -> Any:
    return minutes_until(on, "primeira_resposta_ate")


@wired("sla_resolution_minutes", seen=31, by_default=USUAL_LEVEL.resolution_us / MINUTE_US)
def _(on: House) -> Any:
    return minutes_until(on, "resolucao_ate")


# --- reports -------------------------------------------------------------------------------------


def report(on: House, **query: str) -> dict[str, Any]:
    """A report on the service desk."""
    answer = on["auditor"].get("/relatorios/atendimento", **query)
    assert answer.status == 200, answer
    document: dict[str, Any] = answer.json()
    return document


@wired("time_zone", seen=(FAR_ZONE, FAR_ZONE), by_default=(USUAL_ZONE, USUAL_ZONE))
def _(on: House) -> Any:
    """In the server's reports, and in the tables that the other process has made."""
    told = report(on)["fuso_horario"]
    url = ("--reports-url", f"sqlite:///{on.folder / 'own.sqlite'}") if on.is_set else ()
    status = done("reports", "status", "--json", "--data", on.server.data, *url)
    return told, json.loads(status)["time_zone"]


@wired("reports_url", seen=["own.sqlite"], by_default=["data/reports/reports.sqlite"])
def _(on: House) -> Any:
    report(on)
    names = ("own.sqlite", "data/reports/reports.sqlite")
    return [name for name in names if (on.folder / name).exists()]


def hours_unlike_the_usual() -> tuple[str, str]:
    """Hours and days that hold now where the usual ones don't, and don't where those do."""
    usual = load_settings().desk_hours
    ((usual_opens, usual_closes),) = usual.stretches
    now = datetime.now(UTC)
    local = now.astimezone(ZoneInfo(usual.time_zone))
    minute = local.hour * 60 + local.minute
    if local.weekday() in usual.weekdays and usual_opens <= minute < usual_closes:
        return "00:00-00:01", WEEKDAYS[(now.weekday() + 3) % 7]
    return "00:00-24:00", "mon-sun"


HOURS, DAYS = hours_unlike_the_usual()


@wired("business_hours", "business_days", seen=DAYS == "mon-sun", by_default=UNSEEN)
def _(on: House) -> Any:
    """Whether the time until a ticket's first answer counts; by the usual ones it counts if not."""
    path = f"/chamados/{on.ticket['protocolo']}/interacoes"
    said = {"autor": "atendente", "nome": "Rui", "canal": "App", "mensagem": "Oi"}
    assert on["atendente"].post(path, said).status in (200, 201)
    return report(on, horario="comercial")["primeira_resposta"]["media"] > 0


# --- the log -------------------------------------------------------------------------------------


@wired("log_format", seen=False, by_default=True)
def _(on: House) -> Any:
    """Whether lines are JSON."""
    (process,) = children(on.server.process.pid)
    os.kill(process, signal.SIGKILL)
    ended = "the reports' process ended"
    assert on.server.logs(ended)
    (line, *_) = [line for line in on.server.log().splitlines() if ended in line]
    return line.startswith("{")


@wired("log_level", seen=False, by_default=True)
def _(on: House) -> Any:
    """Whether it is told how much was recovered."""
    return "recovered" in on.server.log_path.read_text()
