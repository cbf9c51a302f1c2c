"""`POST /transactions`: the hot path, in front of Starlette's router.

The HTTP status is always 200 and the body is one of three constants, so answers are made once. A
request comes in one of two ways, and is decided in one: plain ones straight from the connection
(`answer`), where the account's answer is written as soon as it is durable; all others as ASGI
(`__call__`), where it is awaited.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, NamedTuple

import structlog
from starlette.responses import Response

from authorizer.actors.admission import DOUBTFUL_NS, Admission
from authorizer.actors.clock import Clock
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.reply import LoopFuture, Reply
from authorizer.domain.outcomes import Outcome, Reason
from authorizer.http.access.control import Access, Denied
from authorizer.http.api.problems import problem_response
from authorizer.http.api.wire import MAX_BODY_BYTES
from authorizer.http.connection.arrivals import Arrivals
from authorizer.http.connection.exchange import Exchange
from authorizer.http.connection.plain_heads import PlainHead, PlainHeads
from authorizer.http.connection.protocol import RECEIVED, RESPOND
from authorizer.http.connection.request_id import idempotency_keys, new_id, request_id
from authorizer.http.connection.turned_away import TurnedAway, Waiting
from authorizer.http.metrics import Metrics
from authorizer.http.transaction_body import parse
from authorizer.http.transaction_members import Refused, malformed

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

log = structlog.get_logger()

_NOTHING: Final[dict[str, Any]] = {}
PATHS: Final = frozenset(("/transactions", "/transaction", "/authorize"))


def _call_soon(callback: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(callback)


class Bounds(NamedTuple):
    """How many purchases are taken at once."""

    admission: Admission
    max_in_flight: int
    """Requests of every kind, whatever the admission says."""


class Transactions:
    """Answers the transaction endpoints; hands every other request on."""

    def __init__(
        self,
        others: App,
        dispatcher: Dispatcher,
        clock: Clock,
        metrics: Metrics,
        access: Access,
        bounds: Bounds,
    ) -> None:
        self._others = others
        self._dispatcher = dispatcher
        self._access = access
        self._monotonic_ns = clock.monotonic_ns
        self._metrics = metrics
        self._max_in_flight = bounds.max_in_flight
        self._in_flight = 0
        self._admission = admission = bounds.admission
        self._arrivals = Arrivals(_call_soon, admission.look_at_disk, self._round_over)
        self._turned_away = TurnedAway(
            self._decline, _call_soon, dispatcher.is_busy, admission, clock.monotonic_ns
        )
        metrics.gauge(
            "authorizer_declines_waiting",
            "Purchases that were turned away and wait for their decline to be written.",
            lambda: len(self._turned_away),
        )
        self.plain_heads = PlainHeads(PATHS)

    def answer(self, exchange: Exchange, head: PlainHead, body: bytes, received_ns: int) -> None:
        """See `DirectApp`."""
        identity = head.request_id or new_id()
        caller = self._access.admit_transaction(head.headers, head.foreign)
        if isinstance(caller, Denied):
            _deny(exchange, _denial(caller, identity))
            return
        self._in_flight += 1
        admission = self._admission
        age_ns = self._arrivals.age_ns(received_ns)
        if exchange.is_new or age_ns > DOUBTFUL_NS or admission.under_way >= admission.sure:
            room_ns = admission.room_ns()
            if exchange.is_new or (room_ns > 0 and age_ns > DOUBTFUL_NS):
                age_ns = exchange.unread_ns()
                self._metrics.unread(age_ns)
            if age_ns > room_ns and admission.under_way:
                self._turned_away.add((exchange, identity, received_ns - age_ns))
                return
        received_ns -= age_ns
        admission.under_way += 1
        reply = DirectReply(self, exchange, identity, received_ns)
        try:
            decided = self._decide(body, received_ns, caller.by, reply, head.idempotency_keys)
        except Exception:
            log.exception("a bug on the way of a purchase")
            decided = _REFUSED[Reason.UNAVAILABLE]
        if isinstance(decided, Refused):
            reply.refuse(decided)
        elif decided is not None:
            reply.set(decided)

    def answered(self, outcome: Outcome, received_ns: int) -> None:
        """A request of `answer` is no longer under way."""
        self._in_flight -= 1
        self._admission.answered()
        self._metrics.decided(outcome, self._monotonic_ns() - received_ns)

    def _round_over(self, age_ns: int) -> None:
        if age_ns <= DOUBTFUL_NS:  # of others the system was asked
            self._metrics.unread(age_ns)

    def _decline(self, waiting: Waiting, now_ns: int) -> None:
        exchange, identity, received_ns = waiting
        try:
            exchange.respond(_OVERLOADED_HEAD % identity, _OVERLOADED_BODY)
        except Exception:
            log.exception("a bug in an answer")  # the others must have theirs
        self._in_flight -= 1
        self._metrics.decided(_OVERLOADED, now_ns - received_ns)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._others(scope, receive, send)
            return
        self._in_flight += 1
        # taken out of the scope, which it refers to: else each request were cyclic garbage
        respond = scope.pop("extensions", _NOTHING).get(RESPOND)
        try:
            if scope["path"] not in PATHS:
                await self._other(scope, receive, send)
                return
            if scope["method"] != "POST":
                await _method_not_allowed(scope, receive, send)
                return
            caller = self._access.admit_transaction(scope["headers"])
            if isinstance(caller, Denied):
                denial = _denial(caller, request_id(scope["headers"]))
                await denial(scope, receive, send)
                return
            message = await receive()
            if message.get("more_body"):
                message = await _whole_body(message, receive)
            received_ns = scope.get("state", _NOTHING).get(RECEIVED) or self._monotonic_ns()
            if message["type"] == "http.disconnect":
                return
            keys = idempotency_keys(scope["headers"])
            outcome = await self._outcome(message["body"], received_ns, caller.by, keys)
            answered = _answered(outcome)
            identity = request_id(scope["headers"])
            head = b"%sx-request-id: %s\r\n" % (answered.head, identity)
            if respond is None or not respond(head, answered.body):
                await _send(send, answered, identity)
            counted = _REFUSED[outcome.reason] if isinstance(outcome, Refused) else outcome
            self._metrics.decided(counted, self._monotonic_ns() - received_ns)
        finally:
            self._in_flight -= 1

    async def _outcome(
        self, body: bytes, received_ns: int, by: str, keys: Sequence[bytes]
    ) -> Outcome | Refused:
        admission = self._admission
        admission.look_at_disk()
        age_ns = self._monotonic_ns() - received_ns
        if age_ns > admission.room_ns() and admission.under_way:
            admission.turn_away()
            return _OVERLOADED
        admission.under_way += 1
        try:
            reply = LoopFuture()
            decided = self._decide(body, received_ns, by, reply, keys)
            return await reply if decided is None else decided
        except Exception:
            log.exception("a bug on the way of a purchase")
            return _REFUSED[Reason.UNAVAILABLE]
        finally:
            admission.answered()

    def _decide(
        self, body: bytes, received_ns: int, by: str, reply: Reply, keys: Sequence[bytes]
    ) -> Outcome | Refused | None:
        """The outcome, or None where the reply will get it."""
        if self._in_flight > self._max_in_flight:
            return _OVERLOADED
        if len(body) > MAX_BODY_BYTES:
            return _TOO_LONG
        command = parse(body, received_ns, by, keys)
        if isinstance(command, Refused):
            return command
        return self._dispatcher.submit(command, reply)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._in_flight > self._max_in_flight:
            headers = {"X-Request-Id": request_id(scope["headers"]).decode()}
            busy = problem_response(503, "too many requests are under way", headers=headers)
            await busy(scope, receive, send)
            return
        await self._others(scope, receive, send)


async def _whole_body(message: Message, receive: Receive) -> Message:
    """The message with the body's parts joined, as far as a body may go, and a little further."""
    body: bytes = message["body"]
    while message.get("more_body") and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
    return {**message, "body": body}


class DirectReply:
    """Writes the answer to a plain request when the account gives it."""

    __slots__ = ("_exchange", "_identity", "_received_ns", "_transactions")

    def __init__(
        self, transactions: Transactions, exchange: Exchange, identity: bytes, received_ns: int
    ) -> None:
        self._transactions = transactions
        self._exchange = exchange
        self._identity = identity
        self._received_ns = received_ns

    def set(self, value: Any = None) -> None:
        """See `Reply`: the outcome."""
        try:
            answered = _ANSWERS[value.reason, value.replayed]
            head = b"%sx-request-id: %s\r\n" % (answered.head, self._identity)
            self._exchange.respond(head, answered.body)
        except Exception:
            log.exception("a bug in an answer")  # the others of its batch must have theirs
        finally:
            self._transactions.answered(value, self._received_ns)

    def refuse(self, refused: Refused) -> None:
        """Answer what can't be taken as it is."""
        try:
            answered = _answered(refused)
            head = b"%sx-request-id: %s\r\n" % (answered.head, self._identity)
            self._exchange.respond(head, answered.body)
        except Exception:
            log.exception("a bug in an answer")
        finally:
            self._transactions.answered(_REFUSED[refused.reason], self._received_ns)

    def set_exception(self, exc_info: Any = None) -> None:
        """See `Reply`."""
        log.error("a bug on the way of a purchase", exc_info=exc_info or True)
        self.set(_REFUSED[Reason.UNAVAILABLE])


def _denial(denied: Denied, identity: bytes) -> Response:
    headers = {**denied.headers, "X-Request-Id": identity.decode()}
    return problem_response(denied.status, denied.detail, headers=headers)


def _deny(exchange: Exchange, response: Response) -> None:
    lines = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
    exchange.respond(lines, bytes(response.body), response.status_code)


async def _method_not_allowed(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Allow": "POST", "X-Request-Id": request_id(scope["headers"]).decode()}
    await problem_response(405, "transactions are posted", headers=headers)(scope, receive, send)


class Answered(NamedTuple):
    """The answer that a reason is, made once."""

    headers: list[Header]
    head: bytes
    """The same headers as lines."""
    body: bytes


async def _send(send: Send, answered: Answered, identity: bytes) -> None:
    headers = [*answered.headers, (b"x-request-id", identity)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answered.body})


def _answer(reason: Reason, replayed: bool) -> Answered:
    body = b'{"code":"%s"}' % reason.code.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"authorizer-reason", reason.word.encode()),
    ]
    if replayed:
        headers.append((b"authorizer-replayed", b"true"))
    return Answered(headers, b"".join(b"%s: %s\r\n" % header for header in headers), body)


def _answered(outcome: Outcome | Refused) -> Answered:
    """The answer; to what can't be taken it says which member is wrong, and how."""
    if isinstance(outcome, Outcome):
        return _ANSWERS[outcome.reason, outcome.replayed]
    refused, answered = outcome, _ANSWERS[outcome.reason, False]
    header = (b"authorizer-detail", refused.detail.encode("ascii"))
    line = b"%s: %s\r\n" % header
    return Answered([*answered.headers, header], answered.head + line, answered.body)


_ANSWERS: Final = {
    (reason, replayed): _answer(reason, replayed) for reason in Reason for replayed in (False, True)
}
_REFUSED: Final = {reason: Outcome(reason) for reason in Reason}
_OVERLOADED: Final = _REFUSED[Reason.OVERLOADED]
_OVERLOADED_HEAD: Final = _ANSWERS[Reason.OVERLOADED, False].head + b"x-request-id: %s\r\n"
_OVERLOADED_BODY: Final = _ANSWERS[Reason.OVERLOADED, False].body
_TOO_LONG: Final = malformed("body", f"is longer than {MAX_BODY_BYTES} bytes")
