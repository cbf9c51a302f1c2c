"""How much one question about the past may bring."""

from typing import Final

MAX_PAGE_ROWS: Final = 200
"""Rows on a page of a statement, a history or a list."""
MAX_GROUPS: Final = 100
"""Groups that a report tells one by one, the largest. Names are free text, so there may be any
number; the rest is told together."""
