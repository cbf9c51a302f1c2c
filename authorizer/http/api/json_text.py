"""Whether bytes are JSON, with numbers of any size, and how deeply it is nested.

RFC 8259 sets neither a bound. Numbers have none here. Nesting has one of our own, because that of
the standard library's parser differs from one Python to the next.
"""

import re
from typing import Final

import orjson

MAX_NESTING: Final = 500
"""Arrays and objects within each other. Every Python reads so many."""

_TEXT_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
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


def is_nested_too_deeply(body: bytes) -> bool:
    """Whether JSON is nested beyond `MAX_NESTING`."""
    if body.count(b"[") + body.count(b"{") <= MAX_NESTING:
        return False
    depth = 0
    for found in _TEXT_OR_BRACKET.finditer(body):
        mark = found[0]
        if mark in b"[{":
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif mark in b"]}":
            depth -= 1
    return False
