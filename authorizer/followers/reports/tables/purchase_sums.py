"""Purchases added up by local day, dimension, key and answer code, on their way into a table."""

from collections.abc import Callable
from typing import Final

from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tables.schema import CENTS_BASE, MAX_KEY_LENGTH
from authorizer.followers.reports.tables.terms import Terms, Values

TOTAL: Final = "total"

KEYS: Final[dict[str, Callable[[str | None], str]]] = {
    TOTAL: lambda _: "",
    "wallet": lambda source: source or "",
    "mcc": lambda mcc: (mcc or "")[:MAX_KEY_LENGTH],
    "merchant": lambda merchant: " ".join((merchant or "").split())[:MAX_KEY_LENGTH],
    "reason": lambda word: word or "",
}
"""Every dimension, and its key from the value in the purchase's row."""

_DayKey = tuple[int, str, str, str]
"""Day, dimension, key, code."""
_Alike = tuple[int, Reason, str | None, str | None, str | None]
"""Day, reason, source of funds, MCC, merchant."""


class PurchaseSums:
    """Adds purchases up; gives the rows to add to the tables."""

    def __init__(self, days: LocalDays) -> None:
        self._days = days
        self._alike: dict[_Alike, list[int]] = {}
        """How many purchases of one kind there are, and their centavos."""
        self._whole: dict[int, Period] = {}
        """The days that occur."""

    def add(self, day: int, terms: Terms, count: int, cents: int) -> None:
        """Add purchases of one day that are alike. Amounts beyond a balance are not in `cents`."""
        if day not in self._whole:
            self._whole[day] = self._days.whole(day)
        like = (day, terms.reason, terms.source, terms.mcc, terms.merchant)
        sums = self._alike.setdefault(like, [0, 0])
        sums[0] += count
        sums[1] += cents

    def rows(self) -> list[Values]:
        """The rows to add to `transaction_days`."""
        days: dict[_DayKey, list[int]] = {}
        for (day, reason, source, mcc, merchant), (count, cents) in self._alike.items():
            told = {
                "wallet": source,
                "mcc": mcc,
                "merchant": merchant,
                "reason": reason.name_on_wire,
            }
            for dimension, key_of in KEYS.items():
                key = (day, dimension, key_of(told.get(dimension)), reason.answer_code)
                sums = days.setdefault(key, [0, 0])
                sums[0] += count
                sums[1] += cents
        return [
            (*key, count, cents // CENTS_BASE, cents % CENTS_BASE)
            for key, (count, cents) in days.items()
        ]

    def days(self) -> list[Values]:
        """The days that occur, as `local_days` has them."""
        return [(day, *whole) for day, whole in self._whole.items()]
