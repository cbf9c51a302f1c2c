"""The customer file: a customer with the cards and operations that the account has."""

from typing import NamedTuple

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.commands import ReadAccount
from authorizer.domain.accounts.state import AccountView
from authorizer.domain.customers.commands import ReadCustomer
from authorizer.domain.customers.person import Person
from authorizer.domain.customers.rules import opened
from authorizer.domain.customers.state import CustomerView
from authorizer.domain.outcomes import Refusal, RefusalKind, erased
from authorizer.domain.sealing import Sealer
from authorizer.persistence.privacy.personal import unpack


class CustomerFile(NamedTuple):
    """A customer with their cards and operations, oldest first: the customer document."""

    customer: CustomerView
    person: Person
    cards: tuple[CardTerms, ...]
    operations: tuple[Operation, ...]
    account: AccountView | None
    """None where a crash came before the account was opened."""


class CustomerFiles:
    """Reads customers, each with the account's part."""

    def __init__(self, dispatcher: Dispatcher, sealer: Sealer) -> None:
        self._dispatcher = dispatcher
        self._sealer = sealer

    async def customer(self, customer_id: str) -> CustomerView | Refusal:
        """A customer without the account's part, sealed, erased or not."""
        answer = await self._dispatcher.ask(ReadCustomer(customer_id))
        return answer if isinstance(answer, Refusal) else answer[1]

    async def refusal(self, customer_id: str) -> Refusal | None:
        """The refusal of a customer who is unknown or erased; None once the customer is durable.

        For a request about a customer who is not changed by it.
        """
        customer = await self.customer(customer_id)
        if isinstance(customer, Refusal):
            return customer
        return erased(customer_id) if customer.erased else None

    async def read(self, customer_id: str) -> CustomerFile | Refusal:
        """The customer document as it stands; refused where the person can't be read."""
        customer = await self.customer(customer_id)
        if isinstance(customer, Refusal):
            return customer
        personal = self._sealer.open(customer_id, customer.personal)
        if customer.erased:
            return erased(customer_id)
        if personal is None:
            return Refusal(RefusalKind.UNAVAILABLE, f"the key of {customer_id!r} is missing")
        answer = await self._dispatcher.ask(ReadAccount(customer.account_id))
        if not isinstance(answer, Refusal):
            return self._file(customer, unpack(personal), answer[1])
        if answer.kind is RefusalKind.NOT_FOUND:  # a crash came before the cards: put it again
            return self._file(customer, unpack(personal), None)
        return answer

    def _file(
        self, customer: CustomerView, person: Person, account: AccountView | None
    ) -> CustomerFile:
        cards = cards_of(customer, account) if account else {}
        every_line = account.operations if account else ()
        made_here = [line for line in every_line if line.card_id in cards]
        operations = opened(
            (*customer.imported_operations, *made_here), customer.customer_id, self._sealer
        )
        in_order = sorted(operations, key=lambda operation: operation.at.at_us)
        return CustomerFile(customer, person, tuple(cards.values()), tuple(in_order), account)


def cards_of(customer: CustomerView, account: AccountView) -> dict[str, CardTerms]:
    """The cards of a customer on an account by their ids: those of the document first."""
    cards = {
        card.card_id: card
        for card in account.cards
        if account.owner_of_card[card.card_id] == customer.customer_id
    }
    own = {card_id: cards[card_id] for card_id in customer.card_ids if card_id in cards}
    return own | cards
