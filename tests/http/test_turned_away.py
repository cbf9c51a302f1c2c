"""Declines go at once, unless purchases that were taken need the time."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
import uvloop

from authorizer.actors.admission import Admission
from authorizer.actors.run_queue import MAX_STEP
from authorizer.http.connection.arrivals import Arrivals
from authorizer.http.connection.sockets import unread_ns
from authorizer.http.connection.turned_away import MOST_TURNS, TurnedAway
from tests.http.test_protocol import post, run, site

DEADLINE_NS = 80


class Hall:
    """Declines that wait, and the hands of the test on the loop and the clock."""

    def __init__(self) -> None:
        self.steps: list[Callable[[], None]] = []
        self.answered: list[int] = []
        self.busy = True
        self.now_ns = 0
        self.admission = Admission(DEADLINE_NS, lambda: 0)
        self.turned_away = TurnedAway(
            lambda waiting, _: self.answered.append(waiting[2]),
            self.steps.append,
            lambda: self.busy,
            self.admission,
            lambda: self.now_ns,
        )

    def add(self, count: int) -> None:
        for _ in range(count):
            self.turned_away.add((cast(Any, None), b"", self.now_ns))

    def step(self) -> int:
        """One step of the loop; how many it answered."""
        before = len(self.answered)
        steps, self.steps[:] = list(self.steps), []
        assert len(steps) <= 1, "one step at a time is asked for"
        for make in steps:
            make()
        return len(self.answered) - before


def test_a_loop_that_has_nothing_else_to_do_declines_at_once() -> None:
    hall = Hall()
    hall.busy = False
    hall.add(MAX_STEP * 2)
    assert hall.step() == MAX_STEP * 2
    assert (hall.step(), len(hall.turned_away)) == (0, 0)


def test_beside_purchases_there_are_as_many_declines_a_step_in_the_order_they_came() -> None:
    hall = Hall()
    for hall.now_ns in range(3):
        hall.add(MAX_STEP)
    assert [hall.step() for _ in range(4)] == [MAX_STEP, MAX_STEP, MAX_STEP, 0]
    assert hall.answered == sorted(hall.answered)


@pytest.mark.parametrize(("waited_ns", "turns"), [(0, 1), (160, 1), (320, 2), (10**9, MOST_TURNS)])
def test_declines_that_waited_for_long_take_more_turns(waited_ns: int, turns: float) -> None:
    """And the admission knows that purchases wait for them."""
    hall = Hall()
    hall.add(MAX_STEP * 9)
    hall.now_ns += waited_ns
    assert hall.step() == turns * MAX_STEP
    assert hall.admission.declines_between == turns


# --- since when ----------------------------------------------------------------------------------


def test_what_is_read_may_have_waited_since_the_round_before_began() -> None:
    steps: list[Callable[[], None]] = []
    rounds: list[None] = []
    arrivals = Arrivals(steps.append, lambda: rounds.append(None))
    assert arrivals.age_ns(1000) == 1000
    assert arrivals.age_ns(1200) == 1200, "in one round nothing is known of the other requests"
    assert (len(steps), len(rounds)) == (1, 1)
    steps.pop()()
    assert arrivals.age_ns(1300) == 300
    steps.pop()()
    assert arrivals.age_ns(1350) == 50


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
        assert here.transactions._in_flight == 0
        text = here.metrics.text().decode()
        assert 'authorizer_decisions_total{code="07",reason="overloaded"' in text

    run(story)


def test_a_client_that_left_before_its_decline_disturbs_nobody() -> None:
    async def story() -> None:
        here = await site()
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
        assert here.transactions._in_flight == 0

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
