"""What all reports of a period are asked for."""

from collections.abc import Collection
from typing import Final, NamedTuple

from authorizer.followers.reports.business_hours import BusinessHours
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period

SERVICE: Final = "atendimento"
PURCHASES: Final = "transacoes"
ABOUT: Final = (SERVICE, PURCHASES)


class Asked(NamedTuple):
    """What is to be told, and of when."""

    period: Period
    now_us: int
    hours: BusinessHours | None
    """None: how long tickets took is told in calendar time."""
    days: LocalDays
    about: Collection[str] = ABOUT
