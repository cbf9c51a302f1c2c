"""The life of a connection: when it begins, when it is quiet, what is left when it ends.

Touches uvicorn's internals, as `protocol.py` does (0.34 to 0.54): what the protocol reads of its
newest cycle, and its timer.
"""

from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from authorizer.http.connection.connections import Connections
from authorizer.http.connection.cycles import ENDLESS, Flow, GoesOn
from authorizer.http.connection.exchange import Exchange
from authorizer.http.connection.sockets import waiting_bytes

DRAIN_QUIET_S: Final = 0.5
"""How long a connection is quiet before a drain closes it: what is on its way is answered."""


class Connection(HttpToolsProtocol):
    """A connection, apart from what is read and written on it.

    - Bounds the number of connections, how long one may be quiet, and answers that are not read.
    - Answers what was asked by a client that then shut down its sending side.
    - Closes no connection that a request has come in on, whether it was quiet or a drain began.
    - Leaves nothing behind that refers to itself when it is gone.
    """

    flow: Flow
    shared: Connections
    _in_message = False
    """Whether the parser has seen the beginning of a request, and not yet its end."""
    _in_head = False
    """Whether it has not seen the end of its head either."""
    _active_at = 0.0
    """When an exchange was answered last, or a part of a request came in, by the loop's clock."""
    _at_eof = False
    """Whether the client has shut down its sending side."""
    _ending = False
    """Whether the connection ends with the last request that has come in."""
    _running: RequestResponseCycle | None = None
    """The cycle whose turn it is."""
    _exchange: Exchange | None = None
    _held = b""
    """Bytes that were read and wait for the parser."""

    # --- beginning and end -------------------------------------------------------------------

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = Flow(transport, self.pipeline)
        if len(self.connections) > self.shared.most:
            self.shared.refused += 1
            transport.abort()
        else:
            self._wait_for_more()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered, and take those that wait apart."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.shared.unread.forget(self.transport)
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

    @override
    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection open for as long as an answer is due that has an end."""
        self._at_eof = True
        if self._running is not None and ENDLESS in self._running.scope:
            return None
        half = self._in_message and not self._in_head and not self._held
        if half or not (self._is_under_way() or self._held):
            return None
        self._end_with_the_last()
        return True

    @override
    def shutdown(self) -> None:
        """Drain: what comes in within `DRAIN_QUIET_S` is answered too."""
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
        """See that a closed connection ends, even if its client does not read what is left."""
        if self.transport.get_write_buffer_size():
            self.shared.unread.watch(self.transport, self.loop)

    # --- writing -----------------------------------------------------------------------------

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self.shared.unread.watch(self.transport, self.loop)

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self.shared.unread.forget(self.transport)

    @override
    def send_400_response(self, msg: str) -> None:
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

    @override
    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it is quiet, else look again later.

        Exchanges leave the timer running, so it may go off too early: to set it anew for every
        request would cost more than to look once in a while. A loop that stood still runs its
        timers before it reads, so a request may have come in already.
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
    """The `on_response` of a cycle whose connection is gone."""
