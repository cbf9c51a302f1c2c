"""Reports of a period as one HTML page that needs nothing but itself.

Its language is Portuguese: its readers are customer care.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from authorizer.domain.money import format_cents
from authorizer.followers.reports.export import charts
from authorizer.followers.reports.export.charts import Chart, Series
from authorizer.followers.reports.export.portuguese import group_name
from authorizer.followers.reports.groupings import BY_DAY, PURCHASES, SERVICE

MAX_TABLE_ROWS: Final = 20
"""Groups that a table shows; the rest is told together."""
_NOTHING: Final = "\u2013"
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR


def page_of(reports: Mapping[str, Any]) -> str:
    """The page of the reports that `AllReports` made: both, or one."""
    zone = ZoneInfo(reports["fuso_horario"])
    service, purchases = reports.get(SERVICE), reports.get(PURCHASES)
    parts = {SERVICE: service, PURCHASES: purchases}
    return _ENVIRONMENT.get_template("report.html.j2").render(
        title=" e ".join(_TITLES[name] for name, part in parts.items() if part).capitalize(),
        begins=_edge(reports["de"], zone),
        ends=_edge(reports["ate"], zone),
        made_at=_edge(reports["gerado_em"], zone),
        reports=reports,
        service=service and service[BY_DAY],
        purchases=purchases and purchases[BY_DAY],
        service_tables=_tables(service, _SERVICE_TABLES),
        purchase_tables=_tables(purchases, _PURCHASE_TABLES),
        service_charts=service and _service_charts(service[BY_DAY]),
        operations=_OPERATIONS,
        purchase_charts=purchases and _purchase_charts(purchases[BY_DAY]),
        geometry=charts,
    )


_TITLES: Final = {SERVICE: "atendimento", PURCHASES: "transações"}
_OPERATIONS: Final = {
    "autorizacoes": "Autorizações",
    "acrescimos": "Acréscimos",
    "capturas": "Capturas",
    "estornos": "Estornos",
    "devolucoes": "Devoluções",
    "expiracoes": "Expirações",
    "recusas": "Recusas",
}
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


def _tables(reports: Mapping[str, Any] | None, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    return [_table(title, by, reports[by]) for by, title in titles.items() if reports]


def _table(title: str, by: str, report: Mapping[str, Any]) -> dict[str, Any]:
    shown = report["grupos"][:MAX_TABLE_ROWS]
    hidden = len(report["grupos"]) - len(shown) + report.get("outros", {}).get("grupos", 0)
    rows = [(group_name(by, group["grupo"]), group) for group in shown]
    return {"title": title, "rows": rows, "hidden": hidden}


def _service_charts(service: Mapping[str, Any]) -> list[Chart]:
    days = [_day(group["grupo"]) for group in service["grupos"]]
    return [
        charts.stacked_bars(
            "Chamados abertos por dia",
            f"{service['abertos']} chamados abertos no período.",
            days,
            [Series("abertos", "first", [group["abertos"] for group in service["grupos"]])],
        ),
        charts.line(
            "Chamados em aberto no fim de cada dia",
            "Todos os chamados sem resolução no fim do dia, quando quer que tenham sido abertos.",
            days,
            Series("em aberto", "first", [group["backlog"] for group in service["grupos"]]),
        ),
    ]


def _purchase_charts(purchases: Mapping[str, Any]) -> list[Chart]:
    counts = {
        kind: [group[kind]["quantidade"] for group in purchases["grupos"]]
        for kind in ("aprovadas", "recusadas")
    }
    return [
        charts.stacked_bars(
            "Transações por dia",
            f"{sum(counts['aprovadas'])} aprovadas e {sum(counts['recusadas'])} recusadas.",
            [_day(group["grupo"]) for group in purchases["grupos"]],
            [
                Series("aprovadas", "first", counts["aprovadas"]),
                Series("recusadas", "second", counts["recusadas"]),
            ],
        )
    ]


def _day(text: str) -> str:
    """A date as it is written in Brazil."""
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _edge(text: str, zone: ZoneInfo) -> str:
    """A day, or an instant in local time, for people."""
    if len(text) == len("2026-11-22"):
        return _day(text)
    local = datetime.fromisoformat(text).astimezone(zone)
    to_the_minute = not (local.second or local.microsecond)
    return f"{local:%d/%m/%Y %H:%M}" if to_the_minute else f"{local:%d/%m/%Y %H:%M:%S}"


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
    loader=PackageLoader("authorizer.followers.reports.export"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "day": _day,
    "number": _number,
    "minutes": _minutes,
    "percent": _percent,
    "reais": _reais,
}
