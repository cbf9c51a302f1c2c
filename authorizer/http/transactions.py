"""`POST /transactions`: the hot path, in front of Starlette's router.

The HTTP status is always 200. A request comes in one of two ways: plain ones straight from the
connection (`answer`), where the answer is written as soon as it is durable; all others as ASGI
(`__call__`), where it is awaited. Both only parse and render: `Purchases` decides for both.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import partial
from typing import Any, Final

from starlette.responses import Response
from typing_extensions import override

from authorizer.actors.clock import Clock
from authorizer.actors.purchases import Answer, PendingPurchase, Purchases, Unreadable
from authorizer.actors.reply import LoopFuture
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import Outcome
from authorizer.http.access.control import Access, Denied
from authorizer.http.api.problems import problem_response
from authorizer.http.api.wire import MAX_BODY_BYTES
from authorizer.http.connection.exchange import Exchange
from authorizer.http.connection.plain_heads import PlainHead, PlainHeads
from authorizer.http.connection.protocol import RECEIVED, RESPOND
from authorizer.http.connection.request_id import RequestIds, idempotency_keys
from authorizer.http.direct_operations import DirectOperations
from authorizer.http.transaction_answers import OF_OUTCOME, rendered
from authorizer.http.transaction_body import parse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Respond = Callable[[bytes, bytes], bool]

_NOTHING: Final[dict[str, Any]] = {}
PATHS: Final = frozenset(("/transactions", "/transaction", "/authorize"))


class PurchaseExchange(Exchange, PendingPurchase):
    """The exchange of a purchase: parses the request under way, and renders its answer."""

    __slots__ = ("body", "by", "identity", "keys", "purchases", "received_ns")

    body: bytes
    by: str
    """Who asks."""
    keys: Sequence[bytes]
    """The values of `Idempotency-Key`."""
    identity: bytes
    """The id of the request."""

    @override
    def parse(self) -> Authorize | Unreadable:
        return parse(self.body, self.by, self.keys, self.received_ns)

    @override
    def render(self, answer: Answer) -> None:
        self.body = b""  # a connection that is quiet keeps none
        if isinstance(answer, Outcome):
            _, head, body = OF_OUTCOME[answer.reason, answer.replayed]
        else:
            _, head, body = rendered(answer)
        self.respond(b"%sx-request-id: %s\r\n" % (head, self.identity), body)


class Transactions:
    """Answers the transaction endpoints; hands every other request on."""

    exchange = PurchaseExchange

    def __init__(
        self,
        others: App,
        purchases: Purchases,
        access: Access,
        clock: Clock,
        ids: RequestIds,
        operations: DirectOperations | None = None,
    ) -> None:
        """`operations`: those on purchases that go straight, too; None: all go over ASGI."""
        self._others = others
        self._purchases = purchases
        self._access = access
        self._ids = ids
        self._monotonic_ns = clock.monotonic_ns
        self._operations = operations
        self.plain_heads = PlainHeads(PATHS)

    def find_other(self, head: bytes, body: bytes) -> Callable[[Exchange, int], None] | None:
        """The operation that goes straight. See `DirectApp`."""
        return None if self._operations is None else self._operations.find(head, body)

    def answer(
        self, exchange: PurchaseExchange, head: PlainHead, body: bytes, read_ns: int
    ) -> None:
        """Have a plain purchase decided. See `DirectApp`."""
        identity = head.request_id or self._ids.new()
        caller = self._access.admit_plain(head.authorizations, head.foreign)
        if isinstance(caller, Denied):
            denial = _denial(caller, identity)
            lines = b"".join(b"%s: %s\r\n" % header for header in denial.raw_headers)
            exchange.respond(lines, bytes(denial.body), denial.status_code)
            return
        purchases = exchange.purchases = self._purchases
        exchange.received_ns = purchases.arrivals.since_ns(exchange, read_ns)
        exchange.identity, exchange.body = identity, body
        exchange.by, exchange.keys = caller.by, head.idempotency_keys
        purchases.take(exchange, read_ns)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a purchase from its ASGI messages; any other request is the application's."""
        if scope["type"] != "http":
            await self._others(scope, receive, send)
            return
        # taken out of the scope, which it refers to: else each request were cyclic garbage
        respond: Respond | None = scope.pop("extensions", _NOTHING).get(RESPOND)
        in_flight = self._purchases.in_flight
        in_flight.count += 1
        try:
            if scope["path"] not in PATHS:
                await self._other(scope, receive, send)
                return
            if scope["method"] != "POST":
                refusal = _method_not_allowed(self._ids.of(scope["headers"]))
                await refusal(scope, receive, send)
                return
            caller = self._access.admit_transaction(scope["headers"])
            if isinstance(caller, Denied):
                denial = _denial(caller, self._ids.of(scope["headers"]))
                await denial(scope, receive, send)
                return
            body = await _whole_body(receive)
        finally:
            in_flight.count -= 1
        if body is None:
            return
        reply = LoopFuture()
        received_ns = scope.get("state", _NOTHING).get(RECEIVED) or self._monotonic_ns()
        command = partial(parse, body, caller.by, idempotency_keys(scope["headers"]))
        self._purchases.submit(command, reply, received_ns)
        await _send(await reply, self._ids.of(scope["headers"]), respond, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._purchases.in_flight.is_over:
            headers = {"X-Request-Id": self._ids.of(scope["headers"]).decode()}
            busy = problem_response(503, "too many requests are under way", headers=headers)
            await busy(scope, receive, send)
            return
        await self._others(scope, receive, send)


async def _whole_body(receive: Receive) -> bytes | None:
    """The body's parts joined; no more are read once it is too long. None: the client left."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
    return None if message["type"] == "http.disconnect" else body


async def _send(answer: Answer, identity: bytes, respond: Respond | None, send: Send) -> None:
    """Write an answer: in one piece where the connection offers that, else through `send`."""
    headers, head, body = rendered(answer)
    if respond is not None and respond(b"%sx-request-id: %s\r\n" % (head, identity), body):
        return
    headers = [*headers, (b"x-request-id", identity)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _denial(denied: Denied, identity: bytes) -> Response:
    headers = {**denied.headers, "X-Request-Id": identity.decode()}
    return problem_response(denied.status, denied.detail, headers=headers)


def _method_not_allowed(identity: bytes) -> Response:
    headers = {"Allow": "POST", "X-Request-Id": identity.decode()}
    return problem_response(405, "transactions are posted", headers=headers)
