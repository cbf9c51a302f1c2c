"""A request's cycle: how its answer is written in one piece, and whether another may follow.

Touches uvicorn's internals, as `protocol.py` and `lifecycle.py` do (0.34 to 0.54): the fields of a
cycle that its `send` sets.
"""

from collections.abc import Callable, Sized
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from authorizer.http.connection.connections import Connections

ENDLESS: Final = "authorizer.endless"
"""What the scope of a request has whose answer goes on until its client leaves."""


class Flow(FlowControl):
    """Reads nothing while requests are queued; uvicorn's own reads on with every answer."""

    holding = False
    """Whether bytes that were read wait for the parser."""

    def __init__(self, transport: Any, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    @override
    def resume_reading(self) -> None:
        """Stay paused while pipelined requests are queued; the last of them resumes reading."""
        if not self._waiting and not self.holding:
            super().resume_reading()


class GoesOn:
    """A cycle's `keep_alive` where an end is near: decided when the answer is written."""

    __slots__ = ("_ask", "_known")

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask: Callable[[], bool] | None = ask
        self._known = False

    def __bool__(self) -> bool:
        if self._ask is not None:
            self._known, self._ask = self._ask(), None
        return self._known


def respond(shared: Connections, cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
    """Write a whole 200 in one piece; False where it has to go the long way, through `send`.

    `head` is header lines, each with its line end, `content-length` among them. uvicorn's `send`
    checks and joins the headers of every response anew, which costs more than a decision does.
    """
    if cycle.flow.write_paused or cycle.response_started or cycle.disconnected:
        return False
    cycle.response_started = cycle.response_complete = True
    end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
    lines = shared.header_lines(cycle.default_headers)
    cycle.transport.write(b"".join((STATUS_LINE[200], lines, head, end, body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
