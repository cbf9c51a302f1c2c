"""The ticket's actor: the only one that changes the ticket."""

from collections.abc import Sequence
from typing import Any

from authorizer.actors.entity import EntityActor
from authorizer.actors.sealed_texts import seal_texts
from authorizer.domain.aggregates import Event
from authorizer.domain.outcomes import Decision, Refusal
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets import state as tickets
from authorizer.domain.tickets.commands import OpenTicket
from authorizer.domain.tickets.events import TicketEvent, TicketOpened
from authorizer.domain.tickets.rules import Means, Seal, decide
from authorizer.domain.tickets.state import Ticket, TicketView, request_key, ticket_view


class TicketActor(EntityActor[Ticket]):
    """Leads a ticket through its life, one message at a time."""

    def decide(self, command: Any, now_us: int) -> Decision:
        """See `EntityActor`."""
        opening = isinstance(command, OpenTicket)
        customer_id = command.customer_id if opening else self.state.customer_id
        means = Means(self.around.policy.service_levels, self._seal(customer_id))
        return decide(self.state, command, means, now_us)

    def evolve(self, event: TicketEvent, position: int) -> None:
        """See `EntityActor`."""
        tickets.evolve(self.state, event, position)

    def admit(self, events: Sequence[Event]) -> None:
        """See `EntityActor`."""
        self.around.state.tickets.admit(self.entity_id)
        for event in events:
            if isinstance(event, TicketOpened) and event.client_id is not None:
                key = request_key(event.customer_id, event.client_id)
                self.around.state.add_request(key, self.entity_id)

    def view(self, command: Any) -> TicketView:
        """See `EntityActor`."""
        return ticket_view(self.state)

    def _seal(self, customer_id: str) -> Seal | Refusal:
        refusal = self.around.unsealable(customer_id)
        if refusal is not None:
            return refusal

        def seal(*texts: str | None) -> Sealed:
            return seal_texts(self.around.sealer, customer_id, texts)

        return seal
