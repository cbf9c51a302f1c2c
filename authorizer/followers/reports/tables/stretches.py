"""Which positions of the journal are of which time: rows of `stretches`, and asking by them."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from authorizer.followers.reports.tables.schema import STRETCH, stretches
from authorizer.followers.reports.tables.writing import execute

_FIRST: Final = stretches.c.first_at_us
_LAST: Final = stretches.c.last_at_us


def put_times(
    connection: Connection, positions: tuple[int, int], times_us: tuple[int, int]
) -> None:
    """Note that the events from one position to another happened from one time to another."""
    first, last = (position // STRETCH for position in positions)
    rows = [(number, *times_us) for number in range(first, last + 1)]
    execute(connection, _widening, rows)


def within(position: ColumnElement[int], start_us: Any, end_us: Any) -> ColumnElement[bool]:
    """Whether a position may be of an event from `start_us` up to `end_us`, without its end.

    It is where the event is of that time, and may be where the event is of another.
    """
    first = select(func.min(stretches.c.number) * STRETCH).where(start_us <= _LAST)
    past = select((func.max(stretches.c.number) + 1) * STRETCH).where(end_us > _FIRST)
    return and_(position >= first.scalar_subquery(), position < past.scalar_subquery())


def _widening(insert: Any) -> Any:
    """Insert a stretch, or widen the one that is there."""
    insertion = insert(stretches)
    new = insertion.excluded
    return insertion.on_conflict_do_update(
        index_elements=stretches.primary_key,
        set_={
            "first_at_us": case((new.first_at_us < _FIRST, new.first_at_us), else_=_FIRST),
            "last_at_us": case((new.last_at_us > _LAST, new.last_at_us), else_=_LAST),
        },
    )
