"""Operations of purchases added up by local day, type and code, on their way into a table."""

from typing import Final

from authorizer.domain.accounts.purchase_state import OperationType
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tables.schema import CENTS_BASE
from authorizer.followers.reports.tables.terms import Values

OPERATIONS: Final = frozenset(kind.value for kind in OperationType)
"""The types of lines that are added up."""


class MovementSums:
    """Adds operations up; gives the rows to add to the tables."""

    def __init__(self, days: LocalDays) -> None:
        self._days = days
        self._whole: dict[int, Period] = {}
        """The days that occur."""
        self._sums: dict[tuple[int, str, str], list[int]] = {}
        """By day, type and code: how many, and their centavos."""

    def add(self, at_us: int, type_: str, code: str, cents: int) -> None:
        """Add a line of a statement; one that is no operation of a purchase is left out."""
        day, _ = self._days.day_at(at_us)
        self.add_alike(day, type_, code, 1, cents if cents <= MAX_BALANCE_CENTS else 0)

    def add_alike(self, day: int, type_: str, code: str, count: int, cents: int) -> None:
        """Add lines of one day that are alike. Amounts beyond a balance are not in `cents`."""
        if type_ not in OPERATIONS:
            return
        if day not in self._whole:
            self._whole[day] = self._days.whole(day)
        sums = self._sums.setdefault((day, type_, code), [0, 0])
        sums[0] += count
        sums[1] += cents

    def rows(self) -> list[Values]:
        """The rows to add to `movement_days`."""
        return [
            (*key, count, cents // CENTS_BASE, cents % CENTS_BASE)
            for key, (count, cents) in self._sums.items()
        ]

    def days(self) -> list[Values]:
        """The days that occur, as `local_days` has them."""
        return [(day, *whole) for day, whole in self._whole.items()]
