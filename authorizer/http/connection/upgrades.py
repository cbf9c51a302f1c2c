"""`Upgrade` is passed over, as RFC 9110, 7.8 allows.

uvicorn would drop the body of a request that offers HTTP/2, as some clients' first request does.
"""

import re
from collections.abc import Callable
from typing import Final

_UPGRADE = re.compile(rb"(?<=\n)upgrade(?=[ \t]*:)", re.IGNORECASE)
_FROM_START = re.compile(rb"upgrade[ \t]*:", re.IGNORECASE)
_LENGTH: Final = len(b"upgrade")
_OTHER_NAME: Final = b"x-upgrd"
"""As long as the name that it stands for."""


class Upgrades:
    """Gives every `Upgrade` in a head another name, wherever the packets of a connection end."""

    __slots__ = ("_line",)

    def __init__(self) -> None:
        self._line: bytes | None = None
        """The line of the head that the last piece ended in, if it may become `Upgrade`."""

    def pass_over(
        self, data: bytes, parse: Callable[[bytes], None], goes_on: Callable[[], bool | None]
    ) -> None:
        """Hand a piece to the parser, with other names where it offers to upgrade.

        `goes_on` says whether the parser is in a head; None where the connection has ended. Where a
        piece ends within the name, what is left of it is changed.
        """
        if self._line is not None or b"upgrade" in data.lower():
            self._rename(data, parse, goes_on)
        else:
            parse(data)
        self._line = self._beginning_of_line(data) if goes_on() else None

    def _rename(
        self, data: bytes, parse: Callable[[bytes], None], goes_on: Callable[[], bool | None]
    ) -> None:
        at = 0
        if self._line is not None and _FROM_START.match(self._line + data):
            at = _LENGTH - len(self._line)
            parse(data[: max(0, at - 1)] + b"x")
            if goes_on() is None:
                return
        for found in _UPGRADE.finditer(data, at):
            parse(data[at : found.start()])
            in_head = goes_on()
            if in_head is None:
                return
            at = found.end()
            parse(_OTHER_NAME if in_head else found[0])
        if at < len(data) and goes_on() is not None:
            parse(data[at:])

    def _beginning_of_line(self, data: bytes) -> bytes | None:
        newline = data.rfind(b"\n")
        if newline < 0 and self._line is None:
            return None
        line = data[newline + 1 :] if newline >= 0 else (self._line or b"") + data
        return line if len(line) <= _LENGTH else None
