"""Requests that go straight from the connection are answered as they are over ASGI."""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import socket
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.domain.access import ApiKey, Role
from authorizer.domain.outcomes import Outcome
from authorizer.http.access.credentials import new_credential
from authorizer.http.connection.cycles import ENDLESS
from authorizer.http.connection.lifecycle import DRAIN_QUIET_S
from authorizer.http.transactions import PurchaseExchange
from tests.support.house import House
from tests.support.waiting import eventually
from tests.support.wire import Site, Wire

KEEP_ALIVE_S = 75.0
BODY = b'{"account":"a","totalAmount":1.00,"mcc":"5999","merchant":"LOJA X"}'


def post(body: bytes = BODY, *lines: bytes, path: bytes = b"/transactions") -> bytes:
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % (path, len(body))
    return head + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def post_of(cents: int, transaction_id: str | None = None) -> bytes:
    with_id = BODY if transaction_id is None else BODY[:-1] + f',"id":"{transaction_id}"}}'.encode()
    return post(with_id.replace(b"1.00", b"%d.%02d" % divmod(cents, 100)))


OTHER = b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = (
    b"POST /transactions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
)

PLAIN = [
    post(),
    post(path=b"/transaction"),
    post(path=b"/authorize"),
    post(b""),
    post(b"{"),
    post(b"\xff" * 70),
    post(BODY.replace(b'"a"', b'"unknown"')),
    post(BODY.replace(b"1.00", b"100.01")),
    post(BODY.replace(b"1.00", b"0")),
    post(BODY.replace(b"1.00", b"1.005")),
    post(BODY + b" " * (65_536 - len(BODY))),
    post(BODY + b" " * (65_537 - len(BODY))),
    post(BODY, b"X-Request-Id: mine"),
    post(BODY, b"x-request-id: not fit"),
    post(BODY, b"X-Request-Id: first", b"X-Request-Id: second"),
    post(BODY, b"Connection: keep-alive"),
    post(BODY, b"Content-Type: text/plain", b"Accept: */*", b"Cookie: a=b", b"X-Empty:"),
    post(BODY, b"Authorization: Bearer no-key"),
    post(BODY.replace(b"LOJA X", "AÇAÍ".encode())),
    post(BODY, b"Idempotency-Key: k-1"),
    post(BODY, b'Idempotency-Key: "k-1"', b"X-Request-Id: mine"),
    post(BODY, b"Idempotency-Key:"),
    post(BODY, b"Idempotency-Key: a", b"Idempotency-Key: b"),
    post(BODY, b"Idempotency-Key: a b", b"Idempotency-Key: c"),
    post(BODY, b"Idempotency-Key: " + b"k" * 129),
    post(BODY[:-1] + b',"id":"k-1"}', b"Idempotency-Key: k-1"),
    post(BODY[:-1] + b',"id":"k-1"}', b"Idempotency-Key: k-2"),
    post(BODY[:-1] + b',"Id":"k-1"}'),
    post(BODY[:-1] + b',"currency":"USD"}'),
    post(BODY[:-1] + b',"x":1e400}'),
    post(BODY.replace(b"1.00", b"1e400")),
    post(BODY, b"Sec-Fetch-Site: same-origin", b"Origin: http://localhost"),
]
FOREIGN = [
    post(BODY, b"Sec-Fetch-Site: cross-site", b"Origin: null", b"Content-Type: text/plain"),
    post().replace(b"localhost", b"rebound.example"),
]
UNUSUAL = [
    post(BODY, b"Expect: 100-continue"),
    post(BODY, b"Connection: upgrade", b"Upgrade: h2c"),
    post(path=b"/transactions?a=b"),
    post(path=b"/%74ransactions"),
    post(path=b"http://h/transactions"),
    post(path=b"/other"),
    post().replace(b"POST", b"PUT"),
    post().replace(b"POST", b"HEAD"),
    b"GET /transactions HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\r\n" + post(),
    OTHER,
    CHUNKED,
]
LAST = [
    post(BODY, b"Connection: close"),
    post().replace(b"1.1", b"1.0"),
    post(BODY, b"Connection: keep-alive").replace(b"1.1", b"1.0"),
]
WRONG = [
    post().replace(b"\r\n", b"\n"),
    post().replace(b"Host: localhost", b"Host localhost"),
    post(BODY, b"Content-Length: 3"),
    post().replace(b"Content-Length: ", b"Content-Length: -"),
    b"nonsense\r\n\r\n",
]


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await story()

    asyncio.run(told())


async def site(*, asgi: bool = False, **more: Any) -> Site:
    """An application, and an account with 100.00."""
    house = House()
    await house.open("a")
    return Site(house, asgi=asgi, **more)


async def asgi_answers(*packets: bytes) -> bytes:
    """What is answered where nothing goes straight."""
    wire = (await site(asgi=True)).connect()
    wire.send(*packets)
    return await wire.answers()


@pytest.mark.parametrize("request_bytes", FOREIGN)
def test_a_page_of_others_is_refused_straight_as_over_asgi(request_bytes: bytes) -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(request_bytes, request_bytes)
        answered = await wire.answers()
        assert answered == await asgi_answers(request_bytes, request_bytes)
        assert answered.count(b"HTTP/1.1 403 Forbidden\r\n") == 2

    run(story)


@pytest.mark.parametrize("request_bytes", PLAIN)
def test_a_plain_request_goes_straight_and_is_answered_as_over_asgi(request_bytes: bytes) -> None:
    async def story() -> None:
        straight = await site()
        wire = straight.connect()
        for turn in (1, 2):
            wire.send(request_bytes)
            await wire.answers()
            assert straight.transactions.direct == turn
        answered = await wire.answers()
        assert answered == await asgi_answers(request_bytes, request_bytes)
        assert answered.count(b"HTTP/1.1 200 OK\r\n") == 2

    run(story)


def test_a_key_in_the_head_is_the_id_and_flushes_no_other_head() -> None:
    async def story() -> None:
        straight = await site()
        wire = straight.connect()
        wire.send(post())
        await wire.answers()
        known = dict(straight.transactions.plain_heads._known)
        for number in range(1500):
            wire.send(post(BODY.replace(b"1.00", b"0.01"), b"Idempotency-Key: %d" % (number % 50)))
            await wire.answers()
        assert straight.transactions.direct == 1501
        assert straight.transactions.plain_heads._known == known
        answered = await wire.answers()
        assert answered.count(b"authorizer-replayed: true") == 1450
        account = straight.house.dispatcher.accounts.find("a")
        assert account is not None
        assert account.state.wallets_cents["CASH"] == 98_50

    run(story)


@pytest.mark.parametrize("request_bytes", UNUSUAL + LAST + WRONG)
def test_any_other_request_goes_over_asgi(request_bytes: bytes) -> None:
    async def story() -> None:
        straight = await site()
        wire = straight.connect()
        wire.send(request_bytes)
        assert await wire.answers() == await asgi_answers(request_bytes)
        assert straight.transactions.direct == 0

    run(story)


@pytest.mark.parametrize("way", ["straight", "asgi"])
def test_without_a_key_it_is_denied_and_nothing_moves(way: str) -> None:
    async def story() -> None:
        credential = new_credential()
        key = ApiKey(credential.key_id, Role.TERMINAL, "till", credential.digest, 0, None, None)
        house = House()
        await house.open("a")
        wire = Site(house, asgi=way == "asgi", keys=(key,)).connect()
        wire.send(post())
        answered = await wire.answers()
        assert answered.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
        assert b"\r\nwww-authenticate: Bearer" in answered
        assert b"\r\nx-request-id: ours\r\n" in answered
        assert await house.cash("a") == 100_00

    run(story)


@pytest.mark.parametrize("in_one_packet", [True, False])
def test_what_stands_behind_a_body_lets_nobody_in(in_one_packet: bool) -> None:
    """RFC 9110, 6.5.1: a trailer is no header, least of all one that says who asks."""

    async def story() -> None:
        credential = new_credential()
        key = ApiKey(credential.key_id, Role.TERMINAL, "till", credential.digest, 0, None, None)
        wire = Site(House(), keys=(key,)).connect()
        request = CHUNKED.removesuffix(b"\r\n") + f"Authorization: Bearer {credential}\r\n".encode()
        request += b"X-Request-Id: mine\r\n\r\n"
        head, end, rest = request.partition(b"\r\n\r\n")
        wire.send(*([request] if in_one_packet else [head + end, rest]))
        answered = await wire.answers()
        assert answered.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
        assert b"\r\nx-request-id: ours\r\n" in answered

    run(story)


@pytest.mark.parametrize("cut", range(1, 2 * len(post())))
def test_two_requests_may_be_cut_anywhere(cut: int) -> None:
    async def story() -> None:
        stream = post() * 2
        wire = (await site()).connect()
        wire.send(stream[:cut], stream[cut:])
        assert (await wire.answers()).count(b'{"code":"00"}') == 2

    run(story)


def test_the_rest_of_a_head_is_no_request_even_if_it_looks_like_one() -> None:
    async def story() -> None:
        packets = (b"GET /other HTTP/1.1\r\nX-Note: ", post(b""))
        here = await site()
        wire = here.connect()
        wire.send(*packets)
        assert await wire.answers() == await asgi_answers(*packets)
        assert wire.transport.written.endswith(b"/other")
        assert here.transactions.direct == 0

    run(story)


@pytest.mark.parametrize("in_one_packet", [True, False])
def test_answers_come_in_the_order_of_the_requests(in_one_packet: bool) -> None:
    """Every order of purchases, other requests and unusual purchases, none waited for."""

    async def story() -> None:
        kinds = (post_of(1), post_of(1, "i"), OTHER, CHUNKED)
        for requests in itertools.product(kinds, repeat=3):
            packets = [b"".join(requests)] if in_one_packet else requests
            wire = (await site()).connect()
            wire.send(*packets)
            expected = b"".join([await asgi_answers(one) for one in requests])
            answered = (await wire.answers()).replace(b"authorizer-replayed: true\r\n", b"")
            assert answered == expected
            assert wire.transport.reading

    run(story)


@pytest.mark.parametrize("request_bytes", [post(), OTHER])
def test_nothing_is_read_while_requests_wait_for_their_turn(request_bytes: bytes) -> None:
    """Else who sends without end, and perhaps reads nothing, fills the memory."""

    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.send(request_bytes * 10)
        for _ in range(1000):
            await asyncio.sleep(0)
            here.house.commit()
            assert not (wire.transport.reading and wire.protocol.pipeline)
        assert wire.transport.written.count(b" 200 OK") == 10
        assert wire.transport.reading

    run(story)


OFFER = post(BODY, b"Connection: upgrade", b"uPgrade: h2c", b"X: y")


@pytest.mark.parametrize("cut", range(1, len(OFFER)))
def test_an_offer_to_upgrade_may_be_cut_anywhere(cut: int) -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(OFFER[:cut], OFFER[cut:], post())
        assert (await wire.answers()).count(b'{"code":"00"}') == 2

    run(story)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_offers_to_upgrade_may_come_behind_others(size: int) -> None:
    """And what only looks like one is a body."""

    async def story() -> None:
        nonsense = b"\nUpgrade: h2c\r\n\r\n"
        stream = post() + OFFER + OFFER + post(nonsense, path=b"/other") + OFFER
        wire = (await site()).connect()
        wire.send(*(stream[at : at + size] for at in range(0, len(stream), size)))
        answered = await wire.answers()
        assert (answered.count(b'{"code":"00"}'), answered.count(b" 200 OK")) == (4, 5)

    run(story)


@settings(max_examples=60)
@given(data=st.data())
def test_however_requests_come_in_they_are_answered_as_over_asgi(data: st.DataObject) -> None:
    """Any requests, cut anywhere, with commits at any time between the packets."""
    requests = data.draw(st.lists(st.sampled_from(PLAIN + UNUSUAL), max_size=6))
    stream = b"".join((*requests, data.draw(st.sampled_from([b"", *LAST]))))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)))
    packets = [stream[a:b] for a, b in itertools.pairwise((0, *cuts, len(stream))) if a < b]
    waits = data.draw(st.lists(st.integers(0, 2), min_size=len(packets), max_size=len(packets)))

    async def story() -> None:
        wire = (await site()).connect()
        for packet, wait in zip(packets, waits, strict=True):
            wire.send(packet)
            if wait:
                await wire._house.settle()
            if wait > 1:
                wire._house.commit()
        assert await wire.answers() == await asgi_answers(*packets)

    run(story)


# --- what is under way ---------------------------------------------------------------------------


def test_no_answer_leaves_before_it_is_durable() -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.send(post())
        await here.house.settle()
        assert wire.transport.written == b""
        here.house.commit()
        await here.house.settle()
        assert wire.transport.written.endswith(b'{"code":"00"}')

    run(story)


def test_a_client_that_leaves_before_the_answer_disturbs_nobody() -> None:
    async def story() -> None:
        here = await site(max_in_flight=2)
        left, stays = here.connect(), here.connect()
        left.send(post(), OTHER)
        stays.send(post())
        await left.leave()
        assert (await stays.answers()).count(b'{"code":"00"}') == 1
        assert left.transport.written == b""
        assert await here.house.cash("a") == 98_00
        assert here.in_flight.count == 0
        assert here.state.connections == {stays.protocol}

    run(story)


def test_a_connection_that_is_quiet_keeps_nothing_of_the_last_body() -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        for bytes_long, most in ((len(BODY), 1), (60_000, 1), (60_000, 0)):
            here.in_flight.most = most
            wire.send(post(BODY + b" " * (bytes_long - len(BODY))))
            assert (b"overloaded" in await wire.answers()) is (most == 0)
            exchange = wire.protocol._exchange
            assert isinstance(exchange, PurchaseExchange)
            assert (exchange.body, exchange.response_complete) == (b"", True)

    run(story)


def test_a_connection_that_is_gone_leaves_no_cyclic_garbage() -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.send(post())
        await wire.answers()
        gone = weakref.ref(wire.protocol)
        gc.disable()
        try:
            await wire.leave()
            wire.transport._protocol = None  # type: ignore[assignment]
            del wire
            assert gone() is None
        finally:
            gc.enable()

    run(story)


@pytest.mark.parametrize("request_bytes", [post(), OTHER, CHUNKED])
def test_a_drain_waits_for_the_answer_and_then_closes(request_bytes: bytes) -> None:
    async def story() -> None:
        here = await site()
        busy, idle, used = here.connect(), here.connect(), here.connect()
        used.send(post())
        await used.answers()
        busy.send(request_bytes)
        for wire in (busy, idle, used):
            wire.protocol.shutdown()
            wire.loop.wait(2 * DRAIN_QUIET_S)
        assert [wire.transport.closing for wire in (busy, idle, used)] == [False, True, True]
        answered = await busy.answers()
        assert b"\r\nconnection: close\r\n" in answered
        assert answered.endswith((b'{"code":"00"}', b"/other"))
        assert busy.transport.closing
        assert here.state.connections == set()

    run(story)


@pytest.mark.parametrize("request_bytes", [post(), OTHER, CHUNKED])
def test_a_request_that_comes_in_right_after_a_drain_began_is_the_last(
    request_bytes: bytes,
) -> None:
    async def story() -> None:
        here = await site()
        new, used = here.connect(), here.connect()
        used.send(post())
        before = await used.answers()
        for wire in (new, used):
            wire.protocol.shutdown()
            wire.loop.wait(DRAIN_QUIET_S / 2)
            wire.send(request_bytes[:20])
            wire.send(request_bytes[20:])
            wire.loop.wait(2 * DRAIN_QUIET_S)
            answered = (await wire.answers()).removeprefix(before)
            assert answered.count(b"\r\nconnection: close\r\n") == 1
            assert answered.endswith((b'{"code":"00"}', b"/other"))
            assert wire.transport.closing

    run(story)


@pytest.mark.parametrize("request_bytes", [post(), OTHER, CHUNKED])
def test_a_drain_answers_all_that_has_come_in_on_a_connection(request_bytes: bytes) -> None:
    """Waiting for its turn, waiting for the parser, and not read yet by the server."""

    async def story() -> None:
        here = await site()
        wire = here.connect()
        server, client = socket.socketpair()
        with server, client:
            wire.transport.socket = server
            wire.send(request_bytes * 200)
            client.sendall(request_bytes)
            wire.protocol.shutdown()
            for _ in range(100):  # others take some steps each
                await wire.answers()
            answered = await wire.answers()
            assert answered.count(b" 200 OK") == 200
            assert b"connection: close" not in answered
            wire.loop.wait(2 * DRAIN_QUIET_S)
            assert not wire.transport.closing
            wire.send(server.recv(1000))
            answered = await wire.answers()
        assert answered.count(b" 200 OK") == 201
        assert answered.count(b"connection: close") == 1
        assert wire.transport.closing

    run(story)


def test_more_in_flight_than_allowed_are_turned_away() -> None:
    async def story() -> None:
        here = await site(max_in_flight=1)
        wires = [here.connect() for _ in range(3)]
        for wire in wires:
            wire.send(post())
        answered = [await wire.answers() for wire in wires]
        assert [b"overloaded" in each for each in answered] == [False, True, True]
        wires[1].send(post())
        assert (await wires[1].answers()).endswith(b'{"code":"00"}')

    run(story)


def test_one_that_does_not_read_its_answers_is_served_the_ordinary_way() -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.protocol.pause_writing()
        wire.send(post())
        assert await wire.answers() == b""
        assert here.transactions.direct == 0
        wire.protocol.resume_writing()
        assert (await wire.answers()).endswith(b'{"code":"00"}')

    run(story)


@pytest.mark.parametrize("cut", [10, len(post()) - len(BODY), len(post()) - 1])
@pytest.mark.parametrize("request_bytes", [post(), CHUNKED], ids=["whole", "chunked"])
def test_a_request_waits_from_its_last_byte_on(
    request_bytes: bytes, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client may send head and body apart; what it has not sent yet is not kept waiting."""

    async def story() -> None:
        here = await site()
        monkeypatch.setattr(time, "monotonic_ns", lambda: here.house.monotonic_ns)
        wire = here.connect()
        here.house.monotonic_ns = 1
        wire.send(request_bytes[:cut])
        await here.house.settle()
        here.house.monotonic_ns += 1_000_000_000
        wire.send(request_bytes[cut:])
        assert b"authorizer-reason: approved" in await wire.answers()

    run(story)


def test_a_request_that_came_behind_another_waits_from_its_own_last_byte_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        here = await site()
        monkeypatch.setattr(time, "monotonic_ns", lambda: here.house.monotonic_ns)
        wire = here.connect()
        here.house.monotonic_ns = 1
        wire.send(post(), post_of(200))
        await here.house.settle()
        here.house.monotonic_ns += 1_000_000_000
        reasons = re.findall(b"authorizer-reason: (.+)\r\n", await wire.answers())
        assert reasons == [b"approved", b"too_late"]

    run(story)


@pytest.mark.parametrize("asgi", [False, True])
def test_a_client_that_sends_no_more_is_answered_what_it_sent(asgi: bool) -> None:
    async def story() -> None:
        wire = (await site(asgi=asgi)).connect()
        wire.send(post(), post())
        assert wire.protocol.eof_received() is True
        answered = await wire.answers()
        assert answered.count(b'{"code":"00"}') == 2
        assert answered.count(b"connection: close") == 1
        assert wire.transport.closing

    run(story)


def test_a_client_that_sends_no_more_leaves_an_answer_that_has_no_end() -> None:
    async def story() -> None:
        wire = (await site(asgi=True)).connect()
        wire.send(post())
        running = wire.protocol._running
        assert running is not None
        scope: dict[str, Any] = running.scope  # type: ignore[assignment]
        scope[ENDLESS] = True
        assert not wire.protocol.eof_received()

    run(story)


@pytest.mark.parametrize("sent", [b"", post()[:10], post()[:-1]])
def test_a_client_that_sends_no_more_and_asked_nothing_is_let_go(sent: bytes) -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(sent)
        assert not wire.protocol.eof_received()

    run(story)


@pytest.mark.parametrize("endless", [b"0\r\nX: ", b"0\r\n", b"1;x="])
def test_what_stands_around_a_body_in_chunks_is_bounded(endless: bytes) -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(CHUNKED.removesuffix(b"0\r\n\r\n") + endless)
        for _ in range(200):
            wire.send(b"a" * 990 + (b": b\r\n" if endless == b"0\r\n" else b""))
        await eventually(lambda: wire.transport.closing)  # a slow loop holds bytes for later turns
        assert b"HTTP/1.1 431 " in await wire.answers()

    run(story)


def test_a_long_body_in_small_chunks_is_no_head() -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(CHUNKED.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        for byte in BODY + b" " * 40_000:
            wire.send(b"1;extension\r\n", b"%c\r\n" % byte)
        wire.send(b"0\r\n\r\n")
        assert b"authorizer-reason: approved" in await wire.answers()

    run(story)


# --- bugs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["before", "in the actor", "as an exception"])
def test_a_bug_is_07_unavailable_and_the_connection_goes_on(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        actor = here.house.dispatcher.accounts.find("a")
        with monkeypatch.context() as patched:
            if where == "before":
                patched.setattr(here.house.dispatcher, "submit", _raise)
            elif where == "in the actor":
                patched.setattr("authorizer.actors.entity.authorize", _raise)
            else:
                patched.setattr(actor, "on_receive", _raise)
            wire.send(post())
            assert b"authorizer-reason: unavailable" in await wire.answers()
        wire.send(post())
        assert (await wire.answers()).endswith(b'{"code":"00"}')
        assert here.in_flight.count == 0

    run(story)


def test_a_bug_in_one_answer_takes_no_other_one_along(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        here = await site()
        first, second = here.connect(), here.connect()
        monkeypatch.setattr(first.transport, "write", _raise)
        first.send(post())
        second.send(post())
        assert (await second.answers()).endswith(b'{"code":"00"}')
        assert here.in_flight.count == 0

    run(story)


def _raise(*_: Any) -> Outcome:
    raise RuntimeError("on purpose")


# --- keep-alive ----------------------------------------------------------------------------------


def test_a_connection_is_closed_when_it_was_quiet_for_long_enough() -> None:
    async def story() -> None:
        wire = (await site()).connect()
        for _ in range(3):
            wire.send(post())
            await wire.answers()
            wire.loop.wait(KEEP_ALIVE_S - 0.5)
            assert not wire.transport.closing
        wire.loop.wait(1)
        assert wire.transport.closing

    run(story)


def test_a_connection_is_not_closed_while_a_request_is_under_way() -> None:
    async def story() -> None:
        wire = (await site()).connect()
        wire.send(post())
        await wire.answers()
        wire.send(post())
        wire.loop.wait(3 * KEEP_ALIVE_S)
        assert not wire.transport.closing
        assert (await wire.answers()).count(b'{"code":"00"}') == 2
        wire.loop.wait(KEEP_ALIVE_S - 0.5)
        assert not wire.transport.closing
        wire.loop.wait(KEEP_ALIVE_S)
        assert wire.transport.closing

    run(story)


@pytest.mark.parametrize("used", [True, False])
def test_a_quiet_connection_is_not_closed_if_a_request_has_come_in(used: bool) -> None:
    """A loop that stood still runs its timers before it reads."""

    async def story() -> None:
        wire = (await site()).connect()
        server, client = socket.socketpair()
        with server, client:
            wire.transport.socket = server
            if used:
                wire.send(post())
                await wire.answers()
            client.sendall(post())
            wire.loop.wait(10 * KEEP_ALIVE_S)
            assert not wire.transport.closing
            wire.send(server.recv(1000))
            assert (await wire.answers()).endswith(b'{"code":"00"}')
            wire.loop.wait(KEEP_ALIVE_S + 1)
            wire.loop.wait(KEEP_ALIVE_S + 1)
            assert wire.transport.closing

    run(story)


HALF = [b"", b"\r\n", post()[:20], post()[:-1], CHUNKED[:-1], post() + post()[:-1]]


@pytest.mark.parametrize("sent", HALF)
def test_a_connection_on_which_nothing_whole_comes_is_closed(sent: bytes) -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.loop.wait(KEEP_ALIVE_S - 1)
        wire.send(sent)
        await wire.answers()
        wire.loop.wait(KEEP_ALIVE_S - 1)
        assert wire.transport.closing == (not sent)
        wire.loop.wait(KEEP_ALIVE_S)
        assert wire.transport.closing
        await here.house.settle()
        assert here.state.connections == set()
        assert here.in_flight.count == 0

    run(story)


def test_the_timer_of_a_connection_that_is_gone_does_nothing() -> None:
    async def story() -> None:
        wire: Wire = (await site()).connect()
        wire.send(post())
        await wire.answers()
        await wire.leave()
        wire.loop.wait(100 * KEEP_ALIVE_S)
        assert wire.loop.timers == []

    run(story)
