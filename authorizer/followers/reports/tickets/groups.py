"""Tickets in groups: by the day of their opening, channel, category or attendant."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from authorizer.domain.moments import day_text
from authorizer.followers.reports.bounds import MAX_GROUPS
from authorizer.followers.reports.groupings import BY_DAY, TICKET_COLUMNS
from authorizer.followers.reports.local_days import LocalDay
from authorizer.followers.reports.tickets.columns import TicketColumns
from authorizer.followers.reports.tickets.durations import Column
from authorizer.followers.reports.tickets.metrics import Measures, service_metrics

Names = Mapping[str, Sequence[str]]
"""By column, the names that its numbers stand for."""


def grouped_metrics(
    by: str,
    tickets: TicketColumns,
    measures: Measures,
    names: Names,
    days: Sequence[LocalDay],
) -> dict[str, Any]:
    """`grupos`, and `outros` where there are too many of them.

    Days come in order, all of the period (`days`); other groups the largest first, equals by name.
    """
    if by == BY_DAY:
        starts = np.array([part.start_us for _, part, _ in days], np.int64)
        places = np.searchsorted(starts, tickets.opened_us, side="right") - 1
        found = service_metrics(measures, places, len(days))
        return {
            "grupos": [
                {"grupo": day_text(day.day), **metrics}
                for day, metrics in zip(days, found, strict=True)
            ]
        }
    column = TICKET_COLUMNS[by]
    return _by_name(getattr(tickets, column), measures, (*names[column], None))


def _by_name(numbers: Column, measures: Measures, names: Sequence[str | None]) -> dict[str, Any]:
    """`names` are told by their numbers, the last one by NEVER."""
    counts = np.bincount(numbers % len(names), minlength=len(names))
    there = np.flatnonzero(counts).tolist()
    there.sort(key=lambda number: (-int(counts[number]), names[number] or ""))
    place = np.full(len(names), MAX_GROUPS)
    place[there[:MAX_GROUPS]] = np.arange(len(there[:MAX_GROUPS]))
    found = service_metrics(measures, place[numbers], MAX_GROUPS + 1)
    document: dict[str, Any] = {
        "grupos": [
            {"grupo": names[number], **metrics}
            for number, metrics in zip(there[:MAX_GROUPS], found, strict=False)
        ]
    }
    if len(there) > MAX_GROUPS:
        document["outros"] = {"grupos": len(there) - MAX_GROUPS, **found[MAX_GROUPS]}
    return document
