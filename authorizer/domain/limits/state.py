"""The limits for every account, as they stand."""

from collections.abc import Mapping
from typing import Any

from authorizer.domain.accounts.limits import LimitTerms, pack_terms, unpack_terms


class GlobalLimits:
    """The terms of each limit by its name. It changes through events only."""

    def __init__(self) -> None:
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.terms: Mapping[str, LimitTerms] = {}
        """Another mapping after each change: who looked at one sees by that whether it holds."""

    @property
    def exists(self) -> bool:
        """There is always a book of limits, if an empty one."""
        return True

    def __len__(self) -> int:
        return len(self.terms)


def parts(limits: GlobalLimits) -> list[tuple[Any, ...]]:
    """The limits as plain values, in one part: the position, and each name with its terms."""
    entries = [(name, pack_terms(terms)) for name, terms in limits.terms.items()]
    return [(limits.position, entries)]


def add_part(limits: GlobalLimits, part: list[Any]) -> None:
    """Take a part in."""
    limits.position, entries = part
    limits.terms = {name: unpack_terms(terms) for name, terms in entries}
