"""uvicorn's HTTP protocol with what a server that promises 100 ms has to add to it."""

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 65_536
RECEIVED: Final = "received_ns"
"""Where a request's scope says, in its state, when its first bytes were read (monotonic)."""

_UPGRADE = re.compile(rb"(?<=\n)upgrade(?=[ \t]*:)", re.IGNORECASE)
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
    """

    max_connections: ClassVar[int] = 10_000
    _head_bytes = 0
    """Of the head that is being read, as far as it goes."""

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()

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
