"""All state at one position of the journal, and how a replayed event changes it."""

from collections.abc import Iterator
from typing import Final, TypeVar, cast, get_args

from authorizer.domain.accounts import state as accounts
from authorizer.domain.accounts.events import AccountEvent, CardOpened, CardReplaced
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregates import Event
from authorizer.domain.customers.events import CustomerEvent, PersonalDataErased
from authorizer.domain.customers.state import Customer, evolve
from authorizer.domain.merchants import rules as merchant_rules
from authorizer.domain.merchants.events import MerchantEvent
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.tickets import state as tickets
from authorizer.domain.tickets.events import TicketEvent, TicketOpened
from authorizer.domain.tickets.state import Ticket, request_key
from authorizer.persistence.state.population import EntityStore
from authorizer.persistence.state.shards import Shards
from authorizer.persistence.state.state_codec import (
    decode_account,
    decode_customer,
    encode_account,
    encode_customer,
)
from authorizer.persistence.state.ticket_codec import decode_ticket, encode_ticket

_MAX_AWAKE: Final = 50_000
_ACCOUNT_EVENTS: Final = frozenset(get_args(AccountEvent))
_CUSTOMER_EVENTS: Final = frozenset(get_args(CustomerEvent))
_TICKET_EVENTS: Final = frozenset(get_args(TicketEvent))
T = TypeVar("T")


class State:
    """Accounts, customers, tickets, merchants as the events up to some position made them."""

    def __init__(self, merchants: MerchantTable | None = None) -> None:
        self.accounts = EntityStore(Account, encode_account, decode_account)
        self.customers = EntityStore(Customer, encode_customer, decode_customer)
        self.tickets = EntityStore(Ticket, encode_ticket, decode_ticket)
        self.merchants = MerchantTable() if merchants is None else merchants
        self.account_of_card: Shards[str] = Shards()
        self.card_ids: list[str] = []
        self.ticket_of_request: Shards[str] = Shards()
        """The ticket that a customer's client opened under an id of its own (`request_key`)."""
        self.request_keys: list[str] = []
        self.erased: set[str] = set()
        """Customers whose personal data was erased."""
        self.at_us = 0
        """The time of the newest event."""

    def add_card(self, card_id: str, account_id: str) -> None:
        """Note on which account a card is; cards stay where they are."""
        if card_id not in self.account_of_card:
            self.account_of_card[card_id] = account_id
            self.card_ids.append(card_id)

    def add_request(self, key: str, ticket_id: str) -> None:
        """Note which ticket was opened under a client's own id; it stays so."""
        if key not in self.ticket_of_request:
            self.ticket_of_request[key] = ticket_id
            self.request_keys.append(key)


class Replay:
    """Applies the journal's events to a state, in order, through `evolve` only.

    Events that a state already contains, because a snapshot took it later than others, are passed
    over by its position.
    """

    def __init__(self, state: State, id_retention_us: int, newest_us: int = 0) -> None:
        """`newest_us` is the time of an event that is surely to come, as late a one as is known.

        Ids that will be past their retention by then are not kept meanwhile.
        """
        self.state = state
        self._id_retention_us = id_retention_us
        self._ids_since_us = newest_us - id_retention_us
        self._accounts: dict[str, Account] = {}
        self._customers: dict[str, Customer] = {}
        self._tickets: dict[str, Ticket] = {}

    def apply(self, event: Event, position: int) -> None:
        """Apply the event that the journal holds at `position`."""
        self.state.at_us = max(self.state.at_us, event.at_us)
        if type(event) in _ACCOUNT_EVENTS:
            self._apply_account(cast(AccountEvent, event), position)
        elif type(event) in _CUSTOMER_EVENTS:
            self._apply_customer(cast(CustomerEvent, event), position)
        elif type(event) in _TICKET_EVENTS:
            self._apply_ticket(cast(TicketEvent, event), position)
        elif position > self.state.merchants.position:
            merchant_rules.evolve(self.state.merchants, cast(MerchantEvent, event), position)

    def finish(self) -> None:
        """Put to sleep whatever the replay woke; the state is whole after it."""
        since_us = max(self._ids_since_us, self.state.at_us - self._id_retention_us)
        for account_id, account in _taken(self._accounts):
            accounts.forget_ids_before(account, since_us)
            self.state.accounts.sleep(account_id, account)
        for customer_id, customer in _taken(self._customers):
            self.state.customers.sleep(customer_id, customer)
        for ticket_id, ticket in _taken(self._tickets):
            self.state.tickets.sleep(ticket_id, ticket)
        self.state.accounts.forget_pages_before(since_us)

    def account(self, account_id: str) -> Account:
        """An account as it is at this point of the replay."""
        account = self._accounts.get(account_id)
        if account is None:
            if len(self._accounts) >= _MAX_AWAKE:
                self.finish()
            account = self._accounts[account_id] = self.state.accounts.wake(account_id)
        return account

    def _apply_account(self, event: AccountEvent, position: int) -> None:
        if isinstance(event, CardOpened | CardReplaced):
            self.state.add_card(event.terms.card_id, event.account_id)
        account = self.account(event.account_id)
        if position > account.position:
            accounts.evolve(account, event, position)
            if event.at_us < self._ids_since_us:
                accounts.forget_ids_before(account, self._ids_since_us)
            else:
                accounts.forget_old_ids(account, event.at_us - self._id_retention_us)

    def _apply_customer(self, event: CustomerEvent, position: int) -> None:
        customer = self._customers.get(event.customer_id)
        if customer is None:
            if len(self._customers) >= _MAX_AWAKE:
                self.finish()
            customer = self.state.customers.wake(event.customer_id)
            self._customers[event.customer_id] = customer
        if isinstance(event, PersonalDataErased):
            self.state.erased.add(event.customer_id)
        if position > customer.position:
            evolve(customer, event, position)

    def _apply_ticket(self, event: TicketEvent, position: int) -> None:
        if isinstance(event, TicketOpened) and event.client_id is not None:
            key = request_key(event.customer_id, event.client_id)
            self.state.add_request(key, event.ticket_id)
        ticket = self._tickets.get(event.ticket_id)
        if ticket is None:
            if len(self._tickets) >= _MAX_AWAKE:
                self.finish()
            ticket = self._tickets[event.ticket_id] = self.state.tickets.wake(event.ticket_id)
        if position > ticket.position:
            tickets.evolve(ticket, event, position)


def _taken(awake: dict[str, T]) -> Iterator[tuple[str, T]]:
    """Take one after the other out, in order: what it was can be freed before the next sleeps."""
    for name in list(awake):
        yield name, awake.pop(name)
