"""Onboarding: a customer document becomes a customer and their cards, in several steps."""

from authorizer.actors.card_claims import CardClaims
from authorizer.actors.customer_file import CustomerFiles
from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.actors.keys import Keys
from authorizer.actors.search import CustomerSearch
from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.commands import OpenCards, ReviewCards
from authorizer.domain.accounts.state import AccountView
from authorizer.domain.customers.commands import RegisterCustomer
from authorizer.domain.customers.rules import new_operations, opened
from authorizer.domain.customers.state import CustomerView
from authorizer.domain.outcomes import Refusal, RefusalKind, not_as_seen
from authorizer.domain.sealing import Sealer


class Onboarding:
    """Takes customer documents in."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        customers: CustomerFiles,
        claims: CardClaims,
        keys: Keys,
        search: CustomerSearch,
        sealer: Sealer,
    ) -> None:
        self._dispatcher = dispatcher
        self._customers = customers
        self._claims = claims
        self._keys = keys
        self._search = search
        self._sealer = sealer

    async def register(
        self, command: RegisterCustomer, cards: tuple[CardTerms, ...]
    ) -> Answer[CustomerView]:
        """Take a customer document in: first the customer, then the cards on the account.

        Two entities decide, so it takes more than one step. What would be refused is refused before
        the first event: the cards are claimed for as long as the document is on its way, so no
        other request opens them. Each step can be repeated. After a crash between them the document
        is put again, and no answer has said that it was in. The cards come last: they can spend.
        """
        stale = await self._stale(command)
        if stale is not None:
            return stale
        card_ids = [card.card_id for card in cards]
        with self._claims.claiming(command.customer_id, card_ids) as refusal:
            return await self._register(command, cards) if refusal is None else refusal

    async def _stale(self, command: RegisterCustomer) -> Refusal | None:
        """The refusal where the customer is not as expected, before anything is made for them.

        A first look: the customer's actor decides it again at the moment of the change.
        """
        if command.expected is None:
            return None
        customer = await self._customers.customer(command.customer_id)
        if isinstance(customer, Refusal) and customer.kind is not RefusalKind.NOT_FOUND:
            return customer
        position = 0 if isinstance(customer, Refusal) else customer.position
        if command.expected.holds(position):
            return None
        return not_as_seen(command.customer_id)

    async def _register(
        self, command: RegisterCustomer, cards: tuple[CardTerms, ...]
    ) -> Answer[CustomerView]:
        opening = OpenCards(command.account_id, command.customer_id, cards, command.by)
        reviewed = await self._dispatcher.ask(ReviewCards(opening))
        if isinstance(reviewed, Refusal):
            return reviewed
        account = reviewed[1]
        no_key = await self._keys.ensure(command.customer_id)
        if no_key is not None:
            return no_key
        known = opened(account.operations, command.customer_id, self._sealer)
        operations = new_operations(known, command.operations)
        registered = await self._dispatcher.ask(_without_known(command, operations, account))
        if isinstance(registered, Refusal):
            return registered
        self._search.changed(command.customer_id)
        with_cards = await self._dispatcher.ask(opening)
        return with_cards if isinstance(with_cards, Refusal) else registered


def _without_known(
    command: RegisterCustomer, operations: tuple[Operation, ...], account: AccountView
) -> RegisterCustomer:
    """The document without the cards and operations that the account already has."""
    card_ids = tuple(
        card_id for card_id in command.card_ids if card_id not in account.owner_of_card
    )
    return command._replace(card_ids=card_ids, operations=operations)
