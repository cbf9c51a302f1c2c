"""Erasure: a person's data becomes unreadable for good."""

from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.actors.keys import Keys
from authorizer.actors.search import CustomerSearch
from authorizer.domain.customers.commands import ErasePersonalData
from authorizer.domain.customers.state import CustomerView
from authorizer.domain.outcomes import Refusal


class Erasure:
    """Erases people: first the event, then the key."""

    def __init__(self, dispatcher: Dispatcher, keys: Keys, search: CustomerSearch) -> None:
        self._dispatcher = dispatcher
        self._keys = keys
        self._search = search

    async def erase(self, command: ErasePersonalData) -> Answer[CustomerView]:
        """Record the erasure durably, then destroy the key.

        After a crash between the two the next start destroys it.
        """
        answer = await self._dispatcher.ask(command)
        if not isinstance(answer, Refusal):
            self._search.changed(command.customer_id)
            await self._keys.destroy(command.customer_id)
        return answer
