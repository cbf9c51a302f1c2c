"""A card's controls: what its holder does not want to be bought with it."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.domain.descriptors import DescriptorTable
from authorizer.domain.revival import reviver


class CardControls(NamedTuple):
    """The controls as they were put; nothing named, nothing forbidden."""

    allowed_mccs: tuple[str, ...] | None = None
    """Only these; None: all. An empty one allows none."""
    blocked_mccs: tuple[str, ...] = ()
    blocked_merchants: tuple[str, ...] = ()
    """Names and prefixes, compared as merchant overrides are."""
    max_amount_cents: int | None = None
    """The most that a single purchase may be of, inclusive."""

    def obstacle(
        self, amount_cents: int, mcc: str, merchant: str, blocked: DescriptorTable | None
    ) -> str | None:
        """Which control is in the way of a purchase, in the word of the wire; `mcc` effective.

        `blocked`: the table of `blocked_merchants`, which is kept beside these.
        """
        if self.allowed_mccs is not None and mcc not in self.allowed_mccs:
            return "mccs_permitidos"
        if mcc in self.blocked_mccs:
            return "mccs_bloqueados"
        if blocked is not None and blocked.meets(merchant):
            return "estabelecimentos_bloqueados"
        if self.max_amount_cents is not None and amount_cents > self.max_amount_cents:
            return "valor_maximo"
        return None


NO_CONTROLS: Final = CardControls()

unpack_controls: Final[Callable[[list[Any]], CardControls]] = reviver(CardControls)
