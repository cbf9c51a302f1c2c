"""State that all connections of one server share."""

from authorizer.http.connection.unread import Unread

Headers = list[tuple[bytes, bytes]]


class Connections:
    """The bound of connections, the answers that wait on them, and the lines all answers share."""

    def __init__(self, most: int, unread: Unread | None = None) -> None:
        self.most = most
        """A connection beyond so many is refused."""
        self.refused = 0
        """How many were."""
        self.unread = unread or Unread()
        self._headers: Headers = []
        self._lines = b""

    def header_lines(self, headers: Headers) -> bytes:
        """The headers that uvicorn adds to every response, as lines.

        uvicorn makes a new list of them every second; the lines of the newest are kept.
        """
        if headers is not self._headers:
            self._headers = headers
            self._lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        return self._lines
