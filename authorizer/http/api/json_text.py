"""Checks of JSON that the parsers leave out: numbers of any size, and the depth of nesting.

RFC 8259 bounds neither. Numbers have no bound here. Nesting has one of our own, because that of
the standard library's parser differs between versions of Python.
"""

import re
from typing import Final

import orjson

MAX_NESTING: Final = 500
"""Levels of arrays and objects. Every supported Python parses as many."""

_TEXT_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_MAY_BE_BEYOND: Final = re.compile(rb"[eE]\+?0*[1-9][0-9]{2}|(?<![0-9])[0-9]{200}")
"""Matches in every number that a double can't hold."""
_NUMBER: Final = re.compile(
    rb"(?<![\w.+-])-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+(?![\w.+-])"
)


def has_numbers_beyond(body: bytes) -> bool:
    """Whether bytes that orjson refuses are JSON with numbers that no double holds.

    orjson parses the bytes once more with every number replaced by 0, in texts too. That changes
    the values and never whether the bytes are JSON; the standard library alone would take more.
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
