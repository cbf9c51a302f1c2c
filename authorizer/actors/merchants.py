"""The merchant table's actor: the only one that changes it; accounts read it as it stands."""

from typing import Any

from authorizer.actors.entity import EntityActor
from authorizer.domain.merchants import rules as merchant_rules
from authorizer.domain.merchants.commands import (
    ReadMerchants,
    RegisterMerchant,
    RemoveMerchant,
)
from authorizer.domain.merchants.events import MerchantEvent
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.outcomes import Decision, Done


class MerchantsActor(EntityActor[MerchantTable]):
    """Registers, removes and lists merchant overrides.

    A purchase that an override steers is appended behind the override, so its answer waits for
    both to be durable.
    """

    def decide(self, command: Any, now_us: int) -> Decision:
        """See `EntityActor`."""
        if isinstance(command, RegisterMerchant):
            return merchant_rules.register_merchant(self.state, command, now_us)
        if isinstance(command, RemoveMerchant):
            return merchant_rules.remove_merchant(self.state, command, now_us)
        return Decision(Done())

    def evolve(self, event: MerchantEvent, position: int) -> None:
        """See `EntityActor`."""
        merchant_rules.evolve(self.state, event, position)

    def view(self, command: Any) -> list[tuple[str, str]]:
        """See `EntityActor`."""
        return self.state.entries() if isinstance(command, ReadMerchants) else []
