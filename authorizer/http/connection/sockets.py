"""What the system knows of a connection's socket."""

import fcntl
import socket
import struct
import termios
from typing import Any, Final

_INT: Final = struct.Struct("i")
_TCP_INFO_BYTES: Final = 56
"""The beginning of Linux' `struct tcp_info`; its last 32 bits are `tcpi_last_data_recv`, in ms."""


def waiting_bytes(transport: Any) -> int:
    """How many bytes have come in and were not read yet; 0 where nobody knows."""
    connection = transport.get_extra_info("socket")
    if connection is None:
        return 0
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.FIONREAD, bytes(_INT.size))
    except OSError:  # it is closed
        return 0
    count: int = _INT.unpack(answer)[0]
    return count


def unread_ns(transport: Any) -> int:
    """How long ago the last bytes of a connection came in, to 4 ms; 0 if the system does not say.

    It takes some microseconds to ask.
    """
    connection = transport.get_extra_info("socket")
    if connection is None:
        return 0
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return 0
    return int.from_bytes(info[-4:], "little") * 1_000_000 if len(info) == _TCP_INFO_BYTES else 0
