"""The HTTP front that all peers share: Starlette on uvicorn, uvloop and httptools.

``python -m benchmarks.compare.front STORE FOLDER ACCOUNTS PORT`` serves a store by its name. With
``--own-front`` connections are the authorizer's own protocol instead, which hands plain requests
over without ASGI, so that a store is seen without what Starlette costs.
"""

import argparse
import asyncio
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.http.connection.connections import Connections
from authorizer.http.connection.exchange import Exchange
from authorizer.http.connection.plain_heads import PlainHead, PlainHeads
from authorizer.http.connection.protocol import Protocol
from authorizer.server.sockets import bind
from authorizer.server.uvicorn_server import uvicorn_config
from benchmarks.compare.purchases import APPROVED, INSUFFICIENT, REFUSED, read
from benchmarks.compare.store import Store

HOST: Final = "127.0.0.1"
PATH: Final = "/transactions"
MODULES: Final = {
    "postgresql": "postgresql",
    "postgresql-gathered": "postgresql",
    "redis": "redis_lua",
    "redis-gathered": "redis_lua",
    "sqlite": "sqlite_groups",
    "pykka": "pykka_threads",
}
"""The module of each store; its ``store`` makes one of a name, a folder and how many accounts."""
BODIES: Final = {
    code: b'{"code":"%s"}' % code.encode() for code in (APPROVED, INSUFFICIENT, REFUSED)
}
MOST_CONNECTIONS: Final = 10_000


def starlette_app(store: Store) -> Starlette:
    """The front's application."""

    async def transactions(request: Request) -> Response:
        purchase = read(await request.body())
        code = REFUSED if purchase is None else await store.decide(purchase)
        return Response(BODIES[code], media_type="application/json")

    async def account(request: Request) -> Response:
        balances = await store.balances(request.path_params["account"])
        if balances is None:
            return Response(status_code=404)
        text = ",".join(f'"{name}":{cents}' for name, cents in balances.items())
        return Response(f"{{{text}}}", media_type="application/json")

    async def health(_: Request) -> Response:
        return Response()

    return Starlette(
        routes=[
            Route(PATH, transactions, methods=["POST"]),
            Route("/accounts/{account}", account),
            Route("/health", health),
        ]
    )


class OwnFront:
    """Answers plain purchases straight from the connection, everything else as Starlette does."""

    exchange = Exchange

    def __init__(self, store: Store) -> None:
        self._store = store
        self._others = starlette_app(store)
        self.plain_heads = PlainHeads(frozenset((PATH,)))

    def answer(self, exchange: Exchange, head: PlainHead, body: bytes, read_ns: int) -> None:
        """Have the store decide, and respond then. See `DirectApp`."""
        purchase = read(body)
        if purchase is None:
            _respond(exchange, REFUSED)
            return
        asked = asyncio.ensure_future(self._store.decide(purchase))
        asked.add_done_callback(partial(_answered, exchange))

    def find_other(self, head: bytes, body: bytes) -> Callable[[Exchange, int], None] | None:
        """Nothing else goes straight. See `DirectApp`."""
        return None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Any other request."""
        await self._others(scope, receive, send)


def _answered(exchange: Exchange, asked: "asyncio.Future[str]") -> None:
    if (error := asked.exception()) is None:
        _respond(exchange, asked.result())
    else:
        exchange.respond(b"content-length: 0\r\n", b"", 500)
        raise error


def _respond(exchange: Exchange, code: str) -> None:
    body = BODIES[code]
    head = b"content-length: %d\r\ncontent-type: application/json\r\n" % len(body)
    exchange.respond(head, body)


async def serve(store: Store, port: int, *, own_front: bool) -> None:
    """Open a store and serve it until the process is ended."""
    await store.open()
    try:
        if own_front:
            http: Any = partial(Protocol, Connections(MOST_CONNECTIONS))
            config = uvicorn_config(OwnFront(store), http)
        else:
            config = uvicorn_config(starlette_app(store), "httptools")
        with bind(HOST, port) as bound:
            await uvicorn.Server(config).serve(sockets=[bound])
    finally:
        await store.close()


def main() -> None:
    """Serve what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store", choices=MODULES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("accounts", type=int)
    parser.add_argument("port", type=int)
    parser.add_argument("--own-front", action="store_true")
    chosen = parser.parse_args()
    module = import_module(f"benchmarks.compare.{MODULES[chosen.store]}")
    store: Store = module.store(chosen.store, chosen.folder, chosen.accounts)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(store, chosen.port, own_front=chosen.own_front))


if __name__ == "__main__":
    main()
