"""Answers to operations: what one tells, and what it is held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtest.life_messages import CREDIT, Operation, Standing
from loadtest.model import APPROVED, DECLINED, INSUFFICIENT_FUNDS

OK, CREATED, NOT_FOUND, CONFLICT = 200, 201, 404, 409
UNKNOWN = Standing("unknown")


@dataclass(frozen=True, slots=True)
class Foretold:
    """An answer, as it is or as it has to be.

    ``reason`` is the operation's or the problem's, None where any will do.
    """

    status: int
    reason: str | None = None
    standing: Standing | None = None

    def __str__(self) -> str:
        """Status, reason and the purchase, as problems tell it."""
        return " ".join(str(part) for part in (self.status, self.reason, self.standing) if part)


def told_by(operation: Operation, status: int, document: Mapping[str, Any]) -> Foretold:
    """Read an answer."""
    if status not in (OK, CREATED):
        return Foretold(status, document.get("reason"))
    if operation.kind == CREDIT:
        return Foretold(status)
    try:
        reason = document["operations"][-1]["reason"]
        return Foretold(status, reason, Standing.of(document))
    except (KeyError, TypeError, ValueError, IndexError):
        return Foretold(status, f"no purchase: {document}")


def code_of(reason: str) -> str:
    """The code that goes with a reason."""
    if reason in ("approved", "partially_approved"):
        return APPROVED
    return INSUFFICIENT_FUNDS if reason == "insufficient_funds" else DECLINED
