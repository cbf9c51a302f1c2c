"""The desk: what the outside asks of accounts, customers and merchants, and who answers it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from authorizer.actors.directory import Directory
from authorizer.actors.entity import EntityActor, OffLoop, Surroundings
from authorizer.actors.keys import Keys
from authorizer.actors.reply import Reply
from authorizer.actors.search import CustomerSearch
from authorizer.actors.ticket_file import TicketDesk
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import CardTerms, Operation, new_card_id
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    ChangeLimit,
    Credit,
    OpenAccount,
    OpenCards,
    QueryLimit,
    ReadAccount,
    ReplaceCard,
    ReviewCards,
    UnblockCard,
)
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD, Account, AccountView
from authorizer.domain.aggregate import Aggregate
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.commands import ErasePersonalData, ReadCustomer, RegisterCustomer
from authorizer.domain.customers.person import Person
from authorizer.domain.customers.rules import new_operations, opened
from authorizer.domain.customers.state import Customer, CustomerView
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.merchants.commands import (
    ReadMerchants,
    RegisterMerchant,
    RemoveMerchant,
)
from authorizer.domain.outcomes import (
    OUTCOMES,
    Done,
    Outcome,
    Reason,
    Refusal,
    RefusalKind,
    erased,
    not_as_seen,
    unknown,
)
from authorizer.domain.sealing import is_plain
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.persistence.privacy.personal import unpack

MAX_RESIDENT_OTHERS: Final = 10_000
"""Customers that are awake at most, and tickets: nobody waits for them as purchases do."""

T = TypeVar("T")
Answer = tuple[Done, T] | Refusal

_FULL = Refusal(RefusalKind.OVERLOADED, "too many requests wait for this account or customer")


class CustomerFile(NamedTuple):
    """A customer with their cards and operations, oldest first: the customer document."""

    customer: CustomerView
    person: Person
    cards: tuple[CardTerms, ...]
    operations: tuple[Operation, ...]


class Replaced(NamedTuple):
    """The card whose replacement claims a card, where otherwise a customer's id stands."""

    card_id: str


Claimant = str | Replaced


class Dispatcher:
    """Routes every request to the actor that owns the answer, and joins the answers of several."""

    def __init__(
        self,
        around: Surroundings,
        max_resident: int,
        max_inbox: int,
        keys: Keys,
        off_loop: OffLoop,
    ) -> None:
        self._state = around.state
        self._clock = around.clock
        self._run_queue = around.run_queue
        self._commit = around.commit
        self._keys = keys
        self.sealer = around.context.sealer
        self._max_inbox = max_inbox
        self._claims: dict[str, tuple[Claimant, int]] = {}
        """Cards on their way: for whom, and how many requests name each."""
        self.accounts: Directory[EntityActor[Account]] = Directory(
            around.state[ACCOUNTS],
            lambda entity_id, state: EntityActor(ACCOUNTS, entity_id, state, around),
            max_resident,
        )
        self.customers: Directory[EntityActor[Customer]] = Directory(
            around.state[CUSTOMERS],
            lambda entity_id, state: EntityActor(CUSTOMERS, entity_id, state, around),
            min(max_resident, MAX_RESIDENT_OTHERS),
        )
        self.search = CustomerSearch(around, self.customers, off_loop)
        self.merchants = EntityActor(
            MERCHANTS, MERCHANTS.plural, around.state.single(MERCHANTS), around
        )
        self.tickets = TicketDesk(around, self, min(max_resident, MAX_RESIDENT_OTHERS), max_inbox)
        self.directories: Mapping[Aggregate[Any], Directory[Any]] = {
            ACCOUNTS: self.accounts,
            CUSTOMERS: self.customers,
            TICKETS: self.tickets.directory,
        }

    def submit(self, command: Authorize, reply: Reply) -> Outcome | None:
        """Hand a purchase to its account, which answers to `reply`; or answer for nobody."""
        if self.merchants.broken:
            return OUTCOMES[Reason.UNAVAILABLE]
        actor = self.accounts.find(command.account_id)
        if actor is None:
            return OUTCOMES[Reason.ACCOUNT_NOT_FOUND]
        if len(actor.actor_inbox) >= self._max_inbox:
            return OUTCOMES[Reason.OVERLOADED]
        actor.ask_for(command, reply)
        return None

    async def account(self, command: OpenAccount | OpenCards) -> Answer[AccountView]:
        """Ask an account that comes into being if it is missing."""
        answer: Answer[AccountView] = await self._ask(
            self.accounts.find_or_new(command.account_id), command
        )
        return answer

    async def known_account(self, command: Credit | ReadAccount) -> Answer[AccountView]:
        """Ask an account that must exist."""
        actor = self.accounts.find(command.account_id)
        if actor is None:
            return unknown("account", command.account_id)
        answer: Answer[AccountView] = await self._ask(actor, command)
        return answer

    async def merchant_table(
        self,
        command: RegisterMerchant | RemoveMerchant | ReadMerchants,
    ) -> Answer[list[tuple[str, str]]]:
        """Ask the merchant table."""
        answer: Answer[list[tuple[str, str]]] = await self._ask(self.merchants, command)
        return answer

    def queued(self) -> int:
        """How many messages wait for all accounts, customers, tickets and the merchant table."""
        return len(self._run_queue)

    def is_busy(self) -> bool:
        """Whether the loop has messages to handle or answers to let go, and waits for nothing."""
        return len(self._run_queue) > 0 or self._commit.is_releasing

    def account_of_card(self, card_id: str) -> str | None:
        """The account that a card is on."""
        return self._state.indexes[ACCOUNT_OF_CARD].get(card_id)

    async def card(self, command: BlockCard | UnblockCard | ChangeLimit) -> Answer[CardTerms]:
        """Ask a card's account to change the card."""
        if isinstance(command, UnblockCard):
            await self._ensure_key_of_card(command)
        answer: Answer[CardTerms] = await self._ask_existing(command)
        return answer

    def new_card_id(self, card_id: str) -> str | None:
        """An id for the card that replaces this one; None where none can be made."""
        known, claimed = self._state.indexes[ACCOUNT_OF_CARD], self._claims
        return new_card_id(card_id, lambda found: found in known or found in claimed)

    async def replace_card(self, command: ReplaceCard) -> Answer[CardTerms]:
        """Have a card replaced; the answer describes the new one, whose id is claimed meanwhile."""
        with self._claiming(Replaced(command.card_id), [command.new_card_id]) as taken:
            if taken is not None:
                return Refusal(RefusalKind.CONFLICT, f"card {taken} is being opened for another")
            answer: Answer[CardTerms] = await self._ask_existing(command)
            return answer

    async def limit(self, command: QueryLimit) -> Answer[tuple[CardTerms, Operation]]:
        """Ask a card's account for the card's limit, and have the query recorded."""
        answer: Answer[tuple[CardTerms, Operation]] = await self._ask_existing(command)
        return answer

    async def peek_limit(self, card_id: str) -> tuple[CardTerms, int] | Refusal:
        """A card's limit, and the time, where nobody looks at it: nothing is recorded."""
        card = await self.read_card(card_id)
        if isinstance(card, Refusal):
            return card
        if card.limit_total_cents is None:
            return Refusal(RefusalKind.CONFLICT, f"card {card_id} has no credit limit")
        return card, self._clock.wall_us()

    async def read_card(self, card_id: str) -> CardTerms | Refusal:
        """Describe a card as it stands."""
        account_id = self._state.indexes[ACCOUNT_OF_CARD].get(card_id)
        if account_id is None:
            return unknown("card", card_id)
        answer = await self.known_account(ReadAccount(account_id))
        if isinstance(answer, Refusal):
            return answer
        return next(card for card in answer[1].cards if card.card_id == card_id)

    async def register_customer(
        self, command: RegisterCustomer, cards: tuple[CardTerms, ...]
    ) -> Answer[CustomerView]:
        """Take a customer document in: first the customer, then the cards on the account.

        Two actors, so more than one step. Whatever would be refused is refused before the first of
        them: while one document is on its way its cards are claimed, and no other may name them.
        Each step can be repeated: a crash in between is mended by putting the document again, and
        nobody was told that it was in. The cards come last, because they can spend.
        """
        stale = await self._stale(command)
        if stale is not None:
            return stale
        card_ids = [card.card_id for card in cards]
        with self._claiming(command.customer_id, card_ids) as taken:
            if taken is not None:
                return Refusal(RefusalKind.CONFLICT, f"card {taken} is being opened for another")
            return await self._register_customer(command, cards)

    async def _stale(self, command: RegisterCustomer) -> Refusal | None:
        """Whether the customer is not as expected, before anything is made for them.

        Only their actor, which asks again, knows it at the moment of the change.
        """
        if command.expected is None:
            return None
        customer = await self._read_customer(command.customer_id)
        if isinstance(customer, Refusal) and customer.kind is not RefusalKind.NOT_FOUND:
            return customer
        position = 0 if isinstance(customer, Refusal) else customer.position
        if command.expected.holds(position):
            return None
        return not_as_seen(command.customer_id)

    async def _register_customer(
        self, command: RegisterCustomer, cards: tuple[CardTerms, ...]
    ) -> Answer[CustomerView]:
        opening = OpenCards(command.account_id, command.customer_id, cards, command.by)
        review = ReviewCards(opening)
        account = self.accounts.find_or_new(command.account_id)
        reviewed: Answer[AccountView] = await self._ask(account, review)
        if isinstance(reviewed, Refusal):
            return reviewed
        await self.ensure_key(command.customer_id)
        known = opened(reviewed[1].operations, command.customer_id, self.sealer)
        operations = new_operations(known, command.operations)
        actor = self.customers.find_or_new(command.customer_id)
        answer: Answer[CustomerView] = await self._ask(
            actor, _new_in(command, operations, reviewed[1])
        )
        if isinstance(answer, Refusal):
            return answer
        self.search.changed(command.customer_id)
        with_cards = await self.account(opening)
        return with_cards if isinstance(with_cards, Refusal) else answer

    async def ensure_key(self, customer_id: str) -> None:
        """Have a key made, durably, for a customer whose text is about to be sealed.

        Not where there was one: a key that was destroyed or lost is never made anew, and whoever
        decides says so (`Context.unsealable`).
        """
        actor = self.customers.find(customer_id)
        if actor is None or is_plain(actor.state.personal):
            await self._keys.ensure(customer_id)

    async def _ensure_key_of_card(self, command: UnblockCard) -> None:
        account = self.accounts.find(command.account_id)
        card = account.state.cards.get(command.card_id) if account else None
        if card is not None:
            await self.ensure_key(card.customer_id)

    @contextmanager
    def _claiming(self, claimant: Claimant, card_ids: Sequence[str]) -> Iterator[str | None]:
        """Claim cards; or give the first that another one claims."""
        for card_id in card_ids:
            if self._claims.get(card_id, (claimant, 0))[0] != claimant:
                yield card_id
                return
        for card_id in card_ids:
            _, count = self._claims.get(card_id, (claimant, 0))
            self._claims[card_id] = (claimant, count + 1)
        try:
            yield None
        finally:
            for card_id in card_ids:
                _, count = self._claims.pop(card_id)
                if count > 1:
                    self._claims[card_id] = (claimant, count - 1)

    async def read_customer(self, customer_id: str) -> CustomerFile | Refusal:
        """The customer document as it stands."""
        customer = await self._read_customer(customer_id)
        if isinstance(customer, Refusal):
            return customer
        personal = self.sealer.open(customer_id, customer.personal)
        if customer.erased:
            return erased(customer_id)
        if personal is None:
            return Refusal(RefusalKind.UNAVAILABLE, f"the key of {customer_id!r} is missing")
        account = await self.known_account(ReadAccount(customer.account_id))
        if not isinstance(account, Refusal):
            return self._customer_file(customer, unpack(personal), account[1])
        if account.kind is RefusalKind.NOT_FOUND:  # a crash came before the cards: put it again
            return self._customer_file(customer, unpack(personal), None)
        return account

    async def known_customer(self, customer_id: str) -> Refusal | None:
        """See `CustomerDesk`."""
        customer = await self._read_customer(customer_id)
        if isinstance(customer, Refusal):
            return customer
        return erased(customer_id) if customer.erased else None

    async def owner_of_card(self, card_id: str) -> str | Refusal:
        """See `CustomerDesk`."""
        account_id = self._state.indexes[ACCOUNT_OF_CARD].get(card_id)
        if account_id is None:
            return unknown("card", card_id)
        answer = await self.known_account(ReadAccount(account_id))
        return answer if isinstance(answer, Refusal) else answer[1].owner_of_card[card_id]

    def _customer_file(
        self, customer: CustomerView, person: Person, account: AccountView | None
    ) -> CustomerFile:
        cards = cards_of(customer, account) if account else {}
        every_line = account.operations if account else ()
        made_here = [line for line in every_line if line.card_id in cards]
        operations = opened(
            (*customer.imported_operations, *made_here), customer.customer_id, self.sealer
        )
        in_order = sorted(operations, key=lambda operation: operation.at.at_us)
        return CustomerFile(customer, person, tuple(cards.values()), tuple(in_order))

    async def erase_personal_data(self, command: ErasePersonalData) -> Answer[CustomerView]:
        """Forget a person: first the event, durably, then the key. A start makes up for a crash."""
        actor = self.customers.find(command.customer_id)
        if actor is None:
            return unknown("customer", command.customer_id)
        answer: Answer[CustomerView] = await self._ask(actor, command)
        if not isinstance(answer, Refusal):
            self.search.changed(command.customer_id)
            await self._keys.destroy(command.customer_id)
        return answer

    async def _read_customer(self, customer_id: str) -> CustomerView | Refusal:
        actor = self.customers.find(customer_id)
        if actor is None:
            return unknown("customer", customer_id)
        answer: Answer[CustomerView] = await self._ask(actor, ReadCustomer(customer_id))
        return answer if isinstance(answer, Refusal) else answer[1]

    async def _ask_existing(
        self,
        command: BlockCard | UnblockCard | ReplaceCard | ChangeLimit | QueryLimit,
    ) -> Any:
        actor = self.accounts.find(command.account_id)
        if actor is None:
            return unknown("account", command.account_id)
        return await self._ask(actor, command)

    async def _ask(self, actor: Any, command: Any) -> Any:
        if len(actor.actor_inbox) >= self._max_inbox:
            return _FULL
        return await actor.actor_ref.ask(command, block=False)


def _new_in(
    command: RegisterCustomer, operations: tuple[Operation, ...], account: AccountView
) -> RegisterCustomer:
    """What of a document neither the account's cards nor its operations say already."""
    card_ids = tuple(
        card_id for card_id in command.card_ids if card_id not in account.owner_of_card
    )
    return command._replace(card_ids=card_ids, operations=operations)


def cards_of(customer: CustomerView, account: AccountView) -> dict[str, CardTerms]:
    """The cards of a customer on an account by their ids: those of the document first."""
    cards = {
        card.card_id: card
        for card in account.cards
        if account.owner_of_card[card.card_id] == customer.customer_id
    }
    own = {card_id: cards[card_id] for card_id in customer.card_ids if card_id in cards}
    return own | cards
