"""The life of a connection: when it begins, when it is quiet, what is left when it ends.

Touches uvicorn's internals, as `protocol.py` does (0.34 to 0.54): what the protocol reads of its
newest cycle, and its timer.
"""

from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from authorizer.http.connection.cycles import Flow, GoesOn
from authorizer.http.connection.exchange import Exchange
from authorizer.http.connection.sockets import waiting_bytes
from authorizer.http.connection.unread import Unread

DRAIN_QUIET_S: Final = 0.5
"""How long a connection is quiet before a drain closes it: what is on its way is answered."""


class Connection(HttpToolsProtocol):
    """A connection, apart from what is read and written on it.

    - Bounds the number of connections, how long one may be quiet, and the answers nobody reads.
    - Answers what was asked by a client that then shut down its sending side.
    - Closes no connection that a request has come in on, whether it was quiet or a drain began.
    - Leaves nothing behind that refers to itself when it is gone.
    """

    flow: Flow
    max_connections: ClassVar[int] = 10_000
    unread: ClassVar[Unread] = Unread()
    refused: ClassVar[list[int]] = [0]
    """How many connections were one too many."""
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
    _exchange: Exchange | None = None
    _held = b""
    """What was read and waits for the parser."""

    # --- beginning and end -------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self.flow = Flow(transport, self.pipeline)
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

    # --- what is under way -------------------------------------------------------------------

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


def _nothing() -> None:
    """Stands where uvicorn would be told of an answer on a connection that is gone."""
