"""The authorizer as a child would write it: one dictionary after the other, no disk, no actors.

It says what every command answers, how many events it is worth, and what is there afterwards. It
shares no code with the program but the words of its answers.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.property.naive_tickets import NaiveTicket

MCC_WALLETS: Final = {"5411": "FOOD", "5412": "FOOD", "5811": "MEAL", "5812": "MEAL"}
DEADLINE_MS: Final = 80
RETENTION_US: Final = (360 * 24 * 3_603_600 + 72 * 3_600_000 + 120_000) * 1000
"""360 days and a thousandth of them, 72 hours, two minutes: what a clock may mislead."""
CREDIT_RETENTION_US: Final = (31 * 24 * 3_603_600 + 72 * 3_600_000 + 120_000) * 1000
"""31 days, likewise."""
FINAL_REASONS: Final = {"roubo", "perda"}

DESCRIPTORS: Final[dict[str, tuple[str, ...]]] = {
    "uber  eats   São Paulo BR": ("UBER EATS SAO PAULO BR", "UBER EATS*", "UBER*"),
    "UBER TRIP": ("UBER*",),
    "UBERABA": (),
    "PADARIA DO ZE": (),
}
"""What a purchase may name, and the entries that it meets, the best first."""
ENTRIES: Final = ("UBER EATS SAO PAULO BR", "UBER EATS*", "UBER*")


@dataclass
class Ids:
    """Answers by id: (time, word, everything that was said)."""

    entries: dict[str, tuple[int, str, tuple[Any, ...]]] = field(default_factory=dict)
    retention_us: int = RETENTION_US

    def get(self, key: str, now_us: int) -> tuple[str, tuple[Any, ...]] | None:
        found = self.entries.get(key)
        if found is None or found[0] < now_us - self.retention_us:
            return None
        return found[1:]


def _stronger(known: str | None, given: str) -> str:
    return known if known in FINAL_REASONS and known is not None else given


@dataclass
class NaiveCard:
    card_id: str
    limit_cents: int
    used_cents: int = 0
    blocked_for: str | None = None
    replaced_by: str | None = None


@dataclass
class NaiveAccount:
    opening: dict[str, int]
    wallets: dict[str, int]
    customer: str | None = None
    cards: dict[str, NaiveCard] = field(default_factory=dict)
    operations: list[tuple[str, str]] = field(default_factory=list)
    ids: Ids = field(default_factory=Ids)
    credits: Ids = field(default_factory=lambda: Ids(retention_us=CREDIT_RETENTION_US))
    position: int = 0


@dataclass
class NaiveCustomer:
    account: str
    cards: tuple[str, ...]
    phone: str | None
    position: int = 0


@dataclass
class Bank:
    """All there is. Each command gives its answer and says how many events it was worth."""

    accounts: dict[str, NaiveAccount] = field(default_factory=dict)
    customers: dict[str, NaiveCustomer] = field(default_factory=dict)
    tickets: dict[int, NaiveTicket] = field(default_factory=dict)
    """By their running number."""
    merchants: dict[str, str] = field(default_factory=dict)
    merchants_position: int = 0
    position: int = 0
    """The position of the newest event."""

    def copy(self) -> Bank:
        return deepcopy(self)

    def _happens(
        self, *entities: NaiveAccount | NaiveCustomer | NaiveTicket, events: int = 1
    ) -> None:
        self.position += events
        for entity in entities:
            entity.position = self.position

    # --- accounts ------------------------------------------------------------------------------

    def open(self, account_id: str, opening: dict[str, int]) -> str:
        account = self.accounts.get(account_id)
        if account is None:
            balances = opening or {"FOOD": 0, "MEAL": 0, "CASH": 0}
            account = self.accounts[account_id] = NaiveAccount(dict(balances), dict(balances))
            self._happens(account)
            return "created"
        return "done" if not opening or opening == account.opening else "conflict"

    def credit(self, account_id: str, credit_id: str, wallet: str, cents: int, now_us: int) -> str:
        account = self.accounts.get(account_id)
        if account is None:
            return "not_found"
        known = account.credits.get(credit_id, now_us)
        if known is not None:
            return "done" if known[1] == (wallet, cents) else "conflict"
        if wallet not in account.wallets and wallet not in ("FOOD", "MEAL", "CASH"):
            return "invalid"
        account.wallets[wallet] = account.wallets.get(wallet, 0) + cents
        account.credits.entries[credit_id] = (now_us, "credited", (wallet, cents))
        self._happens(account)
        return "created"

    # --- purchases -----------------------------------------------------------------------------

    def authorize(
        self,
        account_id: str,
        purchase_id: str | None,
        cents: int,
        mcc: str,
        merchant: str,
        card_id: str | None,
        waited_ms: int,
        now_us: int,
    ) -> tuple[str, bool]:
        """The reason in a word, and whether it is a replay."""
        account = self.accounts.get(account_id)
        if account is None:
            return "account_not_found", False
        said = (cents, card_id, mcc, merchant)
        if purchase_id is not None:
            known = account.ids.get(purchase_id, now_us)
            if known is not None and known[1] == said:
                return known[0], True
            if known is not None:
                self._happens(account)
                return "duplicate_mismatch", False
        word = self._decide(account, cents, mcc, merchant, card_id, waited_ms)
        if purchase_id is not None:
            account.ids.entries[purchase_id] = (now_us, word, said)
        self._happens(account)
        return word, False

    def _decide(
        self,
        account: NaiveAccount,
        cents: int,
        mcc: str,
        merchant: str,
        card_id: str | None,
        waited_ms: int,
    ) -> str:
        if waited_ms >= DEADLINE_MS:
            return "too_late"
        card = account.cards.get(card_id) if card_id is not None else None
        if card_id is not None and card is None:
            return "card_not_found"
        if card is not None and (card.blocked_for is not None or card.replaced_by is not None):
            return "card_blocked"
        for entry in DESCRIPTORS[merchant]:
            if entry in self.merchants:
                mcc = self.merchants[entry]
                break
        for wallet in (MCC_WALLETS.get(mcc, "CASH"), "CASH"):
            if account.wallets.get(wallet, 0) >= cents:
                account.wallets[wallet] -= cents
                return "approved"
        if card is not None and card.limit_cents - card.used_cents >= cents:
            card.used_cents += cents
            return "approved"
        return "insufficient_funds"

    # --- cards and customers -------------------------------------------------------------------

    def open_cards(self, account_id: str, customer_id: str, cards: dict[str, int]) -> str:
        """The first half of a customer's document."""
        account = self.accounts.get(account_id)
        events = 0
        if account is None:
            zero = {"FOOD": 0, "MEAL": 0, "CASH": 0}
            account = NaiveAccount(dict(zero), dict(zero), customer_id)
            self.accounts[account_id] = account
            events += 1
        elif account.customer is None:
            account.customer = customer_id
            events += 1
        for card_id, limit_cents in cards.items():
            if card_id not in account.cards:
                account.cards[card_id] = NaiveCard(card_id, limit_cents)
                events += 1
        if events:
            self._happens(account, events=events)
        return "done"

    def register(
        self, customer_id: str, account_id: str, cards: tuple[str, ...], phone: str | None
    ) -> str:
        """The second half of a customer's document."""
        customer = self.customers.get(customer_id)
        if customer is None:
            customer = self.customers[customer_id] = NaiveCustomer(account_id, cards, phone)
            self._happens(customer, events=2)
            return "created"
        both = tuple(dict.fromkeys((*customer.cards, *cards)))
        events = (both != customer.cards) + (phone != customer.phone)
        customer.cards, customer.phone = both, phone
        if events:
            self._happens(customer, events=events)
        return "done"

    def block(self, account_id: str, card_id: str, reason: str) -> str:
        account, card = self._card(account_id, card_id)
        if account is None or card is None:
            return "not_found"
        if card.replaced_by is not None:
            return "conflict"
        old = card.blocked_for
        if old == reason or (old in FINAL_REASONS and reason not in FINAL_REASONS):
            return "done"
        card.blocked_for = reason
        account.operations.append(("bloqueio", card_id))
        self._happens(account)
        return "created"

    def unblock(self, account_id: str, card_id: str) -> str:
        account, card = self._card(account_id, card_id)
        if account is None or card is None:
            return "not_found"
        if card.replaced_by is not None:
            return "conflict"
        if card.blocked_for is None:
            return "done"
        if card.blocked_for in FINAL_REASONS:
            return "conflict"
        card.blocked_for = None
        account.operations.append(("desbloqueio", card_id))
        self._happens(account)
        return "created"

    def replace(self, account_id: str, card_id: str, new_card_id: str) -> str:
        """The old card is cancelled, the new one has its limit and what is used of it."""
        account, card = self._card(account_id, card_id)
        if account is None or card is None:
            return "not_found"
        if card.replaced_by == new_card_id:
            return "done"
        if card.replaced_by is not None or new_card_id in account.cards:
            return "conflict"
        account.cards[new_card_id] = NaiveCard(new_card_id, card.limit_cents, card.used_cents)
        card.limit_cents = card.used_cents = 0
        card.blocked_for = _stronger(card.blocked_for, "danificado")
        card.replaced_by = new_card_id
        account.operations.append(("substituicao", card_id))
        self._happens(account)
        return "created"

    def change_limit(self, account_id: str, card_id: str, cents: int, below: bool) -> str:
        account, card = self._card(account_id, card_id)
        if account is None or card is None:
            return "not_found"
        if card.replaced_by is not None:
            return "conflict"
        if card.limit_cents == cents:
            return "done"
        if cents < card.used_cents and not below:
            return "conflict"
        card.limit_cents = cents
        account.operations.append(("alteracao_limite", card_id))
        self._happens(account)
        return "created"

    def query_limit(self, account_id: str, card_id: str) -> str:
        account, card = self._card(account_id, card_id)
        if account is None or card is None:
            return "not_found"
        account.operations.append(("consulta_limite", card_id))
        self._happens(account)
        return "created"

    def _card(self, account_id: str, card_id: str) -> tuple[NaiveAccount | None, NaiveCard | None]:
        account = self.accounts.get(account_id)
        return account, account.cards.get(card_id) if account else None

    # --- merchants -----------------------------------------------------------------------------

    def register_merchant(self, name: str, mcc: str) -> str:
        known = self.merchants.get(name)
        if known == mcc:
            return "done"
        self.merchants[name] = mcc
        self._happens()
        self.merchants_position = self.position
        return "created" if known is None else "done"

    def remove_merchant(self, name: str) -> str:
        if name not in self.merchants:
            return "not_found"
        del self.merchants[name]
        self._happens()
        self.merchants_position = self.position
        return "done"

    # --- tickets -------------------------------------------------------------------------------

    def requested(self, customer_id: str, client_id: str | None) -> NaiveTicket | None:
        """The ticket that was opened under a client's own id."""
        own = [ticket for ticket in self.tickets.values() if ticket.customer == customer_id]
        found = [one for one in own if one.request and one.request[0] == client_id]
        return next(iter(found), None)

    def open_ticket(
        self,
        customer_id: str,
        subject: str,
        card_id: str | None,
        resolution: str | None,
        now_us: int,
        client_id: str | None = None,
    ) -> str:
        customer = self.customers.get(customer_id)
        if customer is None:
            return "not_found"
        before = self.requested(customer_id, client_id)
        if before is not None:
            self.look_at(before, now_us)
            same = before.request == (client_id, card_id, subject)
            return "done" if same else "conflict"
        account = self.accounts.get(customer.account)
        if card_id is not None and (account is None or card_id not in account.cards):
            return "invalid"
        number = max(self.tickets, default=0) + 1
        day = datetime.fromtimestamp(now_us // 1_000_000, UTC)
        ticket = NaiveTicket(f"{day:%Y%m%d}{number:06}", customer_id, card_id)
        self.tickets[number] = ticket
        ticket.happened = [(now_us, "open", {"text": subject})]
        ticket.request = None if client_id is None else (client_id, card_id, subject)
        if resolution is not None:
            ticket.happened.append((now_us, "resolve", {"who": "Ana", "text": resolution}))
        self._happens(ticket, events=len(ticket.happened))
        return "created"

    def look_at(self, ticket: NaiveTicket, now_us: int) -> None:
        """Whatever is asked of a ticket: it tells first what it has missed."""
        told = ticket.escalate(now_us)
        if told:
            self._happens(ticket, events=told)

    def ask_ticket(self, number: int, what: str, how: dict[str, Any], now_us: int) -> str:
        ticket = self.tickets.get(number)
        if ticket is None:
            return "not_found"
        self.look_at(ticket, now_us)
        events = ticket.ask(what, how, now_us)
        if events is None:
            return "conflict"
        if events == 0:
            return "done"
        self._happens(ticket, events=events)
        return "created"
