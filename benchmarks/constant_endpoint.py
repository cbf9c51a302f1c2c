"""The server to compare with: a Starlette endpoint that always approves and remembers nothing.

``python -m benchmarks.constant_endpoint PORT`` runs it on one uvloop event loop under the very
uvicorn settings of ``authorizer serve``.
"""

import asyncio
import sys

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.server.sockets import listen
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


def main(port: int) -> None:
    """Serve until the process is ended."""
    with (
        listen(HOST, port) as listening,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(uvicorn.Server(uvicorn_config(app, "httptools")).serve(sockets=[listening]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
