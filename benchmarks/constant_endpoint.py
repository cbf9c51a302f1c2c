"""The server to compare with: a Starlette endpoint that always approves and remembers nothing.

``python -m benchmarks.constant_endpoint PORT`` runs it on one uvloop event loop under the very
uvicorn settings of ``authorizer serve``. ``PORT bare`` does without Starlette.
"""

import asyncio
import sys
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.server.sockets import bind
from authorizer.server.uvicorn_server import uvicorn_config

HOST = "127.0.0.1"
BODY = b'{"code":"00"}'


async def approve(_: Request) -> Response:
    """The constant answer."""
    return Response(BODY, media_type="application/json")


async def health(_: Request) -> Response:
    """Ready as soon as it listens."""
    return Response()


app = Starlette(
    routes=[Route("/transactions", approve, methods=["POST"]), Route("/health", health)]
)


async def bare(_: Any, __: Any, send: Any) -> None:
    """The same answer to whatever is asked, as ASGI alone."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def main(port: int, application: Any = app) -> None:
    """Serve until the process is ended."""
    with (
        bind(HOST, port) as bound,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(uvicorn.Server(uvicorn_config(application, "httptools")).serve(sockets=[bound]))


if __name__ == "__main__":
    main(int(sys.argv[1]), bare if sys.argv[2:] == ["bare"] else app)
