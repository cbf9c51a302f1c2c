"""Lines of a purchase's life, counted by kind on their way into the sums."""

from typing import Any

from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tables.movement_sums import MovementSums
from authorizer.followers.reports.tables.terms import KnownTerms, Terms

LineTerms = tuple[Any, ...]
"""The type of a line, and its `Terms`."""


class _Alike:
    """Lines of one type with the same terms: how many of a day came, until they are added up."""

    __slots__ = ("cents", "code", "count", "terms_id", "type")

    def __init__(self, type_: str, code: str, terms_id: int) -> None:
        self.type = type_
        self.code = code
        self.terms_id = terms_id
        self.count = 0
        self.cents = 0


class CountedLines:
    """Counts the lines that a run of events brings."""

    def __init__(self, known: KnownTerms, days: LocalDays) -> None:
        self._known = known
        self._days = days
        self._alike: dict[LineTerms, _Alike] = {}
        self._of_today: list[_Alike] = []
        """Those of which some lines are not in the sums yet."""
        self._day = 0
        self._today = Period(0, 0)
        self._sums = MovementSums(days)

    def count(self, terms: LineTerms, at_us: int, cents: int, position: int) -> int:
        """Count a line; the id of its terms."""
        alike = self._alike.get(terms)
        if alike is None:
            type_, reason, *_ = terms
            terms_id = self._known.like(Terms(*terms[1:]), position).terms_id
            alike = self._alike[terms] = _Alike(type_, reason.answer_code, terms_id)
        if not self._today.start_us <= at_us < self._today.end_us:
            self.sums()
            self._day, self._today = self._days.day_at(at_us)
        if not alike.count:
            self._of_today.append(alike)
        alike.count += 1
        if cents <= MAX_BALANCE_CENTS:
            alike.cents += cents
        return alike.terms_id

    def sums(self) -> MovementSums:
        """The sums of all lines that came."""
        for alike in self._of_today:
            self._sums.add_alike(self._day, alike.type, alike.code, alike.count, alike.cents)
            alike.count = alike.cents = 0
        self._of_today = []
        return self._sums
