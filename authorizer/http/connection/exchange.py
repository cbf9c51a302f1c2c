"""A plain request and its answer, without ASGI: between the connection and the application."""

from collections.abc import Callable
from typing import Any, ClassVar, runtime_checkable
from typing import Protocol as Interface

from authorizer.http.connection.plain_heads import PlainHead, PlainHeads


class Respond(Interface):
    """Writes the whole answer to the request under way."""

    def __call__(self, head: bytes, body: bytes, status: int = 200) -> None:
        """Write it. `head` is header lines, each with its line end.

        `content-length` is among them.
        """


class NoEvent:
    """The `message_event` of an exchange: no `receive` waits for it."""

    @staticmethod
    def set() -> None:
        """Do nothing."""


class Exchange:
    """A plain request and its answer: no scope, no task, nothing awaited.

    A connection has one, for one request at a time. While that is under way it stands where uvicorn
    has its newest cycle, with what uvicorn looks at and sets there; so requests that come behind it
    wait for its end, a drain waits for its answer, and it learns that the client has left.
    """

    __slots__ = ("_ask_unread_ns", "disconnected", "is_new", "respond", "response_complete")

    message_event: ClassVar = NoEvent
    more_body: ClassVar = False

    def __init__(self, respond: Respond, ask_unread_ns: Callable[[], int]) -> None:
        self.respond = respond
        """The connection's own, so that an answer takes no step in between."""
        self._ask_unread_ns = ask_unread_ns
        self.disconnected = False
        self.is_new = True
        """Whether it is the connection's first, which may have waited to be accepted."""
        self.response_complete = True

    def unread_ns(self) -> int:
        """How long ago the request's last bytes came in, as the system knows it."""
        self.is_new = False
        return self._ask_unread_ns()


@runtime_checkable
class DirectApp(Interface):
    """An application that answers plain requests without ASGI, and all others with it."""

    plain_heads: PlainHeads
    """Knows the requests that `answer` takes."""
    exchange: type[Exchange]
    """What a connection makes one of for its requests."""

    def answer(self, exchange: Any, head: PlainHead, body: bytes, read_ns: int) -> None:
        """Have the exchange respond, now or later, once. It must not raise."""

    def find_other(self, head: bytes, body: bytes) -> Callable[[Exchange, int], None] | None:
        """What answers another request that can go straight; None: it goes the ordinary way.

        A head and a body are given, as they stand with an empty line between them. Nothing is done
        before what is found is called, in the same turn of the loop; that is `answer` again, of the
        exchange and of when the request was read.
        """
