"""Tickets as columns of numbers, so that a hundred thousand of them are summarized at once."""

from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from authorizer.followers.reports.tickets.durations import Column

NEVER: Final = -1
"""An instant that has not come; the number of no name."""


@dataclass(frozen=True, slots=True)
class TicketColumns:
    """The columns that the metrics need. Times are microseconds, instants since 1970 UTC."""

    opened_position: Column
    """The position of the opening in the journal: unique, and the order of the tickets here."""
    opened_us: Column
    first_response_us: Column
    """The first public word of an attendant, or NEVER."""
    first_bot_us: Column
    """The first public word of a bot, or NEVER."""
    first_resolution_us: Column
    last_resolution_us: Column
    resolutions: Column
    reopenings: Column
    ran_us: Column
    """How long the ticket's clock ran before `runs_since_us`."""
    runs_since_us: Column
    """Since when its clock runs; NEVER while it stands still."""
    resolution_target_us: Column
    response_due_us: Column
    resolution_due_us: Column
    """NEVER while its clock stands still."""
    legal_due_us: Column
    warned: Column
    missed: Column
    is_open: Column
    """1 while it is neither resolved nor closed, else 0."""
    channel: Column
    """Numbers of names, as of the other two."""
    category: Column
    attendant: Column

    @classmethod
    def of(cls, table: npt.NDArray[np.int64]) -> Self:
        """Columns over a table that has one line for each field."""
        return cls(*table)

    def __len__(self) -> int:
        return len(self.opened_us)

    def take(self, which: npt.NDArray[Any]) -> Self:
        """Only these tickets, told by a mask or by their places."""
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))


class Reopenings(NamedTuple):
    """Reopenings as columns of numbers: a ticket has as many as it was reopened."""

    ticket: Column
    """The place of the ticket among those that are asked about."""
    reopened_us: Column
    answered_us: Column
    """The first public word of an attendant after it, or NEVER."""


class NextResponses(NamedTuple):
    """What the customer said and was owed an answer to, as columns of numbers."""

    ticket: Column
    """The place of the ticket among those that are asked about."""
    asked_us: Column
    due_us: Column
    answered_us: Column
    """The next public word of an attendant, or NEVER."""
    settled_us: Column
    """When that, a resolution or the end came, or NEVER."""
