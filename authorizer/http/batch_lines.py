"""The lines of a batch's body, as its parts come in (NDJSON)."""

from typing import Final

from authorizer.http.api.wire import MAX_BODY_BYTES

MAX_LINES: Final = 10_000
"""Lines that a batch has at most; blank ones don't count."""
MAX_BATCH_BYTES: Final = 4 << 20
"""How long a batch's body may be."""


class BatchLines:
    """Cuts what comes in into lines.

    A line ends with a line feed, a carriage return before it or not; the last one may end with the
    body. Blank lines are passed over. Of a line that is longer than a body may be no more is kept
    than shows that.
    """

    def __init__(self) -> None:
        self._begun = b""
        """What has come in of a line that has not ended."""
        self._bytes_left = MAX_BATCH_BYTES
        self._lines_left = MAX_LINES
        self.is_too_long = False
        """Whether more came than a batch may have; nothing that comes after that is looked at."""

    def feed(self, part: bytes) -> list[bytes]:
        """The lines that end in a part of the body."""
        if self.is_too_long:
            return []
        if len(part) > self._bytes_left:
            self.is_too_long = True
            part = part[: self._bytes_left]
        self._bytes_left -= len(part)
        *lines, begun = (self._begun + part).split(b"\n")
        self._begun = begun[: MAX_BODY_BYTES + 1]
        return self._within_bounds(lines)

    def end(self) -> list[bytes]:
        """The last line, if the body ended within it."""
        last, self._begun = self._begun, b""
        return [] if self.is_too_long else self._within_bounds([last])

    def _within_bounds(self, lines: list[bytes]) -> list[bytes]:
        lines = list(filter(bytes.strip, lines))
        if any(line.endswith(b"\r") for line in lines):
            lines = [line.removesuffix(b"\r") for line in lines]
        if len(lines) > self._lines_left:
            self.is_too_long = True
            lines = lines[: self._lines_left]
        self._lines_left -= len(lines)
        return lines
