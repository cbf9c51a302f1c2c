"""Nothing of a connection that is gone stays, however it was used and however it ended.

The collector of the server looks at young objects only, and what it saw in use it never looks at
again (`calm_the_collector`). So nothing may be left for it: whatever belongs to a connection must
go when nobody refers to it any more.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
import uvloop

from authorizer.http.connection.protocol import Protocol
from tests.http.test_protocol import BODY, CHUNKED, LAST, OTHER, PLAIN, UNUSUAL, WRONG, post
from tests.support.site import LiveSite, live_site

DEADLINE_S = 60
GET = b"GET /accounts/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
DOCS = b"GET /docs/assets/swagger_bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"


def put(path: bytes, body: bytes) -> bytes:
    return post(body, path=path).replace(b"POST", b"PUT")


ODD = {
    "nothing": b"",
    "line ends": b"\r\n\r\n",
    "half a head": post()[:20],
    "half a body": post()[:-1],
    "half a body of another": put(b"/accounts/b", BODY)[:-1],
    "half a chunk": CHUNKED[:-10],
    "half a trailer": CHUNKED[:-2] + b"X: y",
    "queued": post() * 6000,
    "others queued": GET * 6000,
    "lists queued": OTHER * 100 + post() + CHUNKED,
    "half a request behind others": GET + post() + post()[:-1],
    "a head too long": b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000,
    "a body too long": put(b"/accounts/b", b" " * 100_000),
    "a purchase too long": post(b" " * 100_000),
    "an endless body": CHUNKED[:90].replace(b"44\r\n", b"40000\r\n") + b" " * 200_000,
    "a tunnel": b"CONNECT h:1 HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"x" * 3000,
    "another method": b"DELETE /accounts/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "not found": b"GET /accounts/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "not JSON": put(b"/accounts/b", b"{"),
    "not valid": put(b"/accounts/b", b"{}"),
    "an account": put(b"/accounts/b", b'{"balances":{}}'),
    "no reports": b"GET /chamados HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "pages": DOCS * 20,
    "metrics": b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an address that is none": b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    **{f"any {n}": one for n, one in enumerate(PLAIN + UNUSUAL + LAST + WRONG)},
}


@pytest.fixture(scope="module", autouse=True)
def small_heap() -> Iterator[None]:
    """Have the collector look at what these tests make, and not at what others left.

    It is asked twice a test, and took a fifth of the time of all tests.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def leave(client: socket.socket) -> None:
    """Close in good order."""
    client.close()


def reset(client: socket.socket) -> None:
    """Close without a word."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def run(story: Callable[[LiveSite], Awaitable[None]]) -> None:
    async def told() -> None:
        async with asyncio.timeout(DEADLINE_S), live_site() as site:
            await story(site)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(told())


async def use(site: LiveSite, sent: bytes, end: Callable[[socket.socket], None]) -> None:
    """One connection from its beginning to its end, as far as the server reads."""
    client = site.connect()
    with suppress(BlockingIOError, ConnectionError):
        await site.turns(3)
        client.send(sent)
        await site.turns(12)
    end(client)
    await site.all_gone()
    await site.turns(12)


@pytest.mark.parametrize("commits", [True, False], ids=["answered", "held"])
@pytest.mark.parametrize("end", [leave, reset])
@pytest.mark.parametrize("odd", ODD)
def test_nothing_is_left_for_the_collector(
    odd: str, end: Callable[[socket.socket], None], commits: bool
) -> None:
    async def story(site: LiveSite) -> None:
        await use(site, ODD[odd], end)  # what is made once, is made
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            site.commits = commits
            await use_held(site, ODD[odd], end)
            gc.collect()
            left = [type(one).__qualname__ for one in gc.garbage]
            left += ["alive" for one in gc.get_objects() if type(one) is Protocol]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
        assert left == []

    run(story)


async def use_held(site: LiveSite, sent: bytes, end: Callable[[socket.socket], None]) -> None:
    """As `use`; what was held when the connection ended is let go then."""
    commits, site.commits = site.commits, site.commits
    client = site.connect()
    with suppress(BlockingIOError, ConnectionError):
        await site.turns(3)
        client.send(sent)
        await site.turns(12)
    end(client)
    await site.turns(12)
    site.commits = True
    await site.all_gone()
    await site.turns(12)
    site.commits = commits


def test_memory_is_what_it_was() -> None:
    """Rounds of twenty connections, each with thousands of requests that nobody waits for."""

    async def round_of(site: LiveSite) -> int:
        clients = [site.connect() for _ in range(20)]
        await site.turns(3)
        for client in clients:
            with suppress(BlockingIOError):
                client.send(GET * 6000)
        await site.turns(20)
        for client in clients:
            client.close()
        await site.all_gone()
        return tracemalloc.get_traced_memory()[0]

    async def story(site: LiveSite) -> None:
        tracemalloc.start()
        gc.disable()
        try:
            first = await round_of(site)
            last = [await round_of(site) for _ in range(3)][-1]
        finally:
            gc.enable()
            tracemalloc.stop()
        assert last - first < 1_000_000

    run(story)
