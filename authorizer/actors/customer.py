"""The customer's actor: the only one that changes what is known of a customer."""

from collections.abc import Sequence
from typing import Any

from authorizer.actors.entity import EntityActor
from authorizer.domain.aggregates import Event
from authorizer.domain.customers import state as customers
from authorizer.domain.customers.commands import ErasePersonalData, ReadCustomer
from authorizer.domain.customers.events import CustomerEvent
from authorizer.domain.customers.person import Person
from authorizer.domain.customers.rules import erase_personal_data, register_customer
from authorizer.domain.customers.state import Customer, CustomerView, customer_view
from authorizer.domain.outcomes import Decision, Done, not_found
from authorizer.persistence.privacy.personal import pack


def _unknown(customer_id: str) -> Decision:
    return not_found(f"there is no customer {customer_id!r}")


class CustomerActor(EntityActor[Customer]):
    """Registers a customer, tells who they are, and forgets the person."""

    def decide(self, command: Any, now_us: int) -> Decision:
        """See `EntityActor`."""
        if isinstance(command, ReadCustomer):
            return Decision(Done()) if self.state.exists else _unknown(self.entity_id)
        if isinstance(command, ErasePersonalData):
            return erase_personal_data(self.state, command, now_us)
        unsealable = self.around.unsealable(self.entity_id)
        if unsealable is not None:
            return Decision(unsealable)
        person = Person(command.name, command.cpf, command.phone, command.email)
        return register_customer(self.state, command, pack(person), self.around.sealer, now_us)

    def evolve(self, event: CustomerEvent, position: int) -> None:
        """See `EntityActor`."""
        customers.evolve(self.state, event, position)

    def admit(self, events: Sequence[Event]) -> None:
        """See `EntityActor`."""
        self.around.state.customers.admit(self.entity_id)
        if self.state.erased:
            self.around.state.erased.add(self.entity_id)

    def view(self, command: Any) -> CustomerView:
        """See `EntityActor`."""
        return customer_view(self.state)
