"""Pages of a list of limits: an account's own, then those for every account, by name."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, Field

from authorizer.followers.reports.bounds import MAX_PAGE_ROWS
from authorizer.http.api.paging import Rows, cursor_parts, cursor_text
from authorizer.http.api.query import Query

MAX_CURSOR_LENGTH: Final = 2048
"""A cursor has a name in it."""

L = TypeVar("L")

Place = tuple[bool, str]
"""Where a limit is in its list: behind the account's own those for every account, by name."""


def _place_in(cursor: str) -> Place:
    """The place of a page's last limit. ValueError: it is no cursor of this list."""
    is_global, name = cursor_parts(cursor, [bool, str])
    return is_global, name


def _check_cursor(cursor: str) -> str:
    _place_in(cursor)
    return cursor


class LimitsQuery(Query):
    """Which page of a list of limits."""

    limit: Rows = MAX_PAGE_ROWS
    before: (
        Annotated[str, Field(max_length=MAX_CURSOR_LENGTH), AfterValidator(_check_cursor)] | None
    ) = None

    def page_of(self, limits: Mapping[Place, L]) -> tuple[list[L], str | None]:
        """The limits of the page, and the cursor of the next one."""
        behind = None if self.before is None else _place_in(self.before)
        places = sorted(place for place in limits if behind is None or place > behind)
        page = places[: self.limit]
        return [limits[place] for place in page], cursor_text(page[-1]) if page != places else None
