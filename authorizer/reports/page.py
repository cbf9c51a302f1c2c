"""All reports of a period as one HTML page that needs nothing but itself.

What is written on it is Portuguese, as its readers are customer care.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from authorizer.domain.money import format_cents
from authorizer.reports import charts
from authorizer.reports.charts import Chart, Series

MAX_ROWS: Final = 20
"""Groups that a table shows; the rest is told together."""
_NOTHING: Final = "\u2013"
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR


def page_of(reports: Mapping[str, Any]) -> str:
    """The page of what `everything.gather` gave."""
    template = _ENVIRONMENT.get_template("report.html.j2")
    return template.render(
        reports=reports,
        service=reports["atendimento"]["dia"],
        purchases=reports["transacoes"]["dia"],
        service_tables=[
            (title, _table(reports["atendimento"][by])) for by, title in _SERVICE_TABLES.items()
        ],
        purchase_tables=[
            (title, _table(reports["transacoes"][by])) for by, title in _PURCHASE_TABLES.items()
        ],
        charts=_charts(reports),
        geometry=charts,
    )


_SERVICE_TABLES: Final = {
    "canal": "Por canal",
    "categoria": "Por categoria",
    "atendente": "Por atendente",
}
_PURCHASE_TABLES: Final = {
    "carteira": "Por carteira",
    "mcc": "Por MCC",
    "estabelecimento": "Por estabelecimento",
    "motivo": "Por motivo",
}


def _table(report: Mapping[str, Any]) -> dict[str, Any]:
    shown = report["grupos"][:MAX_ROWS]
    hidden = len(report["grupos"]) - len(shown) + report.get("outros", {}).get("grupos", 0)
    return {"rows": shown, "hidden": hidden, "total": report}


def _charts(reports: Mapping[str, Any]) -> dict[str, Chart]:
    service, purchases = reports["atendimento"]["dia"], reports["transacoes"]["dia"]
    days = [_day(group["grupo"]) for group in service["grupos"]]
    purchase_days = [_day(group["grupo"]) for group in purchases["grupos"]]
    counts = {
        kind: [group[kind]["quantidade"] for group in purchases["grupos"]]
        for kind in ("aprovadas", "recusadas")
    }
    return {
        "opened": charts.stacked_bars(
            "Chamados abertos por dia",
            f"{service['abertos']} chamados abertos no período.",
            days,
            [Series("abertos", "first", [group["abertos"] for group in service["grupos"]])],
        ),
        "backlog": charts.line(
            "Chamados em aberto no fim de cada dia",
            "Todos os chamados sem resolução no fim do dia, quando quer que tenham sido abertos.",
            days,
            Series("em aberto", "first", [group["backlog"] for group in service["grupos"]]),
        ),
        "purchases": charts.stacked_bars(
            "Transações por dia",
            f"{sum(counts['aprovadas'])} aprovadas e {sum(counts['recusadas'])} recusadas.",
            purchase_days,
            [
                Series("aprovadas", "first", counts["aprovadas"]),
                Series("recusadas", "second", counts["recusadas"]),
            ],
        ),
    }


def _day(text: str) -> str:
    """A date as it is written in Brazil."""
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _edge(text: str) -> str:
    """A day, or an instant, for people."""
    return _day(text[:10]) + (f" {text[11:16]} UTC" if len(text) > len("2026-11-22") else "")


def _number(value: float) -> str:
    """Up to one decimal, with a point between thousands."""
    text = f"{int(value):,}" if value == int(value) else f"{value:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def _minutes(value: float | None) -> str:
    """A duration for people: `2 d 3 h`, `2 h 15 min`, `7,5 min`."""
    if value is None:
        return _NOTHING
    if value < _HOUR:
        return f"{_number(round(value, 1))} min"
    whole = round(value)
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR} min"
    hours = round(value / _HOUR)
    return f"{_number(hours // 24)} d {hours % 24} h"


def _percent(value: float | None) -> str:
    return _NOTHING if value is None else f"{_number(round(value * 100, 1))} %"


def _reais(cents: str) -> str:
    reais, centavos = format_cents(int(cents)).split(".")
    return f"R$ {_number(int(reais))},{centavos}"


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("authorizer.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "day": _day,
    "edge": _edge,
    "number": _number,
    "minutes": _minutes,
    "percent": _percent,
    "reais": _reais,
}
