"""The headers that name a request: `X-Request-Id`, in and out, and `Idempotency-Key`."""

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Final

_FIT = re.compile(rb"[\x21-\x7e]{1,128}")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
"""A string of structured fields (RFC 9651), as the draft of `Idempotency-Key` has it."""
_PREFIX_BYTES: Final = 6


class RequestIds:
    """The ids of requests: the client's own where it is fit, else a prefix and a number."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        """`random` gives the prefix, so that two processes give no id twice."""
        self._prefix = random(_PREFIX_BYTES).hex().encode()
        self._numbers = itertools.count(1)

    def of(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The id of a request. 1 to 128 visible ASCII characters are taken over as they are."""
        return given_id(headers) or self.new()

    def new(self) -> bytes:
        """A new id."""
        return b"%s-%x" % (self._prefix, next(self._numbers))


def given_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The client's own id of its request; None without one that is fit."""
    for name, value in headers:
        if name == b"x-request-id":
            return fit_id(value)
    return None


def fit_id(value: bytes) -> bytes | None:
    """The value of an `X-Request-Id`, if it is fit for an id."""
    return value if _FIT.fullmatch(value) else None


def idempotency_keys(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """The values of `Idempotency-Key`, of which there may be one."""
    return tuple([value for name, value in headers if name == b"idempotency-key"])


def key_text(value: bytes) -> str | None:
    """An `Idempotency-Key` without the quotation marks that it may stand in; None: no UTF-8."""
    try:
        key = value.decode().strip(" \t")
    except UnicodeDecodeError:
        return None
    quoted = _QUOTED.fullmatch(key)
    return key if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])
