"""What the system knows of a connection's socket."""

import fcntl
import struct
import termios
from typing import Any, Final

_INT: Final = struct.Struct("i")


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
