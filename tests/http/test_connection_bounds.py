"""What one connection can make the server do, hold or wait for."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from authorizer.http.connection import protocol
from authorizer.http.connection.protocol import Protocol
from authorizer.http.connection.unread import LEAST_READ_BYTES, UNREAD_SECONDS, Unread
from tests.http.test_protocol import CHUNKED, KEEP_ALIVE_S, OTHER, post, run, site
from tests.support.wire import Wire

SHORT = b"GET / HTTP/1.1\r\n\r\n"
MOST_WAITING = protocol.MAX_WAITING + protocol.PIECE_BYTES // len(SHORT) + 1


@pytest.mark.parametrize("request_bytes", [SHORT, OTHER, post(), CHUNKED])
def test_requests_that_wait_for_their_turn_are_a_few_dozen(request_bytes: bytes) -> None:
    """However many came in one packet; nothing is read until all of them have been parsed."""

    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.send(request_bytes * 500)
        most = 0
        while wire.transport.written.count(b" 200 OK") < 500:
            most = max(most, len(wire.protocol.pipeline))
            assert not (wire.transport.reading and (wire.protocol._held or wire.protocol.pipeline))
            await asyncio.sleep(0)
            here.house.commit()
        assert protocol.MAX_WAITING <= most <= MOST_WAITING
        assert wire.transport.reading

    run(story)


CHUNKS = CHUNKED.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + b"1\r\nx\r\n" * 30_000
HEADERS = b"GET /other HTTP/1.1\r\n" + b"a:b\r\n" * 12_000


@pytest.mark.parametrize("packet", [SHORT * 14_000, CHUNKS, HEADERS, CHUNKED[:-5] + CHUNKS])
def test_parsing_gives_others_their_turn(packet: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock on which every look at it takes a tenth of a turn: so a turn is ten pieces."""
    ticks = itertools.count()
    fed: list[int] = []
    feed = HttpToolsProtocol.data_received

    def counting(self: Protocol, piece: bytes) -> None:
        fed[-1] += len(piece)
        feed(self, piece)

    async def story() -> None:
        wire = (await site()).connect()
        monkeypatch.setattr(time, "monotonic_ns", lambda: next(ticks) * protocol.TURN_NS // 10)
        monkeypatch.setattr(HttpToolsProtocol, "data_received", counting)
        fed.append(0)
        wire.send(packet)
        while sum(fed) < len(packet) and not wire.transport.closing:
            fed.append(0)
            await asyncio.sleep(0)
            if not wire.protocol._turn_due:
                await wire.answers()
            if len(fed) > 5000:
                raise AssertionError("it never comes to an end")

    run(story)
    assert 0 < max(fed) <= 24 * protocol.PIECE_BYTES
    assert protocol.TURN_NS <= 1_000_000


@pytest.mark.parametrize("line", [b"x" * 100_000, b"x: y\r\n" * 20_000])
@pytest.mark.parametrize("packets", [1, 2, 100])
def test_a_head_that_is_too_long_is_refused_however_it_comes(line: bytes, packets: int) -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        head = b"POST /transactions HTTP/1.1\r\nContent-Length: 0\r\nX: " + line + b"\r\n\r\n"
        size = len(head) // packets + 1
        wire.send(*(head[at : at + size] for at in range(0, len(head), size)))
        assert (await turns(wire)).startswith(b"HTTP/1.1 431 ")
        assert wire.transport.closing

    run(story)


@pytest.mark.parametrize("packets", [1, 2, 100])
def test_a_head_of_64_kib_is_read(packets: int) -> None:
    async def story() -> None:
        wire = (await site()).connect()
        head = OTHER[:-2] + b"X: "
        head += b"x" * (protocol.MAX_HEAD_BYTES - len(head) - 4) + b"\r\n\r\n"
        stream = post() + head + head
        size = len(stream) // packets + 1
        wire.send(*(stream[at : at + size] for at in range(0, len(stream), size)))
        assert (await turns(wire)).count(b" 200 OK") == 3

    run(story)


async def turns(wire: Wire) -> bytes:
    """All that is answered when everything that came in has been parsed."""
    answered = await wire.answers()
    while wire.protocol._held and not wire.transport.closing:
        answered = await wire.answers()
    return await wire.answers() or answered


@pytest.mark.parametrize("path", [b"/transactions", b"/other"])
@pytest.mark.parametrize("head", [b"Transfer-Encoding: chunked", b"Content-Length: 50000000"])
def test_a_body_that_came_too_late_for_its_answer_is_not_read_to_its_end(
    path: bytes, head: bytes
) -> None:
    async def story() -> None:
        wire = (await site()).connect()
        part = b" " * 10_000
        if head.startswith(b"Transfer"):
            part = b"%x\r\n%s\r\n" % (len(part), part)
        wire.send(
            b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n" + part * 7
        )
        assert (await turns(wire)).count(b"HTTP/1.1 200 OK") == 1
        sent = 0
        while not wire.transport.closing:
            wire.send(part)
            await turns(wire)
            sent += len(part)
            assert sent < 2 * protocol.MAX_DISCARDED_BYTES
        assert sent > protocol.MAX_DISCARDED_BYTES / 2

    run(story)


def test_what_is_left_of_a_body_is_waited_for_as_long_as_for_a_request() -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(post(path=b"/other").replace(b": 67", b": 50000") + b"x" * 100)
        assert (await turns(wire)).count(b"HTTP/1.1 200 OK") == 1
        for _ in range(3):
            wire.loop.wait(KEEP_ALIVE_S - 1)
            wire.send(b"x")
        assert not wire.transport.closing
        wire.loop.wait(KEEP_ALIVE_S + 1)
        assert wire.transport.closing

    run(story)


# --- answers that nobody reads -------------------------------------------------------------------


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(post())
        await wire.answers()
        wire.transport.bytes_unread = 10 * LEAST_READ_BYTES
        wire.protocol.pause_writing()
        wire.loop.wait(UNREAD_SECONDS - 1)
        assert not wire.transport.aborted
        wire.loop.wait(2)
        assert wire.transport.aborted
        assert len(wire.protocol.shared.unread) == 0

    run(story)


def test_a_client_that_reads_slowly_is_given_its_time() -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.transport.bytes_unread = 10 * LEAST_READ_BYTES
        wire.protocol.pause_writing()
        for _ in range(2):
            wire.transport.bytes_unread -= LEAST_READ_BYTES
            wire.loop.wait(UNREAD_SECONDS)
        assert not wire.transport.aborted
        wire.transport.bytes_unread = 0
        wire.protocol.resume_writing()
        assert len(wire.protocol.shared.unread) == 0
        assert wire.protocol.shared.unread.bytes_left == 0

    run(story)


@pytest.mark.parametrize(
    "last", [post(b"", b"Connection: close"), OTHER[:-2] + b"Connection: close\r\n\r\n", b"x\r\n"]
)
def test_a_closed_connection_whose_last_answer_nobody_reads_ends(last: bytes) -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.transport.bytes_unread = 100
        wire.send(last)
        await wire.answers()
        assert wire.transport.closing
        wire.transport.bytes_unread = 100
        wire.transport.aborted = False
        wire.protocol.shared.unread.watch(wire.transport, wire.loop)
        wire.loop.wait(UNREAD_SECONDS + 1)
        assert wire.transport.aborted

    run(story)


class Slow:
    """A connection whose client has not read so many bytes."""

    def __init__(self, bytes_left: int) -> None:
        self.bytes_left = bytes_left
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.bytes_left

    def abort(self) -> None:
        self.aborted = True


class NoTimers:
    def call_later(self, *_: Any) -> NoTimers:
        return self

    def cancel(self) -> None:
        pass


def test_what_all_leave_unread_is_bounded_and_the_oldest_goes_first() -> None:
    unread_bytes = Unread(max_bytes=100)
    first, second, third = Slow(60), Slow(30), Slow(30)
    for one in (first, second):
        unread_bytes.watch(one, NoTimers())
    assert not first.aborted
    unread_bytes.watch(third, NoTimers())
    assert (first.aborted, second.aborted, third.aborted) == (True, False, False)
    assert (unread_bytes.bytes_left, len(unread_bytes)) == (60, 2)


def test_one_answer_may_be_larger_than_all_may_leave_unread() -> None:
    """Who reads a large export alone is not cut off for its size."""
    one = Slow(1000)
    Unread(max_bytes=100).watch(one, NoTimers())
    assert not one.aborted
