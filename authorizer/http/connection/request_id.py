"""What a client calls its request: `X-Request-Id`, in and out, and `Idempotency-Key`."""

import itertools
import re
import secrets
from collections.abc import Iterable
from typing import Final

_FIT = re.compile(rb"[\x21-\x7e]{1,128}")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
"""A text as structured fields write it (RFC 9651), which the header's draft asks for."""
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


def key_text(value: bytes) -> str | None:
    """An `Idempotency-Key` without the quotation marks that it may stand in; None: no UTF-8."""
    try:
        key = value.decode().strip(" \t")
    except UnicodeDecodeError:
        return None
    quoted = _QUOTED.fullmatch(key)
    return key if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])


def new_id() -> bytes:
    """An id of ours."""
    return b"%s-%x" % (_PREFIX, next(_numbers))
