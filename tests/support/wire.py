"""One connection to the application, without a socket: bytes in, bytes out, step by step.

Nothing is durable before the test says so (`House.commit`), and the keep-alive timer goes off when
the test says so.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, cast

from starlette.applications import Starlette
from uvicorn.server import ServerState

from authorizer.actors.admission import Admission
from authorizer.actors.purchases import InFlight, Purchases
from authorizer.domain.access import ApiKey
from authorizer.http.access.control import Access
from authorizer.http.api.endpoints import Endpoint, router_routes
from authorizer.http.api.problems import EXCEPTION_HANDLERS
from authorizer.http.app import Traced
from authorizer.http.connection.connections import Connections
from authorizer.http.connection.exchange import Exchange
from authorizer.http.connection.plain_heads import PlainHead
from authorizer.http.connection.protocol import Protocol
from authorizer.http.connection.request_id import RequestIds
from authorizer.http.direct_operations import DirectOperations
from authorizer.http.metrics import Metrics
from authorizer.http.transactions import (
    App,
    PurchaseExchange,
    Receive,
    Scope,
    Send,
    Transactions,
)
from authorizer.server.uvicorn_server import uvicorn_config
from tests.support.house import House

OURS = re.compile(rb"(?<=x-request-id: )[0-9a-f]{12}-[0-9a-f]+")
"""A request id that the server made up."""


async def other(scope: Scope, receive: Receive, send: Send) -> None:
    """Everything but transactions: says the path, after some steps of the loop."""
    await receive()
    for _ in range(5):
        await asyncio.sleep(0)
    body = scope["path"].encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Counting(Transactions):
    """Counts the requests that came straight from the connection."""

    direct = 0

    def answer(
        self, exchange: PurchaseExchange, head: PlainHead, body: bytes, read_ns: int
    ) -> None:
        """Count it, and answer."""
        self.direct += 1
        super().answer(exchange, head, body, read_ns)

    def find_other(self, head: bytes, body: bytes) -> Callable[[Exchange, int], None] | None:
        """Count what is found."""
        found = super().find_other(head, body)
        self.direct += found is not None
        return found


class Transport:
    """What a protocol writes to."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self.written = b""
        self.closing = False
        self.aborted = False
        self.reading = True
        self.bytes_unread = 0
        """What the client has not read."""
        self.socket: socket.socket | None = None

    def write(self, data: bytes) -> None:
        """Keep it; what comes after the end goes nowhere."""
        if not self.closing:
            self.written += data

    def close(self) -> None:
        """Close, as a transport does: in a later step the protocol is told."""
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Close without waiting for the client."""
        self.bytes_unread = 0
        self.aborted = True
        self.close()

    def get_write_buffer_size(self) -> int:
        """What the test says."""
        return self.bytes_unread

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closing

    def pause_reading(self) -> None:
        """Note it."""
        self.reading = False

    def resume_reading(self) -> None:
        """Note it."""
        self.reading = True

    def get_extra_info(self, name: str) -> Any:
        """Nothing is known of it but the socket, where the test has one."""
        return self.socket if name == "socket" else None


class Loop:
    """The running loop, but for its time and its timers."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        """The time that the test has set, in seconds."""
        return self.now_s

    def call_soon(self, callback: Callable[[], None]) -> asyncio.Handle:
        """Call it in the next step of the running loop."""
        return asyncio.get_running_loop().call_soon(callback)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Keep a timer, which goes off in `wait`."""
        timer = (self.now_s + delay_s, callback)
        self.timers.append(timer)
        return cast(asyncio.TimerHandle, _Timer(self.timers, timer))

    def create_task(self, task: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a task on the running loop."""
        return asyncio.get_running_loop().create_task(task)

    def wait(self, seconds: float) -> None:
        """Let time pass, and the timers that are due go off."""
        self.now_s += seconds
        for timer in [timer for timer in self.timers if timer[0] <= self.now_s]:
            if timer in self.timers:  # another may have cancelled it
                self.timers.remove(timer)
                timer[1]()


class _Timer:
    def __init__(self, timers: list[Any], timer: Any) -> None:
        self._timers, self._timer = timers, timer

    def cancel(self) -> None:
        if self._timer in self._timers:
            self._timers.remove(self._timer)


class Site:
    """An application over a house, and connections to it. With `asgi` nothing goes straight."""

    def __init__(
        self,
        house: House,
        *,
        asgi: bool = False,
        max_in_flight: int = 1000,
        deadline_ns: int = 80_000_000,
        keys: tuple[ApiKey, ...] = (),
        endpoints: Sequence[Endpoint] = (),
    ) -> None:
        """`endpoints`: what it has besides transactions, where that is not `other`."""
        self.house = house
        self.admission = Admission(deadline_ns, lambda: 0)
        self.in_flight = InFlight(max_in_flight)
        self.bugs: list[BaseException] = []
        self.purchases = Purchases(
            house.dispatcher,
            self.admission,
            self.in_flight,
            house.clock,
            asyncio.get_running_loop().call_soon,
            self.bugs.append,
        )
        self.metrics = Metrics(self.purchases.counts)
        access = Access(keys, open_without_keys=not keys)
        ids = RequestIds(secrets.token_bytes)
        operations = DirectOperations(endpoints, house.dispatcher, access, self.purchases, ids)
        self.transactions = Counting(
            _router(endpoints, access, ids) if endpoints else other,
            self.purchases,
            access,
            house.clock,
            ids,
            operations,
        )
        app: App = self.transactions
        if asgi:

            async def app(scope: Scope, receive: Receive, send: Send) -> None:
                await self.transactions(scope, receive, send)

        self.shared = Connections(1000)
        self._config = uvicorn_config(app, partial(Protocol, self.shared))
        self.state = ServerState()

    def connect(self) -> Wire:
        """A new connection."""
        return Wire(self, Protocol(self.shared, self._config, self.state, {}, cast(Any, Loop())))


def _router(endpoints: Sequence[Endpoint], access: Access, ids: RequestIds) -> App:
    return Traced(
        Starlette(routes=router_routes(endpoints, access), exception_handlers=EXCEPTION_HANDLERS),
        ids,
    )


class Wire:
    """One connection, from the client's side."""

    def __init__(self, site: Site, protocol: Protocol) -> None:
        self._house = site.house
        self.protocol = protocol
        self.transport = Transport(protocol)
        self.loop = cast(Loop, protocol.loop)
        protocol.connection_made(self.transport)

    def send(self, *packets: bytes) -> None:
        """Send some packets, as far as the server reads."""
        for packet in packets:
            if not self.transport.closing:
                self.protocol.data_received(packet)

    async def answers(self) -> bytes:
        """All that is answered once everything is durable; ids that the server made up left out."""
        await self._house.settle()
        while self._house.commit():
            await self._house.settle()
        return OURS.sub(b"ours", self.transport.written)

    async def leave(self) -> None:
        """Close the connection from the client's side."""
        self.transport.closing = True
        self.protocol.connection_lost(None)
        await self._house.settle()
