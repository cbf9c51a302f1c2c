"""What a client calls its request: `X-Request-Id`, in and out, and `Idempotency-Key`."""

import itertools
import re
import secrets
from collections.abc import Iterable
from typing import Final

_FIT = re.compile(rb"[\x21-\x7e]{1,128}")
_PREFIX: Final = secrets.token_hex(6).encode()
_numbers = itertools.count(1)


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The id of a request: 1 to 128 visible ASCII characters are taken over as they are."""
    return given_id(headers) or new_id()


def given_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The id that the client gave its request; None where it gave none that is fit."""
    for name, value in headers:
        if name == b"x-request-id":
            return value if _FIT.fullmatch(value) else None
    return None


def idempotency_keys(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """The values of `Idempotency-Key`; more than one are more than there may be."""
    return tuple([value for name, value in headers if name == b"idempotency-key"])


def new_id() -> bytes:
    """An id of ours."""
    return b"%s-%x" % (_PREFIX, next(_numbers))
