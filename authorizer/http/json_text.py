"""Whether bytes are JSON, with numbers of any size: RFC 8259 sets them no bound."""

import re
from typing import Final

import orjson

_MAY_BE_BEYOND: Final = re.compile(rb"[eE]\+?0*[1-9][0-9]{2}|(?<![0-9])[0-9]{200}")
"""What every number that a double can't hold has in it."""
_NUMBER: Final = re.compile(
    rb"(?<![\w.+-])-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+(?![\w.+-])"
)


def has_numbers_beyond(body: bytes) -> bool:
    """Whether bytes that orjson refuses are JSON all the same, with numbers that no double holds.

    orjson is strict where the standard library is not. So the bytes are read once more with every
    number written as 0, in texts too: that changes what they say, and never whether they are JSON.
    """
    if _MAY_BE_BEYOND.search(body) is None:
        return False
    try:
        orjson.loads(_NUMBER.sub(b"0", body))
    except orjson.JSONDecodeError:
        return False
    return True
