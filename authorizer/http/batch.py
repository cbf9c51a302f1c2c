"""`POST /transactions/batch`: purchases a line each, answers a line each, in the same order.

The body is read, decided and answered as it comes. The status is 200 as soon as a batch is taken,
so what goes wrong with a line is said by its answer, and what goes wrong with the batch by its last
line.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from starlette.responses import Response

from authorizer.actors.batch_turns import Turn
from authorizer.actors.batches import Batches
from authorizer.http.access.control import Access, Denied
from authorizer.http.api.problems import RETRY_SECONDS, problem_response
from authorizer.http.batch_answers import LINE_TOO_LONG, MEDIA_TYPE, Outbox, answer_lines
from authorizer.http.batch_body import BatchBody
from authorizer.http.batch_lines import MAX_BATCH_BYTES, MAX_LINES
from authorizer.http.batch_reading import BatchReader
from authorizer.http.connection.request_id import RequestIds, idempotency_keys

PATH: Final = "/transactions/batch"
MAX_WINDOW: Final = 8192
"""Lines that are decided together at most."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class BatchEndpoint:
    """Answers batches, in front of Starlette's router."""

    def __init__(self, batches: Batches, access: Access, ids: RequestIds) -> None:
        self._batches = batches
        self._access = access
        self._ids = ids
        self._reader = BatchReader()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a batch."""
        headers = scope["headers"]
        identity = self._ids.of(headers)
        caller = self._access.admit_transaction(headers) if scope["method"] == "POST" else None
        if caller is None:
            refusal = _problem(405, "batches are posted", identity, Allow="POST")
        elif isinstance(caller, Denied):
            refusal = _problem(caller.status, caller.detail, identity, **caller.headers)
        else:
            found = _obstacle(headers, identity)
            if found is None and self._batches.begin():
                try:
                    await self._answer(scope, receive, send, caller.by, identity)
                finally:
                    self._batches.end()
                return
            refusal = found or _problem(
                503, "too many batches are under way", identity, **{"Retry-After": RETRY_SECONDS}
            )
        await refusal(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, by: str, identity: bytes
    ) -> None:
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"x-request-id", identity)]
        outbox = Outbox(send, headers, whole=scope.get("http_version") == "1.0")
        body = BatchBody(receive)
        tasks = (asyncio.create_task(body.read()), asyncio.create_task(outbox.write()))
        try:
            await self._decide(body, by, outbox)
            await asyncio.gather(*tasks)
        except Exception as bug:
            self._batches.on_bug(bug)
            if outbox.has_begun:
                raise  # so that the answer breaks off
            await _problem(503, "this cannot be answered now", identity)(scope, receive, send)
        finally:
            for task in tasks:
                task.cancel()

    async def _decide(self, body: BatchBody, by: str, outbox: Outbox) -> None:
        """Decide the lines as they come in, to the last."""
        while lines := await body.lines(MAX_WINDOW):
            await self._decide_window(lines, by, outbox)
            await outbox.room()
        if body.is_too_long:
            outbox.expect()
            self._batches.when_durable((), outbox, LINE_TOO_LONG)
        outbox.end()

    async def _decide_window(self, lines: list[bytes], by: str, outbox: Outbox) -> None:
        async with Turn(self._batches.turns) as turn:
            read = await self._reader.read(lines, by, turn)
            outcomes = read.outcomes(await self._batches.decide(read.window, by, turn))
            outbox.expect()
            answers = answer_lines(read.heads, outcomes)
            self._batches.when_durable(outcomes, outbox, answers)


def _obstacle(headers: list[tuple[bytes, bytes]], identity: bytes) -> Response | None:
    """Why a batch can't be taken, whatever is in it."""
    declared = dict(headers).get(b"content-length", b"")
    if declared.isdigit() and int(declared) > MAX_BATCH_BYTES:
        detail = f"a batch holds at most {MAX_BATCH_BYTES} bytes and {MAX_LINES} lines"
        return _problem(413, detail, identity)
    if idempotency_keys(headers):
        return _problem(422, "a batch has no Idempotency-Key: each line has its id", identity)
    return None


def _problem(status: int, detail: str, identity: bytes, **headers: str) -> Response:
    return problem_response(status, detail, headers={**headers, "X-Request-Id": identity.decode()})
