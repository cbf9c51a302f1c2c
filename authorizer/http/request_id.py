"""A request id, in and out (`X-Request-Id`): the client's own where it is fit, else one of ours."""

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
    for name, value in headers:
        if name == b"x-request-id":
            if _FIT.fullmatch(value):
                return value
            break
    return b"%s-%x" % (_PREFIX, next(_numbers))
