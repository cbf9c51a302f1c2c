"""Figures of a period beside those of the one before it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from authorizer.console.words import said
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period

BETTER: Final = "better"
WORSE: Final = "worse"
SAME: Final = "same"


class Figure(NamedTuple):
    """A figure to be told."""

    title: str
    kind: str
    """How it is written: a filter of the templates."""
    path: tuple[str, ...]
    """Where it is in a report."""
    more_is_better: bool | None
    """None: more is neither."""


class Told(NamedTuple):
    """A figure as it is now, and what it was."""

    figure: Figure
    now: Any
    before: Any
    trend: str
    """`better`, `worse` or `same`; empty where neither can be said."""


SERVICE: Final = (
    Figure(said("Chamados abertos"), "number", ("abertos",), None),
    Figure(said("Taxa de resolução"), "percent", ("taxa_resolucao",), True),
    Figure(said("Primeira resposta (mediana)"), "minutes", ("primeira_resposta", "mediana"), False),
    Figure(said("Resolução (mediana)"), "minutes", ("resolucao_primeira", "mediana"), False),
    Figure(said("Resolvidos no prazo"), "percent", ("sla", "resolucao", "taxa"), True),
    Figure(said("Próxima resposta no prazo"), "percent", ("sla", "proxima_resposta", "taxa"), True),
    Figure(said("No prazo legal"), "percent", ("sla", "prazo_legal", "taxa"), True),
    Figure(said("Reaberturas por resolução"), "percent", ("taxa_reabertura",), False),
)
PURCHASES: Final = (
    Figure(said("Compras aprovadas"), "number", ("aprovadas", "quantidade"), None),
    Figure(said("Valor aprovado"), "reais", ("aprovadas", "centavos"), None),
    Figure(said("Compras recusadas"), "number", ("recusadas", "quantidade"), False),
    Figure(said("Taxa de aprovação"), "percent", ("taxa_aprovacao",), True),
)


def told(
    figures: tuple[Figure, ...], now: Mapping[str, Any], before: Mapping[str, Any]
) -> list[Told]:
    """The figures of a report, and of that of the period before."""
    return [_told(figure, _at(now, figure.path), _at(before, figure.path)) for figure in figures]


def with_approval_rate(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report of purchases with the share of them that was approved; None where there is none."""
    approved, declined = (report[kind]["quantidade"] for kind in ("aprovadas", "recusadas"))
    every = approved + declined
    return {**report, "taxa_aprovacao": approved / every if every else None}


def before(period: Period, days: LocalDays) -> Period:
    """The period just before one: as many local days."""
    touched = days.touched(period)
    return Period(days.start_us(touched.start - len(touched)), days.start_us(touched.start))


def _told(figure: Figure, now: Any, earlier: Any) -> Told:
    now, earlier = _number(now), _number(earlier)
    if now is None or earlier is None or figure.more_is_better is None:
        return Told(figure, now, earlier, "")
    if now == earlier:
        return Told(figure, now, earlier, SAME)
    return Told(figure, now, earlier, BETTER if (now > earlier) == figure.more_is_better else WORSE)


def _number(value: Any) -> Any:
    """Money comes as text: JSON's integers have 64 bits there."""
    return int(value) if isinstance(value, str) else value


def _at(report: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = report
    for name in path:
        found = found[name]
    return found
