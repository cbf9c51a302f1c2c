"""The report of a backtest as one HTML page that needs nothing but itself.

Its language is English, as the authorizer's: its readers run it.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from authorizer.domain.money import format_cents
from authorizer.followers.reports.export import charts
from authorizer.followers.reports.export.charts import Chart, Series

MAX_DAYS: Final = 366
"""Days that the chart shows: the last ones."""


def page_of(report: Mapping[str, Any]) -> str:
    """The page of a backtest's report; its amounts are centavos, as text."""
    zone = ZoneInfo(report["time_zone"])

    def local(text: str) -> str:
        """A moment in local time."""
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M:%S}"

    return _ENVIRONMENT.get_template("backtest.html.j2").render(
        report=report,
        begins=local(report["from"]),
        ends=local(report["to"]),
        made_at=local(report["made_at"]),
        local=local,
        drawn=_chart(report),
        geometry=charts,
    )


def _chart(report: Mapping[str, Any]) -> Chart:
    declined = {date.fromisoformat(day["day"]): day["declined"] for day in report["days"]}
    days: list[date] = []
    if declined:
        first, last = min(declined), max(declined)
        count = min(MAX_DAYS, (last - first).days + 1)
        days = [last - timedelta(days=count - 1 - place) for place in range(count)]
    values = [declined.get(day, 0) for day in days]
    title = "Purchases that would have been declined, by day"
    summary = f"{sum(values)} in {len(days)} days."
    series = Series("would have been declined", "second", values)
    return charts.stacked_bars(title, summary, [f"{day}" for day in days], [series])


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _brl(cents: str) -> str:
    reais, centavos = format_cents(int(cents)).split(".")
    return f"R$ {int(reais):,}.{centavos}"


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("authorizer.followers.reports.export"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"count": _count, "brl": _brl}
