"""Amounts of a transaction report, as its reader wants them."""

from collections.abc import Callable
from typing import Any


def with_amounts(report: Any, write: Callable[[int], Any]) -> Any:
    """The answer of the query `transaction_report`, with `valor` for its texts of `centavos`."""
    if isinstance(report, list):
        return [with_amounts(part, write) for part in report]
    if not isinstance(report, dict):
        return report
    if "centavos" in report:
        return {"quantidade": report["quantidade"], "valor": write(int(report["centavos"]))}
    return {name: with_amounts(part, write) for name, part in report.items()}
