"""path: where the processor time of a purchase goes, stage by stage.

One process without socket, disk and second thread: 64 connections of the server's own protocol get
a purchase each, their actors decide, a journal in memory takes the batch, the answers are written.
Each of the four is timed on its own, by the processor time of the thread; what the first two
consist of is told by functions of theirs that change nothing, called again on the same purchases.
A figure is the median over the batches. So other work on the machine does little to it, and what
the system does for a request (sockets, the disk) is not in it.

The functions that were called are counted too: of Python, and of C.
"""

import asyncio
import gc
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Any, Final

import uvloop
from uvicorn.server import ServerState

from authorizer.actors.clock import Clock
from authorizer.domain.access import ApiKey, Role
from authorizer.domain.accounts.commands import Authorize, OpenAccount
from authorizer.domain.accounts.purchases import authorize
from authorizer.http.access.control import Access
from authorizer.http.access.credentials import Credential, new_credential
from authorizer.http.connection.connections import Connections
from authorizer.http.connection.plain_heads import END_OF_HEAD
from authorizer.http.connection.protocol import Protocol
from authorizer.http.connection.request_id import RequestIds
from authorizer.http.transaction_body import parse
from authorizer.http.transactions import Receive, Scope, Send, Transactions
from authorizer.persistence.journal.memory_journal import MemoryJournal
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.recovery import recover
from authorizer.runtime.running import Running, run
from authorizer.server.uvicorn_server import uvicorn_config
from authorizer.settings.model import Settings
from authorizer.simulation.world import Simulation, inline
from benchmarks.report import Figure
from benchmarks.wrk import CONNECTIONS, FIRST_ACCOUNT, OPENING_CENTS

NAME: Final = "path"
ACCOUNTS: Final = 1000
PATIENCE_MS: Final = 60_000
"""The deadline: a machine that does other things may stop this process for long."""
WARM_BATCHES: Final = 50
COUNTED_BATCHES: Final = 20
APPROVED: Final = b'{"code":"00"}'
BODY: Final = (
    b'{%s"account":"%010d","totalAmount":0.01,"mcc":"5811",'
    b'"merchant":"PADARIA DO ZE               SAO PAULO BR"}'
)
KINDS: Final = {
    "plain": (),
    "with an id": ("id",),
    "with a key, an id and a new X-Request-Id": ("key", "id", "X-Request-Id"),
    "with a new X-Request-Id": ("X-Request-Id",),
    "with a new traceparent": ("traceparent",),
    "with a new Idempotency-Key": ("Idempotency-Key",),
}
"""Purchases, by what they have beside what they must have."""


class WrongPathError(Exception):
    """A purchase was not approved, or did not go the way that is measured."""


def measure(*, batches: int) -> list[Figure]:
    """Measure every kind of purchase, ``batches`` times 64 of each."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(batches))


async def _measure(batches: int) -> list[Figure]:
    simulation = Simulation()
    world = replace(
        simulation.make_world(lambda _: MemoryJournal(), inline),
        wall_ns=time.time_ns,
        monotonic_ns=time.monotonic_ns,
        seconds=time.perf_counter,
    )
    figures: list[Figure] = []
    settings: dict[str, Any] = {"deadline_ms": PATIENCE_MS}
    async with run(Settings(**settings), world, recover(simulation.disk)) as running:
        drive = Drive(running, simulation)
        await drive.open_accounts()
        for kind, more in KINDS.items():
            drive.connect(with_key="key" in more)
            for _ in range(WARM_BATCHES):
                await drive.batch(more)
            with still_collector():
                times = [await drive.batch(more) for _ in range(batches)]
            calls = await drive.count_calls(more)
            figures += told(kind, times)
            figures += (Figure(NAME, f"{kind}: calls of {what}", n, "") for what, n in calls)
    return figures


class Drive:
    """An authorizer at work, and 64 connections to it."""

    def __init__(self, running: Running, simulation: Simulation) -> None:
        self._running = running
        self._simulation = simulation
        self._random = random.Random(1)
        self._numbers = iter(range(sys.maxsize))
        self._credential = new_credential()
        self.connections: list[tuple[Protocol, Sink]] = []

    async def open_accounts(self) -> None:
        """Open the accounts that purchases are made on."""
        ask = self._running.actors.dispatcher.ask
        names = map(str, range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS))
        opened = [
            asyncio.ensure_future(ask(OpenAccount(name, OPENING_CENTS, None, "me")))
            for name in names
        ]
        while not all(each.done() for each in opened):
            await asyncio.sleep(0)
            self._write_journal()

    def connect(self, *, with_key: bool) -> None:
        """Open the connections anew, to an application that asks for a key, or does not."""
        clock, loop = self._running.clock, asyncio.get_running_loop()
        access = _with_key(self._credential, clock) if with_key else Access(now_us=clock.now_us)
        ids = RequestIds(self._simulation.random.randbytes)
        self.app = Transactions(_no_other, self._running.purchases, access, clock, ids)
        state, shared = ServerState(), Connections(CONNECTIONS)
        state.default_headers = [(b"date", b"Sun, 29 Nov 2026 06:00:00 GMT")]
        config = uvicorn_config(self.app, lambda **more: Protocol(shared, **more))
        config.load()
        self.connections = []
        for _ in range(CONNECTIONS):
            protocol = Protocol(shared, config=config, server_state=state, app_state={}, _loop=loop)
            protocol.connection_made(sink := Sink())
            self.connections.append((protocol, sink))

    def request(self, more: Sequence[str]) -> bytes:
        """A purchase of one centavo."""
        number = next(self._numbers)
        account = FIRST_ACCOUNT + self._random.randrange(ACCOUNTS)
        body = BODY % (b'"id":"t-%010d",' % number if "id" in more else b"", account)
        lines = [b"POST /transactions HTTP/1.1", b"Host: localhost:8080"]
        lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
        if "key" in more:
            lines.append(b"Authorization: Bearer %s" % str(self._credential).encode())
        if "traceparent" in more:
            lines.append(b"traceparent: 00-%032x-%016x-01" % (number, number))
        for name in {"X-Request-Id", "Idempotency-Key"}.intersection(more):
            lines.append(b"%s: r-%010d" % (name.encode(), number))
        return b"\r\n".join(lines) + END_OF_HEAD + body

    async def batch(self, more: Sequence[str]) -> dict[str, int]:
        """A purchase on each connection: nanoseconds of processor time of each stage.

        Raises:
            WrongPathError: one was not approved at once.
        """
        requests = [self.request(more) for _ in self.connections]
        spent = dict(self._parts(requests))
        began_ns = time.thread_time_ns()
        for (protocol, _), request in zip(self.connections, requests, strict=True):
            protocol.data_received(request)
        read_ns = time.thread_time_ns()
        await asyncio.sleep(0)
        decided_ns = time.thread_time_ns()
        self._write_journal()
        written_ns = time.thread_time_ns()
        await asyncio.sleep(0)
        spent["read"], spent["decide"] = read_ns - began_ns, decided_ns - read_ns
        spent["journal"] = written_ns - decided_ns
        spent["answer"] = time.thread_time_ns() - written_ns
        for _, sink in self.connections:
            if not b"".join(sink.written).endswith(APPROVED):
                raise WrongPathError(f"answered {sink.written}")
            sink.written.clear()
        return spent

    def _parts(self, requests: Sequence[bytes]) -> Iterator[tuple[str, int]]:
        """What functions take that change nothing, on the purchases that are about to be made."""
        running, heads = self._running, self.app.plain_heads
        split = [request.partition(END_OF_HEAD)[::2] for request in requests]
        found: list[Any] = []
        yield "head", _timed(lambda: found.extend([heads.find(*each) for each in split]))
        given = [
            (body, head.idempotency_keys) for (_, body), head in zip(split, found, strict=True)
        ]
        now_ns, now_us = time.monotonic_ns(), running.clock.now_us()
        commands: list[Any] = []
        yield (
            "body",
            _timed(
                lambda: commands.extend([parse(body, "me", keys, now_ns) for body, keys in given])
            ),
        )
        states = [_account(running, command) for command in commands]
        context, events = running.around.context, []
        both = list(zip(states, commands, strict=True))
        yield (
            "rules",
            _timed(
                lambda: events.extend([authorize(*each, context, now_us, 0)[1] for each in both])
            ),
        )
        yield "event as bytes", _timed(lambda: [encode(event) for event in events if event])

    async def count_calls(self, more: Sequence[str]) -> list[tuple[str, float]]:
        """How many functions are called for a purchase: of Python, and of C."""
        seen: Counter[str] = Counter()

        def called(frame: Any, event: str, _: Any) -> None:
            if frame.f_globals is not globals():  # what this benchmark calls itself
                seen[event] += 1

        for _ in range(COUNTED_BATCHES):
            requests = [self.request(more) for _ in self.connections]
            sys.setprofile(called)
            try:
                for (protocol, _), request in zip(self.connections, requests, strict=True):
                    protocol.data_received(request)
                await asyncio.sleep(0)
                self._write_journal()
                await asyncio.sleep(0)
            finally:
                sys.setprofile(None)
            for _, sink in self.connections:
                sink.written.clear()
        purchases = COUNTED_BATCHES * CONNECTIONS
        return [("Python", seen["call"] / purchases), ("C", seen["c_call"] / purchases)]

    def _write_journal(self) -> None:
        assert self._simulation.writer is not None
        self._simulation.writer.step()


class Sink:
    """What a connection writes to."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.write = self.written.append

    def is_closing(self) -> bool:
        """Whether it ends: never."""
        return False

    def get_write_buffer_size(self) -> int:
        """What the client has not read: nothing."""
        return 0

    def get_extra_info(self, _: str) -> None:
        """Nothing is known of it."""

    def resume_reading(self) -> None:
        """Nothing was paused."""


def told(kind: str, batches: Sequence[dict[str, int]]) -> Iterator[Figure]:
    """The medians in microseconds a purchase: of what was timed, and of what is left of it."""
    us = {
        stage: median(batch[stage] for batch in batches) / CONNECTIONS / 1000
        for stage in batches[0]
    }
    whole = sum(us[stage] for stage in ("read", "decide", "journal", "answer"))
    us["admission, dispatch, inbox"] = us.pop("read") - us["head"] - us["body"]
    us["mailbox, state, append"] = us.pop("decide") - us["rules"] - us["event as bytes"]
    yield Figure(NAME, f"{kind}: all", whole, "us")
    for stage in (
        "head", "body", "admission, dispatch, inbox", "rules", "event as bytes",
        "mailbox, state, append", "journal", "answer",
    ):  # fmt: skip
        yield Figure(NAME, f"{kind}: {stage}", us[stage], "us")


@contextmanager
def still_collector() -> Iterator[None]:
    """No collection of garbage meanwhile: it would fall on one stage or another."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _timed(function: Callable[[], object]) -> int:
    began_ns = time.thread_time_ns()
    function()
    return time.thread_time_ns() - began_ns


def _account(running: Running, command: Authorize) -> Any:
    actor = running.actors.dispatcher.accounts.find(command.account_id)
    assert actor is not None
    return actor.state


def _with_key(credential: Credential, clock: Clock) -> Access:
    key = ApiKey(credential.key_id, Role.TERMINAL, "", credential.digest, 0, None, None)
    return Access([key], clock.now_us)


async def _no_other(scope: Scope, _: Receive, __: Send) -> None:
    raise WrongPathError(f"{scope['path']} went over ASGI")
