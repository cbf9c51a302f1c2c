"""Priorities of tickets, and how fast each is to be answered and resolved (SLA)."""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple, Protocol

from authorizer.domain.moments import MINUTE_US


class Priority(Enum):
    """`prioridade`: how urgent a ticket is."""

    LOW = "baixa"
    MEDIUM = "media"
    HIGH = "alta"
    URGENT = "urgente"

    @classmethod
    def of(cls, word: str) -> "Priority":
        """The priority that a word names. KeyError for a word that names none."""
        return PRIORITY_OF_WORD[word]


PRIORITY_OF_WORD: Final = {priority.value: priority for priority in Priority} | {
    "normal": Priority.MEDIUM,
    "critica": Priority.URGENT,
}


class ServiceLevel(NamedTuple):
    """How long a ticket may take, in microseconds."""

    first_response_us: int
    """From the opening to the first public word of an attendant."""
    resolution_us: int
    """From the opening to the resolution, without the time in which the clock stood still."""
    next_response_us: int
    """From what the customer says later to the next public word of an attendant."""

    @classmethod
    def minutes(
        cls, first_response: int, resolution: int, next_response: int | None = None
    ) -> "ServiceLevel":
        """A level told in minutes; without one for it, the next response may take as the first."""
        following = first_response if next_response is None else next_response
        return cls(first_response * MINUTE_US, resolution * MINUTE_US, following * MINUTE_US)


ServiceLevels = Mapping[Priority, ServiceLevel]

DEFAULT_SERVICE_LEVELS: Final[ServiceLevels] = {
    Priority.LOW: ServiceLevel.minutes(480, 4320),
    Priority.MEDIUM: ServiceLevel.minutes(240, 1440),
    Priority.HIGH: ServiceLevel.minutes(60, 480),
    Priority.URGENT: ServiceLevel.minutes(15, 240),
}


class WorkingTime(Protocol):
    """The time in which service levels are counted."""

    def due_us(self, since_us: int, work_us: int) -> int:
        """When so much of it has passed since an instant; less than nothing lies before it."""

    def worked_us(self, since_us: int, until_us: int) -> int:
        """How much of it lies between two instants."""


class CalendarTime:
    """Time that never stands still."""

    def due_us(self, since_us: int, work_us: int) -> int:
        """The sum."""
        return since_us + work_us

    def worked_us(self, since_us: int, until_us: int) -> int:
        """The difference."""
        return until_us - since_us
