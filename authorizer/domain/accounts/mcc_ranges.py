"""Values by ranges of merchant category codes, as settings write them: `7011`, `3351-3999`."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

_RANGE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")


class MccRange(NamedTuple):
    """The codes from the first to the last one, and what holds for them."""

    first: int
    last: int
    value: int


def value_at(ranges: Iterable[MccRange], mcc: str) -> int | None:
    """What holds for a code; None where no range has it, and for codes that are no four digits."""
    if len(mcc) == 4 and mcc.isascii() and mcc.isdigit():
        code = int(mcc)
        for first, last, value in ranges:
            if first <= code <= last:
                return value
    return None


def parse_ranges(table: Mapping[str, int]) -> tuple[MccRange, ...]:
    """The ranges of a table, in order. ValueError for what is none, and for two that overlap."""
    ranges = sorted(_range(text, value) for text, value in table.items())
    for one, next_ in pairwise(ranges):
        if next_.first <= one.last:
            raise ValueError(f"{range_text(one)} and {range_text(next_)} overlap")
    return tuple(ranges)


def range_text(codes: MccRange) -> str:
    """A range as it is written."""
    first, last = f"{codes.first:04}", f"{codes.last:04}"
    return first if first == last else f"{first}-{last}"


def _range(text: str, value: int) -> MccRange:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is neither an MCC of four digits nor a range like 3351-3999")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise ValueError(f"{text} ends before it begins")
    return MccRange(first, last, value)
