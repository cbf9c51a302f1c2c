"""What a caller rests a change on: how the thing is that they have seen."""

from collections.abc import Iterable
from typing import Final, NamedTuple


class Precondition(NamedTuple):
    """Holds while the newest event of the thing is at one of some journal positions."""

    positions: frozenset[int]
    """0 stands for a thing that is not there."""
    any_but: bool = False
    """It is any position but these."""

    def holds(self, position: int) -> bool:
        """Whether it holds for a thing at a position."""
        return (position in self.positions) is not self.any_but


ABSENT: Final = Precondition(frozenset((0,)))
"""It is not there."""
PRESENT: Final = Precondition(frozenset((0,)), any_but=True)
"""It is there."""


def at_one_of(positions: Iterable[int]) -> Precondition:
    """It is there, and at one of these positions."""
    return Precondition(frozenset(positions) - {0})
