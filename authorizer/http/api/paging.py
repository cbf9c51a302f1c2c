"""Pages of a list: the number of rows, and the cursor of the next page.

A cursor is the key of the last row of a page. So no row is shown twice or left out, whatever is
added at the list's head meanwhile.
"""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

import orjson
from pydantic import AfterValidator, Field

from authorizer.followers.reports.bounds import MAX_PAGE_ROWS

DEFAULT_ROWS: Final = 50
MAX_CURSOR_LENGTH: Final = 128
SHOWN_AT_ONCE: Final = 10
"""Rows that are shown without a break: opening long sealed texts of as many takes a few ms."""
_LEAST, _MOST = -(2**63), 2**63 - 1
_NO_CURSOR: Final = "must be a cursor of this list"

Key = list[int]
"""The key of a row, by which its list is ordered."""

R = TypeVar("R")
S = TypeVar("S")


async def shown(rows: Sequence[R], show: Callable[[R], S]) -> list[S]:
    """Show every row, with a turn for other tasks after each `SHOWN_AT_ONCE`."""
    found: list[S] = []
    for at in range(0, len(rows), SHOWN_AT_ONCE):
        found += map(show, rows[at : at + SHOWN_AT_ONCE])
        await asyncio.sleep(0)
    return found


def cursor_of(key: Key | None) -> str | None:
    """The cursor of the page after a row; None without one."""
    return None if key is None else cursor_text(key)


def key_of(cursor: str, length: int) -> Key:
    """The key in a cursor: `length` numbers. ValueError: it is no cursor of this list."""
    key = cursor_parts(cursor, [int] * length)
    if not all(_LEAST <= number <= _MOST for number in key):
        raise ValueError(_NO_CURSOR)
    return key


def cursor_text(parts: Sequence[Any]) -> str:
    """Encode parts as a cursor."""
    return urlsafe_b64encode(orjson.dumps(tuple(parts))).decode().rstrip("=")


def cursor_parts(cursor: str, types: list[type]) -> list[Any]:
    """The parts of a cursor. ValueError: it is no cursor of this list."""
    try:
        parts = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise ValueError(_NO_CURSOR) from error
    if not isinstance(parts, list) or [type(part) for part in parts] != types:
        raise ValueError(_NO_CURSOR)
    return parts


def _cursor(length: int) -> AfterValidator:
    def check(cursor: str) -> str:
        key_of(cursor, length)
        return cursor

    return AfterValidator(check)


Rows = Annotated[int, Field(ge=1, le=MAX_PAGE_ROWS)]
CursorOfOne = Annotated[str, Field(max_length=MAX_CURSOR_LENGTH), _cursor(1)]
CursorOfTwo = Annotated[str, Field(max_length=MAX_CURSOR_LENGTH), _cursor(2)]
CursorOfThree = Annotated[str, Field(max_length=MAX_CURSOR_LENGTH), _cursor(3)]
