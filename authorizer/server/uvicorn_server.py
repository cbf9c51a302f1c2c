"""uvicorn as the server runs it: its settings, and a drain that leaves no connection out."""

import asyncio
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from typing_extensions import override

from authorizer.http.transactions import App

DRAIN_SECONDS: Final = 15
ACCEPT_SECONDS: Final = 2.0
"""How long a drain goes on accepting connections that the system has established."""


class UvicornServer(uvicorn.Server):
    """uvicorn without its signal handlers: SIGTERM drains and then ends with status 0."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in sockets or ():
            await _accept_established(listening)
        await super().shutdown(sockets)

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def uvicorn_config(app: App | Any, http: Any, keep_alive_seconds: int = 75) -> uvicorn.Config:
    """uvicorn's settings; benchmarks compare under the same ones.

    `http` makes the protocol of a connection: ours, or uvicorn's own under the name `httptools`.
    """
    return uvicorn.Config(
        app,
        loop="none",
        http=http,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=keep_alive_seconds,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


async def _accept_established(listening: socket.socket) -> None:
    """Let the loop accept the connections that wait; it takes one in each of its turns."""
    listening.listen(0)  # no more than one is added at a time from now on
    waiting = select.poll()
    waiting.register(listening, select.POLLIN)
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + ACCEPT_SECONDS
    while waiting.poll(0) and loop.time() < ends_at:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0)
    await asyncio.sleep(0)  # the connection accepted last exists then
