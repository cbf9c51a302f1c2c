"""The application on a real socket, in this process: uvloop, our protocol, all the endpoints."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from unittest.mock import MagicMock

from uvicorn.server import ServerState

from authorizer.actors.admission import Admission
from authorizer.actors.purchases import InFlight, Purchases
from authorizer.followers.reports.client import NoReports
from authorizer.http.access.control import Access
from authorizer.http.app import make_app
from authorizer.http.connection.connections import Connections
from authorizer.http.connection.protocol import Protocol
from authorizer.http.connection.request_id import RequestIds
from authorizer.http.metrics import Metrics
from authorizer.server.uvicorn_server import uvicorn_config
from tests.support.house import House


class LiveSite:
    """A server on loopback whose connections are on the loop that the test runs on."""

    def __init__(self, house: House, port: int, state: ServerState) -> None:
        self.house = house
        self.port = port
        self.state = state
        self.commits = True
        """Whether what is appended becomes durable, and so is answered."""

    def connect(self) -> socket.socket:
        """A new connection, which never blocks."""
        client = socket.create_connection(("127.0.0.1", self.port))
        client.setblocking(False)
        return client

    async def turns(self, count: int) -> None:
        """Let the loop turn."""
        for _ in range(count):
            await asyncio.sleep(0)
            if self.commits:
                self.house.commit()

    async def received(self, client: socket.socket, ending: bytes) -> bytes:
        """What comes until it ends so, or the connection does."""
        came = b""
        while not came.endswith(ending):
            await self.turns(1)
            try:
                more = client.recv(1 << 16)
            except BlockingIOError:
                continue
            if not more:
                return came
            came += more
        return came

    async def all_gone(self) -> None:
        """Wait until no connection is left."""
        while self.state.connections or self.state.tasks:
            await self.turns(1)


def no_bug(bug: BaseException) -> None:
    """No purchase meets a bug."""
    raise bug


@asynccontextmanager
async def live_site() -> AsyncIterator[LiveSite]:
    """A server with the account `a` in it."""
    house = House()
    await house.open("a")
    services = MagicMock()  # what is not said here nobody asks for
    loop = asyncio.get_running_loop()
    services.purchases = Purchases(
        house.dispatcher,
        Admission(80_000_000, lambda: 0),
        InFlight(20_000),
        house.clock,
        loop.call_soon,
        no_bug,
    )
    services.actors, services.clock = house.actors, house.clock
    services.metrics = Metrics(services.purchases.counts)
    services.access = Access((), open_without_keys=True)
    services.request_ids = RequestIds(secrets.token_bytes)
    services.health = lambda: (True, {})
    services.reports = NoReports()
    app = make_app(services)
    shared = Connections(1000)
    config, state = uvicorn_config(app, partial(Protocol, shared)), ServerState()
    server = await loop.create_server(lambda: Protocol(shared, config, state, {}), "127.0.0.1", 0)
    try:
        yield LiveSite(house, server.sockets[0].getsockname()[1], state)
    finally:
        server.close()
