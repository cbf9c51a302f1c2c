"""How values are written for people: money, times, durations, by language."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from authorizer.domain.moments import MINUTE_US, moment_of
from authorizer.domain.money import format_cents

PORTUGUESE: Final = "pt-BR"
ENGLISH: Final = "en"
LANGUAGES: Final = (PORTUGUESE, ENGLISH)
HOUR_MINUTES: Final = 60
DAY_MINUTES: Final = 24 * HOUR_MINUTES
MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EN DASH}"
_SWAPPED: Final = str.maketrans(",.", ".,")


class Formats(NamedTuple):
    """How one language writes values, in one time zone."""

    language: str
    zone: ZoneInfo

    def money(self, cents: int) -> str:
        """`R$ 1.234,56`; in English `R$ 1,234.56`."""
        reais, centavos = format_cents(abs(cents)).split(".")
        text = f"{int(reais):,}.{centavos}"
        if self.language == PORTUGUESE:
            text = text.translate(_SWAPPED)
        return f"{MINUS if cents < 0 else ''}R$ {text}"

    def number(self, value: float) -> str:
        """A number, up to one decimal, its thousands apart."""
        text = f"{int(value):,}" if value == int(value) else f"{value:,.1f}"
        return text.translate(_SWAPPED) if self.language == PORTUGUESE else text

    def percent(self, share: float | None) -> str:
        """A share of 1 as per cent; a dash for none."""
        return NOTHING if share is None else f"{self.number(round(share * 100, 1))}%"

    def moment(self, at_us: int) -> str:
        """`28/11/2026 14:05`; in English `2026-11-28 14:05`."""
        pattern = "%d/%m/%Y %H:%M" if self.language == PORTUGUESE else "%Y-%m-%d %H:%M"
        return f"{self._local(at_us):{pattern}}"

    def iso(self, at_us: int) -> str:
        """The moment for programs, as `<time datetime>` has it."""
        return self._local(at_us).isoformat(timespec="seconds")

    def clock(self, at_us: int) -> str:
        """The time of the day."""
        return f"{self._local(at_us):%H:%M}"

    def day(self, at_us: int) -> str:
        """The local day."""
        pattern = "%d/%m/%Y" if self.language == PORTUGUESE else "%Y-%m-%d"
        return f"{self._local(at_us):{pattern}}"

    def date(self, text: str) -> str:
        """A date of a report, `2026-11-28`, as the language writes it."""
        year, month, day = text.split("-")
        return f"{day}/{month}/{year}" if self.language == PORTUGUESE else text

    def day_of_month(self, text: str) -> str:
        """A date of a report without its year: `28/11`; in English `11-28`."""
        _, month, day = text.split("-")
        return f"{day}/{month}" if self.language == PORTUGUESE else f"{month}-{day}"

    def span(self, span_us: int) -> str:
        """A duration: `25 min`, `2 h 5 min`, `3 d 4 h`; its sign is left out."""
        minutes = abs(span_us) // MINUTE_US
        if minutes < HOUR_MINUTES:
            return f"{minutes} min"
        if minutes < DAY_MINUTES:
            return f"{minutes // HOUR_MINUTES} h {minutes % HOUR_MINUTES} min"
        hours = minutes // HOUR_MINUTES
        return f"{hours // 24} d {hours % 24} h"

    def minutes(self, value: float | None) -> str:
        """A duration in minutes; a dash for none."""
        return NOTHING if value is None else self.span(round(value * MINUTE_US))

    def filters(self) -> dict[str, Callable[..., str]]:
        """All of these, for templates."""
        return {
            "money": self.money,
            "number": self.number,
            "percent": self.percent,
            "moment": self.moment,
            "iso": self.iso,
            "clock": self.clock,
            "day": self.day,
            "date": self.date,
            "day_of_month": self.day_of_month,
            "span": self.span,
            "minutes": self.minutes,
        }

    def _local(self, at_us: int) -> datetime:
        return moment_of(at_us).astimezone(self.zone)
