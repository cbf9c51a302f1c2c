"""Amounts of a report, as its reader wants them written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from authorizer.domain.money import format_cents


def with_amounts(report: Any, write: Callable[[int], Any]) -> Any:
    """The answer of the query `transaction_report`, with `valor` for its texts of `centavos`."""
    if isinstance(report, list):
        return [with_amounts(part, write) for part in report]
    if not isinstance(report, dict):
        return report
    if "centavos" in report:
        return {"quantidade": report["quantidade"], "valor": write(int(report["centavos"]))}
    return {name: with_amounts(part, write) for name, part in report.items()}


def reais(cents: int) -> Decimal:
    """An amount as a spreadsheet has it, exact."""
    return Decimal(format_cents(cents))
