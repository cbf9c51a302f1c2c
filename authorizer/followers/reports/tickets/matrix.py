"""The numbers of tickets in memory, as they are read from the tables."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
from sqlalchemy import Row, Select, func, select
from sqlalchemy.sql.elements import ColumnElement

from authorizer.domain.tickets.state import OVER
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tables.care_schema import tickets
from authorizer.followers.reports.tickets.columns import (
    NEVER,
    NextResponses,
    Reopenings,
    TicketColumns,
)

NAMED: Final = ("channel", "category", "attendant")
"""The last columns before the waits: names, for which numbers stand."""

Waits = dict[int, list[list[int | None]]]
"""The reopenings, or the next responses, of those that have any, by where they were opened."""

_WIDTH: Final = len(fields(TicketColumns))


def _or_never(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, NEVER)


ROWS: Final[Select[Any]] = select(
    tickets.c.position,
    tickets.c.opened_position,
    tickets.c.opened_at_us,
    _or_never(tickets.c.first_response_at_us),
    _or_never(tickets.c.first_bot_response_at_us),
    _or_never(tickets.c.first_resolved_at_us),
    _or_never(tickets.c.resolved_at_us),
    tickets.c.resolutions,
    tickets.c.reopenings,
    tickets.c.ran_us,
    _or_never(tickets.c.runs_since_us),
    tickets.c.resolution_target_us,
    tickets.c.first_response_due_us,
    _or_never(tickets.c.resolution_due_us),
    tickets.c.legal_due_us,
    tickets.c.warned,
    tickets.c.missed,
    tickets.c.status.not_in(OVER),
    tickets.c.channel,
    tickets.c.category,
    tickets.c.attendant,
    tickets.c.reopening_waits,
    tickets.c.response_waits,
).order_by(tickets.c.opened_position)
"""The position of a ticket's newest change, the fields of `TicketColumns`, its waits."""


class TicketMatrix:
    """One line for each field of `TicketColumns`, in the order of the tickets' openings."""

    def __init__(self) -> None:
        self.newest_change = 0
        """The newest position in the journal that is in here."""
        self.names: dict[str, list[str]] = {column: [] for column in NAMED}
        self._numbers: dict[str, dict[str | None, int]] = {
            column: {None: NEVER} for column in NAMED
        }
        self._lines = np.empty((_WIDTH, 0), np.int64)
        self._count = 0
        self._reopenings: Waits = {}
        self._responses: Waits = {}

    def __len__(self) -> int:
        return self._count

    def opened_in(self, period: Period) -> TicketColumns:
        """The tickets opened in a period, as they are now."""
        columns = TicketColumns.of(self._lines[:, : self._count])
        opened = (columns.opened_us >= period.start_us) & (columns.opened_us < period.end_us)
        return columns.take(opened)

    def reopenings_of(self, columns: TicketColumns) -> Reopenings:
        """The reopenings of some of the tickets."""
        found = _waits_of(columns, self._reopenings, len(Reopenings._fields) - 1)
        return Reopenings(*found)

    def responses_of(self, columns: TicketColumns) -> NextResponses:
        """The next responses of some of the tickets."""
        found = _waits_of(columns, self._responses, len(NextResponses._fields) - 1)
        return NextResponses(*found)

    def put(self, rows: Sequence[Row[Any]]) -> None:
        """Take some of `ROWS` in, each in place of the older one of its ticket."""
        *columns, reopenings, responses = zip(*rows, strict=True)
        for kept, texts in ((self._reopenings, reopenings), (self._responses, responses)):
            for opened_position, text in zip(columns[1], texts, strict=True):
                if text is not None:
                    kept[opened_position] = orjson.loads(text)
        named = zip(NAMED, columns[-len(NAMED) :], strict=True)
        lines = np.array(
            [*columns[: -len(NAMED)], *(self._numbered(*column) for column in named)], np.int64
        )
        self.newest_change = max(self.newest_change, int(lines[0].max()))
        lines = lines[1:]
        known = self._lines[0, : self._count]
        places = np.searchsorted(known, lines[0])
        here = np.isin(lines[0], known, assume_unique=True)
        self._lines[:, places[here]] = lines[:, here]
        self._append(lines[:, ~here])

    def _append(self, lines: npt.NDArray[np.int64]) -> None:
        count = self._count + lines.shape[1]
        if count > self._lines.shape[1]:
            room = np.empty((_WIDTH, max(count, self._count * 3 // 2)), np.int64)
            room[:, : self._count] = self._lines[:, : self._count]
            self._lines = room
        self._lines[:, self._count : count] = lines
        self._count = count

    def _numbered(self, column: str, names: Sequence[str | None]) -> list[int]:
        numbers = self._numbers[column]
        for name in set(names) - numbers.keys():
            numbers[name] = len(self.names[column])
            self.names[column].append(str(name))
        return [numbers[name] for name in names]


def _waits_of(columns: TicketColumns, waits: Waits, width: int) -> npt.NDArray[np.int64]:
    """The place of the ticket and the first `width` values of each wait, as lines."""
    there = np.fromiter(waits, np.int64, len(waits))
    places = np.searchsorted(columns.opened_position, there)
    found = [
        (place, *(NEVER if at_us is None else at_us for at_us in wait[:width]))
        for place, known, opened in zip(
            places.tolist(),
            np.isin(there, columns.opened_position).tolist(),
            there.tolist(),
            strict=True,
        )
        if known
        for wait in waits[opened]
    ]
    return np.array(found, np.int64).reshape(-1, width + 1).T
