"""An address is had at first, and clients are let in once they can be served."""

from __future__ import annotations

import socket

import pytest

from authorizer.server.sockets import AddressTakenError, bind, listen
from tests.support.server import ALONE, MakeServer, Server, python

HOST = "127.0.0.1"
PATCHED = """
import socket, sys
from authorizer.cli import main
from authorizer.server import serve, sockets

calm = serve.calm_the_collector
address = ("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1]))

def look():
    with socket.socket() as client:
        print("connects:", client.connect_ex(address) == 0, file=sys.stderr, flush=True)

def take():
    serve.taken = sockets.bind(*address)
    sockets.listen(serve.taken)

def meanwhile():
    {}()
    calm()

serve.calm_the_collector = meanwhile
main()
"""
"""The server, and what is done just before it lets clients in."""


def connects(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def test_nobody_can_connect_before_it_listens() -> None:
    with bind(HOST, 0) as bound:
        port = bound.getsockname()[1]
        assert not connects(port)
        listen(bound)
        assert connects(port)
        with pytest.raises(OSError, match="in use"):
            bind(HOST, port)


def test_of_two_that_have_an_address_the_second_one_to_listen_is_told() -> None:
    with bind(HOST, 0) as first, bind(HOST, first.getsockname()[1]) as second:
        listen(second)
        with pytest.raises(AddressTakenError, match="in use"):
            listen(first)


def patched(server: Server, what: str) -> Server:
    command = [python(), "-c", PATCHED.format(what), "serve", "--port", "{port}"]
    server._command = [*command, "--data", "{data}", *ALONE]
    return server


def test_a_server_lets_nobody_in_while_it_gets_ready(make_server: MakeServer) -> None:
    """A purchase that came then would have waited for longer than its deadline."""
    server = patched(make_server(), "look").start()
    assert "connects: False" in server.log()


def test_a_server_whose_address_was_taken_meanwhile_says_so(make_server: MakeServer) -> None:
    server = patched(make_server(), "take")
    server.spawn()
    assert server.wait_end() == 1
    assert "in use" in server.log()
    assert "Traceback" not in server.log()
