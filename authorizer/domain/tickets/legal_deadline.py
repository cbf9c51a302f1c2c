"""The legal deadline: seven days for an answer (Decreto 11.034/2022, art. 13).

"As demandas do consumidor serão respondidas no prazo de sete dias corridos, contado da data de seu
registro." Consecutive days: neither pauses nor business hours nor holidays move it.
"""

from collections.abc import Callable
from typing import Final

from authorizer.domain.moments import DAY_US

LEGAL_DAYS: Final = 7


def legal_due_us(registered_at_us: int, window_of: Callable[[str, int], tuple[int, int]]) -> int:
    """The end of the seventh local day after the day on which a ticket was registered."""
    _, ends_at_us = window_of("day", registered_at_us)
    for _ in range(LEGAL_DAYS):
        _, ends_at_us = window_of("day", ends_at_us)
    return ends_at_us


def seven_days_after_us(registered_at_us: int) -> int:
    """The same of a ticket from before such deadlines stood in events, which knew no time zone."""
    return registered_at_us + LEGAL_DAYS * DAY_US
