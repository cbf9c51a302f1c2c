"""uvicorn's HTTP protocol with what a server that promises 100 ms has to add to it.

The only file that touches uvicorn's internals (0.34 to 0.54): the fields of a request's cycle that
its `send` sets, what the protocol reads of its newest cycle, and the protocol's callbacks.
"""

import time
from collections.abc import Callable, Sized
from functools import partial
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from authorizer.http.exchange import DirectApp, Exchange
from authorizer.http.plain_heads import END_OF_HEAD
from authorizer.http.sockets import unread_ns, waiting_bytes
from authorizer.http.unread import Unread
from authorizer.http.upgrades import Upgrades

MAX_HEAD_BYTES: Final = 65_536
MAX_WAITING: Final = 32
"""How many requests may wait for their turn on a connection before no more are parsed or read.

Those of one piece may come on top, for it is parsed as a whole.
"""
FEW_WAITING: Final = 16
"""How many are left of them when it goes on."""
PIECE_BYTES: Final = 512
"""How much the parser gets at a time."""
TURN_NS: Final = 500_000
"""How long a connection's bytes are parsed before others have their turn."""
MAX_DISCARDED_BYTES: Final = 1 << 20
"""What is read of a body that came too late for its answer."""
DRAIN_QUIET_S: Final = 0.5
"""How long a connection is quiet before a drain closes it: what is on its way is answered."""
RECEIVED: Final = "received_ns"
"""Where a request's scope says, in its state, when its last byte was read (monotonic)."""
RESPOND: Final = "authorizer.respond"
"""Where a scope's extensions hold the short way to answer: `respond` for this request."""

_newest_lines: Final[list[tuple[list[tuple[bytes, bytes]], bytes]]] = [([], b"")]
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"  # and nothing more is read
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class Flow(FlowControl):
    """Reads nothing while requests wait for their turn; uvicorn would read on with every answer."""

    holding = False
    """Whether bytes that were read wait for the parser."""

    def __init__(self, transport: Any, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """See `FlowControl`: the one who waits last reads what is missing of its body."""
        if not self._waiting and not self.holding:
            super().resume_reading()


class GoesOn:
    """Stands for a cycle's `keep_alive` where an end is near: asked when the answer is written."""

    __slots__ = ("_ask", "_known")

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask: Callable[[], bool] | None = ask
        self._known = False

    def __bool__(self) -> bool:
        if self._ask is not None:
            self._known, self._ask = self._ask(), None
        return self._known


class Protocol(HttpToolsProtocol):
    """One connection.

    - Hands plain requests straight to the application where that can take them (`DirectApp`).
    - Says when a request came in, before it waits for its turn on the loop.
    - Passes over `Upgrade`.
    - Bounds the head of a request and what stands around its chunks, the requests that wait on a
      connection, how long it parses at a stretch, what is read of a body that nobody wants, the
      answers that nobody reads, and the number of connections.
    - Answers what was asked by a client that then shut down its sending side.
    - Closes no connection that a request has come in on, whether it was quiet or a drain began.
    - Offers a short way to answer, `respond`, as an extension of the ASGI scope.
    - Leaves nothing behind that refers to itself when it is gone.
    """

    flow: Flow
    max_connections: ClassVar[int] = 10_000
    unread: ClassVar[Unread] = Unread()
    refused: ClassVar[list[int]] = [0]
    """How many connections were one too many."""
    _head_bytes = 0
    """Of the head, or of what stands around a body in chunks, as far as it goes."""
    _discarded_bytes = 0
    """Of a body that was answered before its end."""
    _began = False
    """Whether a request began in the piece that is parsed."""
    _body_came = False
    """Whether a part of a body was in it."""
    _received_ns = 0
    """When the packet was read that it is of."""
    _in_message = False
    """Whether the parser has seen the beginning of a request, and not yet its end."""
    _in_head = False
    """Whether it has not seen the end of its head either."""
    _active_at = 0.0
    """The loop's time of the last answer of an exchange, or of bytes that asked nothing whole."""
    _at_eof = False
    """Whether the client sends no more."""
    _ending = False
    """Whether the connection ends with the last request that has come in."""
    _running: RequestResponseCycle | None = None
    """The cycle whose turn it is."""
    _turn_due = False
    """Whether `_go_on` will be called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app: object = self.app
        self._direct = app if isinstance(app, DirectApp) else None
        self._exchange: Exchange | None = None
        self._upgrades = Upgrades()
        self._held = b""

    # --- beginning and end -------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self.flow = Flow(transport, self.pipeline)
        if self._direct is not None:
            self._exchange = Exchange(self._end_exchange, self._unread_ns)
        if len(self.connections) > self.max_connections:
            self.refused[0] += 1
            transport.abort()
        else:
            self._wait_for_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`. Whoever is at work on an answer is told; nobody else waits."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.unread.forget(self.transport)
        waiting = [cycle for cycle, _ in self.pipeline]
        self.pipeline.clear()
        for cycle in waiting:
            cycle.on_response = _nothing
            cycle.keep_alive = False
        newest: object = self.cycle
        running, self._running = self._running, None
        if running is not None:
            running.disconnected = True
            running.keep_alive = False
            running.message_event.set()
        if newest is self._exchange or newest in waiting:
            self.cycle = None  # type: ignore[assignment]
        self._exchange = None  # it refers to this
        self._held = b""

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """See `asyncio.Protocol`: the connection stays open for as long as an answer is due."""
        self._at_eof = True
        half = self._in_message and not self._in_head and not self._held
        if half or not (self._is_under_way() or self._held):
            return None
        self._end_with_the_last()
        return True

    def shutdown(self) -> None:
        """See uvicorn: a drain. What comes in within a moment is answered too."""
        self.timeout_keep_alive = DRAIN_QUIET_S  # type: ignore[assignment]
        self._end_with_the_last()
        self._unset_keepalive_if_required()
        if self._waits_for_client():
            self._wait_for_more()

    def _end_with_the_last(self) -> None:
        self._ending = True
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None:
                self._may_be_last(cycle)

    def _may_be_last(self, cycle: RequestResponseCycle) -> None:
        if cycle.keep_alive and not cycle.response_started:
            cycle.keep_alive = GoesOn(self._has_more)  # type: ignore[assignment]

    def _has_more(self) -> bool:
        """Whether anything has come in that is still to be answered, or begun to."""
        if self.pipeline or self._held:
            return True
        return not self._at_eof and (self._in_message or waiting_bytes(self.transport) > 0)

    def _close(self) -> None:
        self.transport.close()
        self._look_after_the_rest()

    def _look_after_the_rest(self) -> None:
        """See that a connection that was closed ends, even if nobody reads what is left of it."""
        if self.transport.get_write_buffer_size():
            self.unread.watch(self.transport, self.loop)

    # --- writing -----------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        super().pause_writing()
        self.unread.watch(self.transport, self.loop)

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        super().resume_writing()
        if not self.transport.is_closing():
            self.unread.forget(self.transport)

    def send_400_response(self, msg: str) -> None:
        """See uvicorn."""
        super().send_400_response(msg)
        self._look_after_the_rest()

    # --- what the parser says ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """See `httptools.HttpRequestParser`."""
        self._in_message = self._in_head = self._began = True
        self._discarded_bytes = 0
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """See `httptools.HttpRequestParser`."""
        self._in_message = False
        self.scope["state"][RECEIVED] = self._received_ns
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """See `httptools.HttpRequestParser`."""
        self._body_came = True
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """See `httptools.HttpRequestParser`."""
        self._in_head = False
        super().on_headers_complete()
        self.scope["headers"] = self.headers.copy()  # uvicorn would add the trailers to them
        if self._ending:
            self._may_be_last(self.cycle)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """See uvicorn. A cycle that waits for its turn refers to nothing that refers to it."""
        extensions: dict[str, Any] = {RESPOND: partial(respond, cycle)}
        cycle.scope["extensions"] = extensions
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """See uvicorn: what comes behind a CONNECT is no request of ours."""
        self._at_eof = True
        self._end_with_the_last()

    # --- reading -----------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        received_ns = time.monotonic_ns()
        direct, exchange = self._direct, self._exchange
        if direct is not None and exchange is not None and self._is_at_rest():
            head, end, body = data.partition(END_OF_HEAD)
            plain = direct.plain_heads.find(head, body) if end else None
            if plain is not None:
                exchange.response_complete = False
                self.cycle = exchange  # type: ignore[assignment]
                direct.answer(exchange, plain, body, received_ns)
                return
        self._received_ns = received_ns - unread_ns(self.transport)
        if self._held:
            self._held += data  # no transport should bring it while nothing is to be read
        else:
            self._parse(data, received_ns)

    def _parse(self, data: bytes, since_ns: int) -> None:
        """Hand what came in to the parser, for as long as a turn goes; the rest is held."""
        at = 0
        while at < len(data):
            self._parse_piece(data[at : at + PIECE_BYTES])
            at += PIECE_BYTES
            if self.transport.is_closing():
                return
            full = len(self.pipeline) >= MAX_WAITING
            if full or time.monotonic_ns() - since_ns > TURN_NS:
                break
        self._held = data[at:]
        if self._held:
            self.flow.holding = True
            self.flow.pause_reading()
            self._have_a_turn()

    def _have_a_turn(self) -> None:
        if not self._turn_due and len(self.pipeline) <= FEW_WAITING:
            self._turn_due = True
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Parse what is held, as far as there is room for it."""
        self._turn_due = False
        if not self._held or self.transport.is_closing():
            return
        self._parse(self._held, time.monotonic_ns())
        if self._held or self.transport.is_closing():
            return
        self.flow.holding = False
        cycle: RequestResponseCycle | None = self.cycle
        if not self._is_under_way():
            self.flow.resume_reading()
            self._end_if_nothing_is_left()
        elif cycle is not None and len(cycle.body) <= HIGH_WATER_LIMIT:
            self.flow.resume_reading()

    def _parse_piece(self, piece: bytes) -> None:
        if self._at_eof:
            return
        self._began = self._body_came = False
        self._upgrades.pass_over(piece, super().data_received, self._where)
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if self._in_message and not self._body_came:
            self._head_bytes = 0 if self._began else self._head_bytes + len(piece)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.write(_TOO_LARGE)
                self._close()
                return
        else:
            self._head_bytes = 0
        if self._in_message and not self._in_head and cycle is not None and cycle.response_complete:
            self._discarded_bytes += len(piece)
            if self._discarded_bytes > MAX_DISCARDED_BYTES:
                self._close()
                return
        if self._waits_for_client():
            self._wait_for_more()

    def _where(self) -> bool | None:
        return None if self.transport.is_closing() else self._in_head

    def _is_at_rest(self) -> bool:
        """Whether nothing is under way: the parser has read whole requests, all are answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return (
            (cycle is None or cycle.response_complete)
            and not self._in_message
            and not self._held
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _is_under_way(self) -> bool:
        """Whether an answer is due, or will be when its request is whole."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _waits_for_client(self) -> bool:
        """Whether nothing happens before the client sends more."""
        cycle: RequestResponseCycle | None = self.cycle
        if self._held or self.pipeline:
            return False
        return cycle is None or cycle.response_complete or cycle.more_body

    def _unread_ns(self) -> int:
        return unread_ns(self.transport)

    # --- answers -----------------------------------------------------------------------------

    def _end_exchange(self, status: int, head: bytes, body: bytes) -> None:
        """Write the answer of the exchange, and go on with what came behind its request."""
        transport = self.transport
        if transport.is_closing():
            return
        lines = _header_lines(self.server_state.default_headers)
        goes_on = not self._ending or self._has_more()
        end = b"\r\n" if goes_on else b"connection: close\r\n\r\n"
        transport.write(b"".join((STATUS_LINE[status], lines, head, end, body)))
        if not goes_on:
            self._close()
        self._active_at = self.loop.time()
        if self.timeout_keep_alive_task is None:  # as it is if anything came behind
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1

    def on_response_complete(self) -> None:
        """See uvicorn."""
        self._running = None
        super().on_response_complete()
        if self.transport.is_closing():
            self._look_after_the_rest()
        elif self._held:
            self._have_a_turn()
        elif self.timeout_keep_alive_task is None and self._waits_for_client():
            self._wait_for_more()  # for the rest of the request whose turn it is
        else:
            self._end_if_nothing_is_left()

    def _end_if_nothing_is_left(self) -> None:
        if self._at_eof and not self._is_under_way():
            self._close()

    # --- quiet -------------------------------------------------------------------------------

    def _wait_for_more(self) -> None:
        """Close the connection if it is quiet from now on."""
        self._unset_keepalive_if_required()
        self._active_at = self.loop.time()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """See uvicorn; but exchanges leave the timer running, and so it may come too early.

        To cancel and set it anew for every request would cost more than to look once in a while.
        A loop that stood still runs its timers before it reads: then the request is there already.
        """
        if self.transport.is_closing():
            return
        left_s: float = self.timeout_keep_alive
        if self._waits_for_client():
            left_s += self._active_at - self.loop.time()
        if left_s <= 0 and waiting_bytes(self.transport):
            left_s = DRAIN_QUIET_S
        if left_s <= 0:
            self.timeout_keep_alive_task = None
            self._close()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                left_s, self.timeout_keep_alive_handler
            )


def respond(cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
    """Write a whole 200 in one piece; False where it has to go the long way, through `send`.

    `head` is header lines, each with its line end, `content-length` among them. uvicorn's `send`
    checks and joins the headers of every response anew, which costs more than a decision does.
    """
    if cycle.flow.write_paused or cycle.response_started or cycle.disconnected:
        return False
    cycle.response_started = cycle.response_complete = True
    end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
    lines = _header_lines(cycle.default_headers)
    cycle.transport.write(b"".join((STATUS_LINE[200], lines, head, end, body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


def _header_lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The headers that uvicorn adds to every response; it makes a new list of them every second."""
    known, lines = _newest_lines[0]
    if known is not headers:
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        _newest_lines[0] = (headers, lines)
    return lines


def _nothing() -> None:
    """Stands where uvicorn would be told of an answer on a connection that is gone."""
