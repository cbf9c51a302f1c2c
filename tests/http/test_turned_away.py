"""Purchases that can't be answered in time are declined over a connection; and what it knows."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from typing import Any

import pytest
import uvloop

from authorizer.http.connection.sockets import unread_ns
from tests.http.test_protocol import post, run, site


def test_the_system_knows_how_long_a_request_was_not_read() -> None:
    """Even where the connection was not accepted, and the whole process stood still."""
    ages: list[int] = []
    read = asyncio.Event()

    class Reader(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, _: bytes) -> None:
            ages.append(unread_ns(self.transport))
            read.set()

    async def story() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Reader, "127.0.0.1", 0)
        client = socket.create_connection(server.sockets[0].getsockname())
        client.sendall(b"x")
        sent_ns = time.monotonic_ns()
        while time.monotonic_ns() - sent_ns < 100_000_000:
            pass  # nobody reads meanwhile
        await read.wait()
        assert 80_000_000 <= ages[0] <= time.monotonic_ns() - sent_ns + 20_000_000
        client.close()
        server.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())


def test_a_transport_without_a_socket_says_nothing() -> None:
    class Transport:
        def get_extra_info(self, _: str) -> None:
            return None

    assert unread_ns(Transport()) == 0


# --- over a connection ---------------------------------------------------------------------------


@pytest.mark.parametrize("asgi", [False, True])
def test_what_cannot_be_answered_in_time_is_overloaded_and_moves_nothing(
    asgi: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        here = await site(asgi=asgi)
        monkeypatch.setattr(time, "monotonic_ns", lambda: here.house.monotonic_ns)
        here.admission.each_ns = 1e9
        first, second = here.connect(), here.connect()
        first.send(post())
        await here.house.settle()
        second.send(post())
        await here.house.settle()
        assert b"authorizer-reason: overloaded" in second.transport.written, "at once, not behind"
        assert second.transport.written.endswith(b'{"code":"07"}')
        assert re.search(rb"\r\nx-request-id: \S+\r\n", second.transport.written)
        assert b"authorizer-reason: approved" in await first.answers()
        assert await here.house.cash("a") == 99_00
        second.send(post())
        assert b"authorizer-reason: approved" in await second.answers(), "one alone is taken"
        assert here.admission.under_way == 0
        assert here.in_flight.count == 0
        text = here.metrics.text().decode()
        assert 'authorizer_decisions_total{code="07",reason="overloaded"' in text

    run(story)


def test_a_client_that_left_before_its_decline_disturbs_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        here = await site()
        monkeypatch.setattr(time, "monotonic_ns", lambda: here.house.monotonic_ns)
        here.admission.each_ns = 1e9
        first, left, stays = here.connect(), here.connect(), here.connect()
        first.send(post())
        left.send(post())
        stays.send(post())
        left.protocol.connection_lost(None)
        await here.house.settle()
        assert left.transport.written == b""
        assert b"overloaded" in stays.transport.written
        await first.answers()
        assert here.in_flight.count == 0

    run(story)


@pytest.mark.parametrize("body", [b"{", b'{"account":"nobody"}', b'{"id":"\\ud800"}'])
def test_whatever_is_answered_without_an_account_is_not_under_way_any_more(body: bytes) -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.send(post(body))
        await wire.answers()
        assert here.admission.under_way == 0

    run(story)
