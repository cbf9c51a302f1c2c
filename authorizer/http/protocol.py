"""uvicorn's HTTP protocol with what a server that promises 100 ms has to add to it.

The only file that touches uvicorn's internals (0.34 to 0.54): the fields of a request's cycle that
its `send` sets, and the protocol's callbacks.
"""

import re
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES: Final = 65_536
RECEIVED: Final = "received_ns"
"""Where a request's scope says, in its state, when its first bytes were read (monotonic)."""

_UPGRADE = re.compile(rb"(?<=\n)upgrade(?=[ \t]*:)", re.IGNORECASE)
RESPOND: Final = "authorizer.respond"
"""Where a scope's extensions hold the short way to answer: `respond` for this request."""

_STATUS_200: Final = b"HTTP/1.1 200 OK\r\n"
_newest_lines: Final[list[tuple[list[tuple[bytes, bytes]], bytes]]] = [([], b"")]
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"  # and nothing more is read
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class Protocol(HttpToolsProtocol):
    """One connection.

    - Says when a request came in, before it waits for its turn on the loop.
    - Passes over `Upgrade`, as RFC 9110, 7.8 allows: uvicorn would drop the body of a request that
      offers HTTP/2, as some clients' first request does.
    - Bounds the head of a request, and the number of connections.
    - Offers a short way to answer, `respond`, as an extension of the ASGI scope.
    """

    max_connections: ClassVar[int] = 10_000
    _head_bytes = 0
    """Of the head that is being read, as far as it goes."""

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()

    def on_headers_complete(self) -> None:
        """See `httptools.HttpRequestParser`."""
        super().on_headers_complete()
        extensions: dict[str, Any] = {RESPOND: partial(respond, self.cycle)}
        self.scope["extensions"] = extensions

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self.app_state[RECEIVED] = time.monotonic_ns()
        if b"pgrade" in data or b"PGRADE" in data:
            head, separator, rest = data.partition(b"\r\n\r\n")
            data = _UPGRADE.sub(b"x-upgrd", head) + separator + rest
        super().data_received(data)
        begun: Mapping[str, object] | None = self.scope
        if begun is not None and "method" not in begun:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
        else:
            self._head_bytes = 0


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
    cycle.transport.write(b"".join((_STATUS_200, lines, head, end, body)))
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
