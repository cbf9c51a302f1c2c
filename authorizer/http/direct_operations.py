"""Operations on purchases straight from the connection, as plain purchases of one message are.

Over ASGI an operation waits for two more turns of the loop than a purchase does: for its task to
begin, and to go on once the answer is durable. Under load these are milliseconds. So a plain
request whose document is right, and whose account can be asked at once, is put to the account in
the turn in which it is read, and its answer is written in the turn in which it is durable. Every
other request goes over ASGI, which alone knows what is wrong with it. Documents, commands, roles
and answers are the same in both ways.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import orjson
import structlog
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.entity import EntityActor
from authorizer.actors.purchases import InFlight, Purchases
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Refusal
from authorizer.http.access.control import Access, Denied
from authorizer.http.api.endpoints import Endpoint, Roles
from authorizer.http.api.problems import bug_response, problem_response, refusal_response
from authorizer.http.api.wire import MAX_BODY_BYTES, read_json
from authorizer.http.connection.exchange import Exchange
from authorizer.http.connection.plain_heads import PlainHead, PlainHeads
from authorizer.http.connection.request_id import RequestIds
from authorizer.http.purchase_document import purchase_document
from authorizer.http.purchase_requests import COMMAND_OF, PURCHASE_PATH, PURCHASES_PATH, Asked

_REQUEST_LINE: Final = re.compile(
    rb"POST /accounts/([\w.~-]{1,128})/authorizations(?:/([\w.~-]{1,128})/([a-z]+))? HTTP/1\.1",
    re.ASCII,
)
"""Where nothing in the path is escaped, and there is no query."""
_ANY_LINE: Final = b"POST / HTTP/1.1\r\n"
"""What a head is known by, whatever it is posted to."""

log = structlog.get_logger()


class Operation(NamedTuple):
    """An endpoint that makes a command of its document."""

    document: type[BaseModel]
    roles: Roles


class _PlainOperation(NamedTuple):
    """A request whose account can be asked at once."""

    head: PlainHead
    operation: Operation
    account_id: str
    purchase_id: str
    document: Any
    actor: EntityActor[Account]


class DirectOperations:
    """Finds the operations that go straight, and has their accounts asked."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        dispatcher: Dispatcher,
        access: Access,
        purchases: Purchases,
        ids: RequestIds,
    ) -> None:
        self._dispatcher = dispatcher
        self._access = access
        self._in_flight = purchases.in_flight
        self._arrivals = purchases.arrivals
        self._ids = ids
        self._heads = PlainHeads(frozenset(("/",)))
        self._operations = _operations(endpoints)

    def find(self, head: bytes, body: bytes) -> Callable[[Exchange, int], None] | None:
        """What answers the operation that a head and a body are, if it goes straight."""
        plain = self._find(head, body)
        return None if plain is None else partial(self._answer, plain)

    def _find(self, head: bytes, body: bytes) -> _PlainOperation | None:
        line, _, lines = head.partition(b"\r\n")
        target = _REQUEST_LINE.fullmatch(line)
        if target is None or len(body) > MAX_BODY_BYTES:
            return None
        account, purchase, word = target.groups(b"")
        operation = self._operations.get(word)
        plain = self._heads.find(_ANY_LINE + lines, body)
        if operation is None or plain is None or self._in_flight.is_full:
            return None
        document: Any = _read(body, operation.document)
        if document is None:
            return None
        account_id, purchase_id = account.decode(), purchase.decode()
        actor = self._dispatcher.ready(account_id, purchase_id or document.id)
        if actor is None:
            return None
        return _PlainOperation(plain, operation, account_id, purchase_id, document, actor)

    def _answer(self, plain: _PlainOperation, exchange: Exchange, read_ns: int) -> None:
        head, operation, account_id, purchase_id, document, actor = plain
        reply = _Reply(exchange, head.request_id or self._ids.new(), self._in_flight)
        self._in_flight.count += 1
        try:
            caller = self._access.admit(head.headers, operation.roles)
            if isinstance(caller, Denied):
                denial = problem_response(caller.status, caller.detail, headers=caller.headers)
                reply.finish(denial)
                return
            received_ns = self._arrivals.since_ns(exchange, read_ns)
            asked = Asked(account_id, purchase_id, received_ns, caller)
            command = COMMAND_OF[type(document)](asked, document)
        except Exception:  # noqa: BLE001 - it is answered, and the connection goes on
            reply.set_exception()
            return
        if isinstance(command, Response):
            reply.finish(command)
        else:
            actor.ask_for(command, reply)


class _Rendered(NamedTuple):
    """An answer, all of it but what every answer has."""

    head: bytes
    """Header lines, each with its line end."""
    body: bytes
    status: int


class _Reply:
    """Where the answer of an account goes: it is rendered and written."""

    __slots__ = ("_exchange", "_identity", "_in_flight")

    def __init__(self, exchange: Exchange, identity: bytes, in_flight: InFlight) -> None:
        self._exchange = exchange
        self._identity = identity
        self._in_flight = in_flight

    def set(self, answer: Any, /) -> None:
        """Take what the account says: a refusal, or what was done and the purchase."""
        try:
            rendered = _rendered(answer)
        except Exception:  # noqa: BLE001 - it is answered
            self.set_exception()
        else:
            self._write(rendered)

    def set_exception(self, exc_info: Any = None) -> None:
        """Answer a bug."""
        self._log_bug(exc_info)
        self.finish(bug_response())

    def finish(self, response: Response) -> None:
        """Write a response that is ready."""
        self._write(_lines(response))

    def _write(self, rendered: _Rendered) -> None:
        self._in_flight.count -= 1
        more = b"x-request-id: %s\r\ncache-control: no-store\r\n" % self._identity
        try:
            self._exchange.respond(rendered.head + more, rendered.body, rendered.status)
        except Exception:  # noqa: BLE001 - the others of its batch must have their answers
            self._log_bug()

    def _log_bug(self, exc_info: Any = None) -> None:
        log.error(
            "a bug in an endpoint",
            method="POST",
            request_id=self._identity.decode(),
            exc_info=exc_info or True,
        )


def _rendered(answer: Any) -> _Rendered:
    """What an account says: a refusal, or what was done and the purchase."""
    if isinstance(answer, Refusal):
        return _lines(refusal_response(answer))
    done, purchase = answer
    body = orjson.dumps(purchase_document(purchase))
    head = b"content-length: %d\r\ncontent-type: application/json\r\n" % len(body)
    return _Rendered(head, body, 201 if done.created else 200)


def _lines(response: Response) -> _Rendered:
    head = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
    return _Rendered(head, bytes(response.body), response.status_code)


def _read(body: bytes, model: type[BaseModel]) -> BaseModel | None:
    """The document of a body; None where something is wrong with it."""
    try:
        return model.model_validate(read_json(body))
    except (HTTPException, ValidationError):
        return None


def _operations(endpoints: Iterable[Endpoint]) -> Mapping[bytes, Operation]:
    """By the last word of their paths, or by none: the endpoints that make commands of documents.

    They are told by where they lie: on the purchases of an account, and below one of them.
    """
    found: dict[bytes, Operation] = {}
    for declared in endpoints:
        parent, _, word = declared.path.rpartition("/")
        is_new = declared.path == PURCHASES_PATH
        if declared.body in COMMAND_OF and (is_new or parent == PURCHASE_PATH):
            assert isinstance(declared.body, type)
            operation = Operation(declared.body, declared.roles)
            found[b"" if is_new else word.encode()] = operation
    return found
