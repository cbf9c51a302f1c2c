"""The desk: what the outside asks of accounts, customers and merchants, and who answers it."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from authorizer.actors.account import AccountActor
from authorizer.actors.customer import CustomerActor
from authorizer.actors.directory import Directory
from authorizer.actors.entity import Surroundings
from authorizer.actors.merchants import MerchantsActor
from authorizer.domain import commands
from authorizer.domain.account import AccountView
from authorizer.domain.cards import CardTerms, Operation
from authorizer.domain.customer import CustomerView, new_operations
from authorizer.domain.outcomes import Done, Outcome, Refusal, RefusalKind
from authorizer.domain.reasons import Reason

T = TypeVar("T")
Answer = tuple[Done, T] | Refusal

_NO_ACCOUNT = Outcome(Reason.ACCOUNT_NOT_FOUND)
_UNAVAILABLE = Outcome(Reason.UNAVAILABLE)
_OVERLOADED = Outcome(Reason.OVERLOADED)
_FULL = Refusal(RefusalKind.OVERLOADED, "too many requests wait for this account or customer")


class CustomerFile(NamedTuple):
    """A customer with their cards and operations, oldest first: the customer document."""

    customer: CustomerView
    cards: tuple[CardTerms, ...]
    operations: tuple[Operation, ...]


class Desk:
    """Routes every request to the actor that owns the answer, and joins the answers of several."""

    def __init__(self, around: Surroundings, max_resident: int, max_inbox: int) -> None:
        self._state = around.state
        self._max_inbox = max_inbox
        self._claims: dict[str, tuple[str, int]] = {}
        """Cards of documents on their way: the customer, and how many documents name it."""
        self.accounts: Directory[AccountActor] = Directory(
            around.state.accounts,
            lambda entity_id, state: AccountActor(entity_id, state, around),
            max_resident,
        )
        self.customers: Directory[CustomerActor] = Directory(
            around.state.customers,
            lambda entity_id, state: CustomerActor(entity_id, state, around),
            max_resident,
        )
        self.merchants = MerchantsActor("merchants", around.policy.merchants, around)

    def authorize(self, command: commands.Authorize) -> Outcome | Awaitable[Outcome]:
        """Hand a purchase to its account. The answer is there at once only where nobody decides."""
        if self.merchants.broken:
            return _UNAVAILABLE
        actor = self.accounts.find(command.account_id)
        if actor is None:
            return _NO_ACCOUNT
        if len(actor.actor_inbox) >= self._max_inbox:
            return _OVERLOADED
        return actor.actor_ref.ask(command, block=False)

    async def account(
        self, command: commands.OpenAccount | commands.OpenCards
    ) -> Answer[AccountView]:
        """Ask an account that comes into being if it is missing."""
        answer: Answer[AccountView] = await self._ask(
            self.accounts.find_or_new(command.account_id), command
        )
        return answer

    async def known_account(
        self, command: commands.Credit | commands.ReadAccount
    ) -> Answer[AccountView]:
        """Ask an account that must exist."""
        actor = self.accounts.find(command.account_id)
        if actor is None:
            return _unknown("account", command.account_id)
        answer: Answer[AccountView] = await self._ask(actor, command)
        return answer

    async def merchant_table(
        self,
        command: commands.RegisterMerchant | commands.RemoveMerchant | commands.ReadMerchants,
    ) -> Answer[list[tuple[str, str]]]:
        """Ask the merchant table."""
        answer: Answer[list[tuple[str, str]]] = await self._ask(self.merchants, command)
        return answer

    def account_of_card(self, card_id: str) -> str | None:
        """The account that a card is on."""
        return self._state.account_of_card.get(card_id)

    async def card(self, command: commands.BlockCard | commands.UnblockCard) -> Answer[CardTerms]:
        """Ask a card's account to change the card."""
        answer: Answer[CardTerms] = await self._ask_existing(command)
        return answer

    async def limit(self, command: commands.QueryLimit) -> Answer[tuple[CardTerms, Operation]]:
        """Ask a card's account for the card's limit, and have the query recorded."""
        answer: Answer[tuple[CardTerms, Operation]] = await self._ask_existing(command)
        return answer

    async def read_card(self, card_id: str) -> CardTerms | Refusal:
        """Describe a card as it stands."""
        account_id = self._state.account_of_card.get(card_id)
        if account_id is None:
            return _unknown("card", card_id)
        answer = await self.known_account(commands.ReadAccount(account_id))
        if isinstance(answer, Refusal):
            return answer
        return next(card for card in answer[1].cards if card.card_id == card_id)

    async def register_customer(
        self, command: commands.RegisterCustomer, cards: tuple[CardTerms, ...]
    ) -> Answer[CustomerView]:
        """Take a customer document in: first the customer, then the cards on the account.

        Two actors, so more than one step. Whatever would be refused is refused before the first of
        them: while one document is on its way its cards are claimed, and no other may name them.
        Each step can be repeated: a crash in between is mended by putting the document again, and
        nobody was told that it was in. The cards come last, because they can spend.
        """
        with self._claiming(command.customer_id, cards) as taken:
            if taken is not None:
                return Refusal(RefusalKind.CONFLICT, f"card {taken} is being opened for another")
            return await self._register_customer(command, cards)

    async def _register_customer(
        self, command: commands.RegisterCustomer, cards: tuple[CardTerms, ...]
    ) -> Answer[CustomerView]:
        opening = commands.OpenCards(command.account_id, command.customer_id, cards, command.by)
        review = commands.ReviewCards(opening)
        account = self.accounts.find_or_new(command.account_id)
        reviewed: Answer[AccountView] = await self._ask(account, review)
        if isinstance(reviewed, Refusal):
            return reviewed
        operations = new_operations(reviewed[1].operations, command.operations)
        actor = self.customers.find_or_new(command.customer_id)
        answer: Answer[CustomerView] = await self._ask(
            actor, command._replace(operations=operations)
        )
        if isinstance(answer, Refusal):
            return answer
        opened = await self.account(opening)
        return opened if isinstance(opened, Refusal) else answer

    @contextmanager
    def _claiming(self, customer_id: str, cards: tuple[CardTerms, ...]) -> Iterator[str | None]:
        """Claim cards for a customer; or give the first that another one claims."""
        for card in cards:
            if self._claims.get(card.card_id, (customer_id, 0))[0] != customer_id:
                yield card.card_id
                return
        for card in cards:
            _, count = self._claims.get(card.card_id, (customer_id, 0))
            self._claims[card.card_id] = (customer_id, count + 1)
        try:
            yield None
        finally:
            for card in cards:
                _, count = self._claims.pop(card.card_id)
                if count > 1:
                    self._claims[card.card_id] = (customer_id, count - 1)

    async def read_customer(self, customer_id: str) -> CustomerFile | Refusal:
        """The customer document as it stands."""
        customer = await self._read_customer(customer_id)
        if isinstance(customer, Refusal):
            return customer
        account = await self.known_account(commands.ReadAccount(customer.account_id))
        if not isinstance(account, Refusal):
            return _customer_file(customer, account[1])
        if account.kind is RefusalKind.NOT_FOUND:  # a crash came before the cards: put it again
            return CustomerFile(customer, (), customer.imported_operations)
        return account

    async def _read_customer(self, customer_id: str) -> CustomerView | Refusal:
        actor = self.customers.find(customer_id)
        if actor is None:
            return _unknown("customer", customer_id)
        answer: Answer[CustomerView] = await self._ask(actor, commands.ReadCustomer(customer_id))
        return answer if isinstance(answer, Refusal) else answer[1]

    async def _ask_existing(
        self, command: commands.BlockCard | commands.UnblockCard | commands.QueryLimit
    ) -> Any:
        actor = self.accounts.find(command.account_id)
        if actor is None:
            return _unknown("account", command.account_id)
        return await self._ask(actor, command)

    async def _ask(self, actor: Any, command: Any) -> Any:
        if len(actor.actor_inbox) >= self._max_inbox:
            return _FULL
        return await actor.actor_ref.ask(command, block=False)


def _customer_file(customer: CustomerView, account: AccountView) -> CustomerFile:
    cards = {
        card.card_id: card
        for card in account.cards
        if account.owner_of_card[card.card_id] == customer.customer_id
    }
    own = tuple(cards[card_id] for card_id in customer.card_ids if card_id in cards)
    made_here = [operation for operation in account.operations if operation.card_id in cards]
    operations = sorted(
        (*customer.imported_operations, *made_here), key=lambda operation: operation.at.at_us
    )
    return CustomerFile(customer, own, tuple(operations))


def _unknown(what: str, entity_id: str) -> Refusal:
    return Refusal(RefusalKind.NOT_FOUND, f"there is no {what} {entity_id!r}")
