"""The sockets that the server listens on, and how many files it may have open."""

import resource
import socket
from typing import Final

BACKLOG: Final = 4096
ACCEPTED_PER_ROUND: Final = 16
MAX_CONNECTIONS: Final = 50_000
RESERVED_FILES: Final = 64


def raise_file_limit() -> int:
    """Raise the process's limit of open files to the system's; the connections there may be.

    Some files are kept from those: the journal opens one whenever it begins a segment, and without
    one the process must end.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(1, min(hard - RESERVED_FILES, MAX_CONNECTIONS))


class AddressTakenError(Exception):
    """Another program listens at the address that was to be had."""


def bind(host: str, port: int) -> socket.socket:
    """A socket that has an address, where nobody can connect yet. OSError if it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def listen(bound: socket.socket) -> None:
    """Let clients connect. Not before they can be served: their time counts from then.

    Raises:
        AddressTakenError: another program was quicker.
    """
    try:
        bound.listen(BACKLOG)
    except OSError as error:
        raise AddressTakenError(str(error)) from error


def duplicates(listening: socket.socket) -> list[socket.socket]:
    """More descriptors of one socket: libuv accepts one connection a round for each descriptor.

    With one, a burst of new connections under load would wait for seconds to be accepted.
    """
    return [listening.dup() for _ in range(ACCEPTED_PER_ROUND - 1)]


def url_of(listening: socket.socket) -> str:
    """The address of a socket as clients write it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
