"""uvicorn's HTTP protocol with what a server that promises 100 ms has to add to it.

Touches uvicorn's internals (0.34 to 0.54), as `lifecycle.py` and `cycles.py` do and no other file:
the protocol's callbacks, and what it reads of its newest cycle.
"""

import time
from functools import partial
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from authorizer.http.connection.connections import Connections, Headers
from authorizer.http.connection.cycles import respond
from authorizer.http.connection.exchange import DirectApp
from authorizer.http.connection.lifecycle import Connection
from authorizer.http.connection.plain_heads import END_OF_HEAD
from authorizer.http.connection.sockets import unread_ns
from authorizer.http.connection.upgrades import Upgrades

MAX_HEAD_BYTES: Final = 65_536
MAX_WAITING: Final = 32
"""How many requests may wait for their turn on a connection before no more are parsed or read.

Those of one piece may come on top, for it is parsed as a whole.
"""
FEW_WAITING: Final = 16
"""How many are left of them when it goes on."""
PIECE_BYTES: Final = 512
"""How much the parser gets at a time."""
BODY_PIECE_BYTES: Final = 65_536
"""The same of a body whose length is known, as long as nothing else can be in it."""
TURN_NS: Final = 500_000
"""How long a connection's bytes are parsed before others have their turn."""
MAX_DISCARDED_BYTES: Final = 1 << 20
"""What is read of a body that came too late for its answer."""
RECEIVED: Final = "received_ns"
"""Where a request's scope says, in its state, when its last byte was read (monotonic)."""
RESPOND: Final = "authorizer.respond"
"""Where a scope's extensions hold the short way to answer: `respond` for this request."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"  # and nothing more is read
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class Protocol(Connection):
    """One connection.

    - Hands plain requests straight to the application where that can take them (`DirectApp`).
    - Says when a request came in, before it waits for its turn on the loop.
    - Passes over `Upgrade`.
    - Bounds the head of a request and what stands around its chunks, the requests that wait on a
      connection, how long it parses at a stretch, and what is read of a body that nobody wants.
    - Offers a short way to answer, `respond`, as an extension of the ASGI scope.
    """

    _head_bytes = 0
    """Bytes read so far of the current head, or of the chunk framing of its body."""
    _discarded_bytes = 0
    """Bytes read of a body whose request was answered before its end."""
    _body_left = 0
    """Bytes that are still to come of a body, if its length is known; else 0 or less."""
    _began = False
    """Whether a request began in the piece that is being parsed."""
    _body_came = False
    """Whether a part of a body was in it."""
    _received_ns = 0
    """When the packet that is being parsed could first be read (monotonic)."""
    _turn_due = False
    """Whether `_go_on` will be called."""

    def __init__(self, shared: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shared = shared
        app: object = self.app
        self._direct = app if isinstance(app, DirectApp) else None
        self._upgrades = Upgrades()

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self._direct is not None:
            self._exchange = self._direct.exchange(self._end_exchange, self._unread_ns)

    # --- what the parser says ----------------------------------------------------------------

    @override
    def on_message_begin(self) -> None:
        self._in_message = self._in_head = self._began = True
        self._discarded_bytes = 0
        super().on_message_begin()

    @override
    def on_message_complete(self) -> None:
        self._in_message = False
        self._body_left = 0
        self.scope["state"][RECEIVED] = self._received_ns
        super().on_message_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self._body_came = True
        self._body_left -= len(body)
        super().on_body(body)

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        self._body_left = _declared_bytes(self.headers)
        super().on_headers_complete()
        self.scope["headers"] = self.headers.copy()  # uvicorn would add the trailers to them
        if self._ending:
            self._may_be_last(self.cycle)

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Offer the short way to answer, which refers to the cycle: so not before its turn."""
        extensions: dict[str, Any] = {RESPOND: partial(respond, self.shared, cycle)}
        cycle.scope["extensions"] = extensions
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    @override
    def _unsupported_upgrade_warning(self) -> None:
        """End with the last request: what comes behind a CONNECT is no request of ours."""
        self._at_eof = True
        self._end_with_the_last()

    # --- reading -----------------------------------------------------------------------------

    @override
    def data_received(self, data: bytes) -> None:
        received_ns = time.monotonic_ns()
        direct, exchange = self._direct, self._exchange
        cycle: RequestResponseCycle | None = self.cycle
        if (
            direct is not None
            and exchange is not None
            # nothing is under way: the parser has read whole requests, all are answered
            and (cycle is None or cycle.response_complete)
            and not self._in_message
            and not self._held
            and not self.flow.write_paused
            and not self.transport.is_closing()
        ):
            head, end, body = data.partition(END_OF_HEAD)
            plain = direct.plain_heads.find(head, body) if end else None
            if plain is not None:
                exchange.response_complete = False
                self.cycle = exchange  # type: ignore[assignment]
                direct.answer(exchange, plain, body, received_ns)
                return
            answer = direct.find_other(head, body) if end else None
            if answer is not None:
                exchange.response_complete = False
                self.cycle = exchange  # type: ignore[assignment]
                answer(exchange, received_ns)
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
            piece = max(PIECE_BYTES, min(self._body_left, BODY_PIECE_BYTES))
            self._parse_piece(data[at : at + piece])
            at += piece
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

    def _unread_ns(self) -> int:
        return unread_ns(self.transport)

    # --- answers -----------------------------------------------------------------------------

    def _end_exchange(self, head: bytes, body: bytes, status: int = 200) -> None:
        """Write the answer of the exchange, and go on with what came behind its request."""
        transport, exchange = self.transport, self._exchange
        if exchange is None:  # the client has left
            return
        exchange.response_complete = True
        if transport.is_closing():
            return
        lines = self.shared.header_lines(self.server_state.default_headers)
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

    @override
    def on_response_complete(self) -> None:
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


def _declared_bytes(headers: Headers) -> int:
    """How long a body is to be; 0 where no one length says so."""
    declared = [value for name, value in headers if name == b"content-length"]
    return int(declared[0]) if len(declared) == 1 and declared[0].isdigit() else 0
