"""uvicorn's HTTP protocol with what a server that promises 100 ms has to add to it.

The only file that touches uvicorn's internals (0.34 to 0.54): the fields of a request's cycle that
its `send` sets, what the protocol reads of its newest cycle, and the protocol's callbacks.
"""

import re
import time
from collections.abc import Sized
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Final, runtime_checkable
from typing import Protocol as Interface

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from authorizer.http.plain_heads import END_OF_HEAD, PlainHead, PlainHeads

MAX_HEAD_BYTES: Final = 65_536
RECEIVED: Final = "received_ns"
"""Where a request's scope says, in its state, when its last byte was read (monotonic)."""

_UPGRADE = re.compile(rb"(?<=\n)upgrade(?=[ \t]*:)", re.IGNORECASE)
_UPGRADE_FROM_START = re.compile(rb"upgrade[ \t]*:", re.IGNORECASE)
_UPGRADE_BYTES: Final = len(b"upgrade")
_MAX_PIECES: Final = 1000
"""How many offers to upgrade are passed over in one packet."""
RESPOND: Final = "authorizer.respond"
"""Where a scope's extensions hold the short way to answer: `respond` for this request."""

_newest_lines: Final[list[tuple[list[tuple[bytes, bytes]], bytes]]] = [([], b"")]
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"  # and nothing more is read
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class NothingToTell:
    """Stands for the event that a cycle's `receive` waits for, where nobody does."""

    @staticmethod
    def set() -> None:
        """Tell nobody."""


class Exchange:
    """A plain request and its answer, without ASGI: no scope, no task, nothing awaited.

    A connection has one, for one request at a time. While that is under way it stands where uvicorn
    has its newest cycle, with what uvicorn looks at and sets there; so requests that come behind it
    wait for its end, a drain waits for its answer, and it learns that the client has left.
    """

    __slots__ = ("_protocol", "disconnected", "keep_alive", "response_complete")

    message_event: ClassVar = NothingToTell

    def __init__(self, protocol: "Protocol") -> None:
        self._protocol = protocol
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = True

    def respond(self, head: bytes, body: bytes, status: int = 200) -> None:
        """Write the whole answer. `head` is as for `respond`."""
        self.response_complete = True
        if not self.disconnected:
            self._protocol.end_exchange(status, head, body, self.keep_alive)


@runtime_checkable
class DirectApp(Interface):
    """An application that answers plain requests without ASGI, and all others with it."""

    plain_heads: PlainHeads
    """Knows the requests that it answers so."""

    def answer(self, exchange: Exchange, head: PlainHead, body: bytes, received_ns: int) -> None:
        """Have the exchange respond, now or later, once. It must not raise."""


class Flow(FlowControl):
    """Reads nothing while requests wait for their turn; uvicorn would read on with every answer."""

    def __init__(self, transport: Any, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """See `FlowControl`: the one who waits last reads what is missing of its body."""
        if not self._waiting:
            super().resume_reading()


class Protocol(HttpToolsProtocol):
    """One connection.

    - Hands plain requests straight to the application where that can take them (`DirectApp`).
    - Says when a request came in, before it waits for its turn on the loop.
    - Passes over `Upgrade`, as RFC 9110, 7.8 allows: uvicorn would drop the body of a request that
      offers HTTP/2, as some clients' first request does.
    - Bounds the head of a request and what stands around its chunks, the requests that wait on a
      connection, and the number of connections.
    - Answers what was asked by a client that then shut down its sending side.
    - Offers a short way to answer, `respond`, as an extension of the ASGI scope.
    """

    max_connections: ClassVar[int] = 10_000
    _head_bytes = 0
    """Of the head, or of what stands around a body in chunks, as far as it goes."""
    _body_came = False
    """Whether a part of a body was in the packet that is being read."""
    _received_ns = 0
    """When that was read."""
    _in_message = False
    """Whether the parser has seen the beginning of a request, and not yet its end."""
    _in_head = False
    """Whether it has not seen the end of its head either."""
    _line: bytes | None = None
    """The line of the head that the last packet ended in, if it may become `Upgrade`."""
    _answered_at = 0.0
    """The loop's time of the last answer of an exchange."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app: object = self.app
        self._direct = app if isinstance(app, DirectApp) else None
        self._exchange: Exchange | None = None

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self.flow = Flow(transport, self.pipeline)
        if self._direct is not None:
            self._exchange = Exchange(self)
        if len(self.connections) > self.max_connections:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        super().connection_lost(exc)
        newest: object = self.cycle
        if newest is self._exchange:
            self.cycle = None  # type: ignore[assignment]
        self._exchange = None  # it refers to this

    def on_message_begin(self) -> None:
        """See `httptools.HttpRequestParser`."""
        self._in_message = self._in_head = True
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
        extensions: dict[str, Any] = {RESPOND: partial(respond, self.cycle)}
        self.scope["extensions"] = extensions
        self.scope["headers"] = self.headers.copy()  # uvicorn would add the trailers to them

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
        self._received_ns = received_ns
        self._body_came = False
        if self._line is not None or b"upgrade" in data.lower():
            self._pass_over_upgrades(data)
        else:
            super().data_received(data)
        self._line = self._beginning_of_line(data) if self._in_head else None
        if self._in_message and not self._body_came:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
        else:
            self._head_bytes = 0

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """See `asyncio.Protocol`: the connection stays open for as long as an answer is due."""
        newest: RequestResponseCycle | None = self.cycle
        if self._in_message or newest is None or newest.response_complete:
            return None
        newest.keep_alive = False
        return True

    def _beginning_of_line(self, data: bytes) -> bytes | None:
        newline = data.rfind(b"\n")
        if newline < 0 and self._line is None:
            return None
        line = data[newline + 1 :] if newline >= 0 else (self._line or b"") + data
        return line if len(line) <= _UPGRADE_BYTES else None

    def _pass_over_upgrades(self, data: bytes) -> None:
        """Hand a packet to the parser with another name for every `Upgrade` in a head.

        Where a packet ends within the name, what is left of it is changed.
        """
        at = 0
        if self._line is not None and _UPGRADE_FROM_START.match(self._line + data[:MAX_HEAD_BYTES]):
            at = _UPGRADE_BYTES - len(self._line)
            super().data_received(data[: max(0, at - 1)] + b"x")
        for found in islice(_UPGRADE.finditer(data, at), _MAX_PIECES):
            super().data_received(data[at : found.start()])
            if self.transport.is_closing():
                return
            at = found.end()
            super().data_received(b"x-upgrd" if self._in_head else found[0])
        if at < len(data) and not self.transport.is_closing():
            super().data_received(data[at:])

    def _is_at_rest(self) -> bool:
        """Whether nothing is under way: the parser has read whole requests, all are answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return (
            (cycle is None or cycle.response_complete)
            and not self._in_message
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def end_exchange(self, status: int, head: bytes, body: bytes, keep_alive: bool) -> None:
        """Write the answer of the exchange, and go on with what came behind its request."""
        transport = self.transport
        if transport.is_closing():
            return
        lines = _header_lines(self.server_state.default_headers)
        end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
        transport.write(b"".join((STATUS_LINE[status], lines, head, end, body)))
        if not keep_alive:
            transport.close()
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:  # as it is if anything came behind
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1

    def timeout_keep_alive_handler(self) -> None:
        """See uvicorn; but exchanges leave the timer running, and so it may come too early.

        To cancel and set it anew for every request would cost more than to look once in a while.
        """
        if self.transport.is_closing():
            return
        left_s: float = self.timeout_keep_alive
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            left_s += self._answered_at - self.loop.time()
        if left_s <= 0:
            super().timeout_keep_alive_handler()
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
