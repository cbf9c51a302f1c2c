"""Many requests at once: real concurrency on many connections, from one thread.

The HTTP here is the little that the tests need: requests with a body, answers with a
Content-Length. A connection that ends before its answer is whole gives no answer (None), which is
what a client of a killed server sees: the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from tests.support.client import Answer
from tests.support.waiting import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Request:
    """One request, not yet sent."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self) -> bytes:
        own = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        head = (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n{own}\r\n"
        )
        return head.encode("ascii") + self.body


class Connection:
    """One keep-alive connection with at most one request in flight."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def exchange(self, request: Request) -> Answer | None:
        """Send and wait for the answer; None when the connection ended before it was whole."""
        started = time.monotonic()
        try:
            self._writer.write(request.encoded())
            head = await self._reader.readuntil(b"\r\n\r\n")
            status, headers = _parse_head(head)
            body = await self._reader.readexactly(int(headers["content-length"]))
        except (OSError, asyncio.IncompleteReadError):
            return None
        return Answer(status, headers, body, (time.monotonic() - started) * 1000)

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    status_line, *lines = head[:-4].decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return int(status_line.split(" ", 2)[1]), headers


def send_together(
    port: int, requests: Sequence[Request], *, most_connections: int = 1000
) -> list[Answer | None]:
    """Release all requests at once, each on a connection of its own as far as these go.

    The connections are opened before the first byte is sent. Answers come in the order of the
    requests. TimeoutError when the server does not answer at all.
    """
    return asyncio.run(_send_together(port, requests, most_connections))


async def _send_together(
    port: int, requests: Sequence[Request], most_connections: int
) -> list[Answer | None]:
    answers: list[Answer | None] = [None] * len(requests)
    waiting = deque(enumerate(requests))
    connections = await open_connections(port, min(len(requests), most_connections))

    async def drain(connection: Connection) -> None:
        while waiting:
            index, request = waiting.popleft()
            answers[index] = await connection.exchange(request)

    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(drain(connection) for connection in connections))
    finally:
        await close_connections(connections)
    return answers


async def open_connections(port: int, count: int) -> list[Connection]:
    """Open `count` connections, a hundred at a time so that no listen queue overflows.

    OSError when one can't be opened; then none stays open.
    """
    connections: list[Connection] = []
    for batch in _batches(range(count), 100):
        attempts = (Connection.open(port) for _ in batch)
        opened = await asyncio.gather(*attempts, return_exceptions=True)
        connections += [one for one in opened if isinstance(one, Connection)]
        for failure in opened:
            if isinstance(failure, BaseException):
                await close_connections(connections)
                raise failure
    return connections


async def close_connections(connections: Iterable[Connection]) -> None:
    """Close all of them and wait until they are closed."""
    await asyncio.gather(*(connection.close() for connection in connections))


def _batches(items: Iterable[int], size: int) -> Iterator[list[int]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
