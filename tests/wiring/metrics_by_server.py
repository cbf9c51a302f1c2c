"""What makes each metric move on a real server."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from prometheus_client.parser import text_string_to_metric_families

from authorizer.actors.batches import MAX_BATCHES
from tests.support.api_keys import new_key
from tests.support.client import Client
from tests.support.command_line import account, done, write_lines
from tests.support.documents import card, customer, encode, purchase
from tests.support.hurried import full, taken
from tests.support.people import desk_of
from tests.support.processes import children, paused
from tests.support.server import PATIENT, Server, python
from tests.support.waiting import PATIENCE_S, until

CONNECTIONS: Final = 50
"""Few enough for the files that the server may have; it takes one more, and no hundred more."""
FILES: Final = 130
DAY_NS: Final = 24 * 3600 * 1_000_000_000

Families = dict[str, dict[Any, float]]
"""The samples of each metric by their names and labels."""
Do = Callable[["House"], None]


class House:
    """A server whose journal is ten days old and whose log can't be written, and its client."""

    def __init__(self, server: Server, gate: Path) -> None:
        self.server = server
        self.gate = gate
        self.key: str | None = None
        self.seen: Families = {}
        """Read amid a case, where afterwards is too late."""

    @property
    def client(self) -> Client:
        return Client(self.server.port, documented=False, key=self.key)

    def read(self) -> Families:
        """What the metrics say now."""
        answer = self.client.get("/metrics")
        assert answer.status == 200, answer
        return families(answer.body)

    def lets_in(self) -> bool:
        """Whether it takes a connection: those that were closed may not be gone for it yet."""
        try:
            return self.client.get("/health").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def buy(self, **more: Any) -> None:
        assert self.client.authorize(purchase("a", "1.00", **more)).code == "00"

    def ask(self, method: str, path: str, **members: Any) -> None:
        answer = self.client.send(
            method, f"/accounts/a/{path}", encode(members) if members else b""
        )
        assert answer.status in {200, 201, 204}, answer

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE_S)


def families(text: bytes) -> Families:
    """Metrics as Prometheus reads them."""
    return {
        family.name: {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for sample in family.samples
            if not sample.name.endswith("_created")
        }
        for family in text_string_to_metric_families(text.decode())
    }


CASES: Final[dict[str, Do]] = {}
"""In the order in which they are tried."""


def moves(*names: str) -> Callable[[Do], Do]:
    """Say what makes these metrics move."""

    def add(do: Do) -> Do:
        for name in names:
            assert name not in CASES
            CASES[name] = do
        return do

    return add


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """A house, gone when the block ends."""
    server, gate = Server(folder), folder / "gate"
    lines = write_lines(folder / "lines.ndjson", account("a", FOOD=1_000_000.0))
    right = time.time_ns
    with patch.object(time, "time_ns", lambda: right() - 10 * DAY_NS):
        done("import", lines, "--data", server.data)
    command = [python(), "-m", "tests.support.hurried", str(gate), "serve", "--port", "{port}"]
    command += ["--data", "{data}", "--id-retention-days", "1", "--credit-id-retention-days", "1"]
    shell = f'ulimit -n {FILES} && exec "$@" 2>/dev/full'
    server._command = ["sh", "-c", shell, "sh", *command, *PATIENT]
    try:
        on = House(server.start(), gate)
        until(lambda: value(on.read(), "authorizer_reports_running"))
        yield on
    finally:
        gate.unlink(missing_ok=True)
        server.end()


# --- purchases -----------------------------------------------------------------------------------


@moves(
    "authorizer_decisions",
    "authorizer_decision_seconds",
    "authorizer_journal_batch_records",
    "authorizer_journal_commit_seconds",
    "authorizer_journal_position",
)
def _(on: House) -> None:
    on.buy(id="old")
    on.ask("POST", "credits", id="old", amount=1, category="FOOD")


@moves(
    "authorizer_open_holds",
    "authorizer_held_centavos",
    "authorizer_purchase_operations",
    "authorizer_limit_hits",
    "authorizer_captures_late",
    "authorizer_captures_forced",
)
def _(on: House) -> None:
    """A hold that is open, one that is captured when it was let go, force, and a limit."""
    for name in ("open", "gone"):
        on.ask("POST", "authorizations", id=name, amount=1, mcc="5411", merchant="M")
    on.ask("POST", "authorizations/gone/reversals", id="r")
    on.ask("POST", "authorizations/gone/captures", id="c")
    on.ask("POST", "authorizations/new/captures", id="f", amount=1, force=True)
    on.ask("PUT", "limits/none", window="transaction", max_amount=0, mode="shadow")
    on.buy()
    on.ask("DELETE", "limits/none")


BUY: Final = encode(purchase("a", "1.00"))
HEAD: Final = b"POST /transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
REQUEST: Final = HEAD % len(BUY) + BUY


@moves(
    "authorizer_purchases_under_way",
    "authorizer_journal_undurable_records",
    "authorizer_expected_answer_seconds",
    "authorizer_declines_waiting",
)
def _(on: House) -> None:
    """While a sync does not return, and another purchase would not be answered in time."""
    on.gate.touch()
    with on.connect() as waiting, on.connect() as late:
        waiting.sendall(REQUEST)
        until(lambda: value(on.read(), "authorizer_journal_undurable_records"))
        full(on.gate).touch()
        late.sendall(REQUEST)
        until(lambda: value(on.read(), "authorizer_declines_waiting"))
        on.seen = on.read()
        full(on.gate).unlink()
        on.gate.unlink()
        for one in (waiting, late):
            assert one.recv(1 << 16).startswith(b"HTTP/1.1 200")


def value(found: Families, name: str) -> float:
    """The value of a metric that has one only."""
    (only,) = found[name].values()
    return only


@moves(
    "authorizer_queue_depth",
    "authorizer_unread_longest_seconds",
    "authorizer_loop_seconds_each",
)
def _(on: House) -> None:
    """Many come at once, after a pause, and somebody reads the metrics among them."""
    with ExitStack() as open_ones:
        reader, *many = [open_ones.enter_context(on.connect()) for _ in range(CONNECTIONS)]
        with paused(on.server):
            for one in many:
                one.sendall(REQUEST)
            reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: reader.recv(1 << 16), b""))
        for one in many:
            assert one.recv(1 << 16).startswith(b"HTTP/1.1 200")
    on.seen = families(answer.partition(b"\r\n\r\n")[2])


@moves("authorizer_accounts", "authorizer_resident_actors")
def _(on: House) -> None:
    on.client.open_account(f"b{time.monotonic_ns()}", FOOD="1.00")


# --- the clock -----------------------------------------------------------------------------------


@moves(
    "authorizer_clock_agrees",
    "authorizer_clock_wall_ahead_seconds",
    "authorizer_old_ids_forgotten",
    "authorizer_old_ids_rounds",
    "authorizer_holds_expired",
    "authorizer_tickets_escalated",
    "authorizer_purchases_archived",
)
def _(on: House) -> None:
    """The clock, which was not believed, is; so the first credit's id is past its retention.

    A ticket that was opened before is late.
    """
    assert on.client.put_customer(customer("c", card("k"), cpf="11122233344")).status == 201
    asked = {"assunto": "a", "descricao": "b", "categoria": "c", "canal": "App"}
    assert on.client.post("/clientes/c/chamados", asked).status == 201
    os.kill(on.server.process.pid, signal.SIGUSR2)
    until(lambda: value(on.read(), "authorizer_clock_agrees"))
    until(lambda: on.read().get("authorizer_tickets_escalated"))
    on.buy()


@moves("authorizer_archive_lookups", "authorizer_archive_lookups_in_vain")
def _(on: House) -> None:
    """An id that has left memory, and is past its retention."""
    until(lambda: value(on.read(), "authorizer_purchases_archived"))
    on.buy(id="gone")


# --- the disk ------------------------------------------------------------------------------------


@moves("authorizer_disk_free_bytes", "authorizer_disk_short")
def _(on: House) -> None:
    """Somebody else has taken all of it."""
    taken(on.gate).touch()
    until(lambda: value(on.read(), "authorizer_disk_short"))
    on.seen = on.read()
    taken(on.gate).unlink()
    until(lambda: not value(on.read(), "authorizer_disk_short"))


# --- connections, the log ------------------------------------------------------------------------


@moves("authorizer_connections_refused")
def _(on: House) -> None:
    with ExitStack() as open_ones:
        for _ in range(2 * CONNECTIONS):
            open_ones.enter_context(on.connect())
        until(lambda: not on.lets_in())
    until(on.lets_in)


@moves("authorizer_connections_cut_off")
def _(on: House) -> None:
    """Somebody asks for much and reads nothing."""
    with on.connect() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(0.1)
        asked = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        before = value(on.read(), "authorizer_connections_cut_off")

        def cut_off() -> bool:
            with suppress(OSError):
                deaf.sendall(asked * 100)
            return value(on.read(), "authorizer_connections_cut_off") != before

        until(cut_off)


@moves("authorizer_log_lines_lost", "authorizer_log_lines_left_out")
def _(on: House) -> None:
    for _ in range(40):
        with on.connect() as nonsense:
            nonsense.sendall(b"nonsense\r\n\r\n")
            assert nonsense.recv(1000).startswith(b"HTTP/1.1 400")


# --- reports -------------------------------------------------------------------------------------


@moves(
    "authorizer_reports_lag_records",
    "authorizer_reports_lag_seconds",
    "authorizer_reports_running",
)
def _(on: House) -> None:
    """Their process is stopped, and then killed."""
    until(lambda: value(on.read(), "authorizer_reports_running"))
    (process,) = children(on.server.process.pid)
    os.kill(process, signal.SIGSTOP)
    on.buy()
    until(lambda: value(on.read(), "authorizer_reports_lag_seconds"))
    lagging = on.read()
    os.kill(process, signal.SIGKILL)
    until(lambda: not value(on.read(), "authorizer_reports_running"))
    names = ("authorizer_reports_lag_records", "authorizer_reports_lag_seconds")
    on.seen = {**on.read(), **{name: lagging[name] for name in names}}


# --- events ----------------------------------------------------------------------------------


@moves("authorizer_event_streams")
def _(on: House) -> None:
    """A stream is open."""
    with on.connect() as stream:
        key = f"Authorization: Bearer {on.key}\r\n" if on.key else ""
        lines = f"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{key}\r\n"
        stream.sendall(lines.encode())
        until(lambda: value(on.read(), "authorizer_event_streams"))
        on.seen = on.read()


@moves(
    "authorizer_batches",
    "authorizer_batch_lines",
    "authorizer_batches_refused",
    "authorizer_batches_under_way",
)
def _(on: House) -> None:
    """As many batches as there may be, none of which ends, and one more."""
    line = encode(purchase("a", "1.00")) + b"\n"
    head = b"POST /transactions/batch HTTP/1.1\r\nHost: localhost\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    with ExitStack() as opened:
        for _ in range(MAX_BATCHES):
            batch = opened.enter_context(socket.create_connection(("127.0.0.1", on.server.port)))
            batch.sendall(head + b"%x\r\n%b\r\n" % (len(line), line))
        until(lambda: value(on.read(), "authorizer_batches_under_way") == MAX_BATCHES)
        assert on.client.post("/transactions/batch", purchase("a", "1.00")).status == 503
        until(lambda: value(on.read(), "authorizer_batch_lines"))
        on.seen = on.read()


@moves("authorizer_people", "authorizer_sessions")
def _(on: House) -> None:
    """Somebody comes, and logs in."""
    desk_of(on.server)


@moves(
    "authorizer_backup_taken_timestamp_seconds",
    "authorizer_backup_position",
    "authorizer_backup_verified_timestamp_seconds",
)
def _(on: House) -> None:
    """A backup is taken and verified beside the server."""
    place = on.server.data.with_name("backup-place")
    data = ("--data", on.server.data)
    done("backup", "--to", place, "--without-keys", *data)
    done("verify", "--backup", place, "--without-keys", *data)
    name = "authorizer_backup_verified_timestamp_seconds"
    until(lambda: value(on.read(), name))


# --- who is let in -------------------------------------------------------------------------------


@moves("authorizer_api_keys", "authorizer_requests_denied")
def _(on: House) -> None:
    """The last one: from now on everybody needs a key."""
    on.key = new_key(on.server.data, "auditor")
    assert Client(on.server.port, documented=False).get("/metrics").status == 401
