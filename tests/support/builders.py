"""Accounts, cards and commands, with defaults for what a test does not speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from authorizer.actors.calendar import windows_in
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import CardStatus, CardTerms
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import AccountOpened, CardOpened
from authorizer.domain.accounts.parts import Part
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchases import Verdict, authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.trailing_window import TrailingWindow
from authorizer.domain.aggregate import Context
from authorizer.domain.aggregates import INDEXES
from authorizer.domain.customers.state import ERASED
from authorizer.domain.descriptors import DescriptorTable
from authorizer.domain.index import Index
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Answered, Decision, Done, Outcome, Refusal, RefusalKind
from authorizer.domain.sealing import PLAIN, Sealed, Sealer, is_plain
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS, CalendarTime

NOW_US = 1_700_000_000_000_000
DAY_US = 24 * 3600 * 1_000_000
BY = "tester"
ACCOUNT = "acc-1"
CARD = "card-1"
CUSTOMER = "cust-1"


def opened(customer_id: str | None = None, **wallets_cents: int) -> Account:
    """An account with these wallets; FOOD 100.00, MEAL 50.00 and CASH 20.00 where none is named."""
    account = Account(ACCOUNT)
    wallets = wallets_cents or {"FOOD": 100_00, "MEAL": 50_00, "CASH": 20_00}
    return grown(account, AccountOpened(NOW_US, BY, ACCOUNT, wallets, customer_id))


def grown(account: Account, *events: Event) -> Account:
    """The same account, after these events."""
    for event in events:
        ACCOUNTS.evolve(account, event, account.position + 1)
    return account


def terms(
    card_id: str = CARD,
    limit_cents: int | None = 1000_00,
    used_cents: int = 0,
    status: CardStatus = CardStatus.ACTIVE,
    motive: str | None = None,
    blocked_at: WrittenTime | None = None,
) -> CardTerms:
    """A card as a document brings it."""
    return CardTerms(
        card_id, "**** 1234", "Visa", status.value, motive, blocked_at, limit_cents, used_cents
    )


def with_card(account: Account, card: CardTerms | None = None, owner: str = CUSTOMER) -> Account:
    """The same account, with a card more."""
    return grown(account, CardOpened(NOW_US, BY, ACCOUNT, owner, card or terms()))


def decided(
    account: Account,
    command: Authorize,
    policy: Policy | None = None,
    now_us: int = NOW_US,
    waited_ns: int = 0,
) -> Verdict:
    """The verdict on a purchase, checked to have changed nothing."""
    policy = policy or Policy()
    before, merchants = deep(account), policy.merchants.entries()
    verdict = authorize(account, command, context(policy), now_us, waited_ns)
    assert deep(account) == before
    assert policy.merchants.entries() == merchants
    return verdict


def settled(
    account: Account,
    command: Authorize,
    policy: Policy | None = None,
    now_us: int = NOW_US,
    waited_ns: int = 0,
) -> Outcome:
    """The outcome of a purchase whose event, if any, has become part of the account."""
    outcome, event = decided(account, command, policy, now_us, waited_ns)
    if event is not None:
        grown(account, event)
    return outcome


def apply(account: Account, decision: Decision) -> Done | Refusal | Outcome | Answered:
    """The outcome of a decision whose events have become part of the account."""
    for event in decision.events:
        ACCOUNTS.evolve(account, event, account.position + 1)
    return decision.outcome


def refusal_kind(answer: object) -> RefusalKind:
    """How an answer refuses, or a decision, which must have no events then."""
    if isinstance(answer, Decision):
        assert not answer.events
        answer = answer.outcome
    assert isinstance(answer, Refusal), answer
    return answer.kind


class ToySealer:
    """Seals readably: under `keys`, or under everybody's key where there are none named."""

    def __init__(self, keys: set[str] | None = None) -> None:
        self.keys = keys

    def has_key(self, customer_id: str) -> bool:
        """Whether there is a key to seal under for a customer."""
        return self.keys is None or customer_id in self.keys

    def seal(self, customer_id: str, plain: str) -> Sealed:
        """The text, sealed readably. KeyError: the customer has no key."""
        if not self.has_key(customer_id):
            raise KeyError(customer_id)
        return Sealed(f"toy:{customer_id}:{plain}")

    def open(self, customer_id: str, sealed: Sealed) -> str | None:
        """The text; None where it was sealed for another customer, or the key is gone."""
        if is_plain(sealed):
            return sealed.removeprefix(PLAIN)
        kind, owner, plain = sealed.split(":", 2)
        sealed_so = (kind, owner) == ("toy", customer_id)
        return plain if sealed_so and self.has_key(customer_id) else None


def context(
    policy: Policy | None = None,
    sealer: Sealer | None = None,
    erased: Iterable[str] = (),
    **indexes: Mapping[str, str],
) -> Context:
    """What decisions rest on; `indexes` are by their names, empty where none is given."""
    found: dict[Index, Mapping[str, str]] = {
        index: indexes.get(index.name, {}) for index in INDEXES
    }
    found[ERASED] = dict.fromkeys(erased, "")
    return Context(
        policy or Policy(),
        DEFAULT_SERVICE_LEVELS,
        sealer or ToySealer(),
        found,
        _joined,
        windows_in("America/Sao_Paulo"),
        CalendarTime(),
    )


def _joined(texts: Sequence[str | None]) -> str:
    return repr(tuple(texts))


def merchants(*entries: tuple[str, str]) -> MerchantTable:
    """A table with these names and their MCCs."""
    table = MerchantTable()
    for name, mcc in entries:
        table.register(name, mcc)
    return table


def deep(value: Any) -> Any:
    """All of a state as plain values, the order of members included, to be compared.

    Left out is what is found anew from the rest: memos, and ends of holds that have passed by.
    """
    if isinstance(value, DescriptorTable):
        return value.entries(), getattr(value, "position", None)
    if isinstance(value, TrailingWindow):
        return value.length_us, list(value.entries())
    if isinstance(value, Account):
        value.settle_limits()
        parts = {name: each for name, each in vars(Account).items() if isinstance(each, Part)}
        found = _fields(value) | {name: deep(each.of(value)) for name, each in parts.items()}
        found |= {"opening_cents": deep(value.opening_cents), "expiries": _expiries(value)}
        return {name: member for name, member in found.items() if name not in _READY}
    if isinstance(value, dict):
        return [(key, deep(member)) for key, member in value.items()]
    if type(value).__module__.startswith("authorizer.domain.") and not isinstance(value, _VALUES):
        return _fields(value)
    if isinstance(value, list):
        return [deep(member) for member in value]
    return value


_READY = ("_counting", "counts", "opening", "parts", "ready_limits", "spending_log")
_VALUES = (tuple, str, Enum)
"""What never changes is compared as it is."""


def _fields(state: Any) -> dict[str, Any]:
    names = getattr(type(state), "__slots__", None) or vars(state)
    return {name: deep(getattr(state, name)) for name in names}


def _expiries(account: Account) -> list[tuple[int, str]]:
    """When the open holds run out, the first one first."""
    purchases = Account.purchases.of(account)
    ends = ((each.expires_at_us, each.purchase_id) for each in purchases.values())
    open_ = sorted((at_us, name) for at_us, name in ends if at_us is not None)
    assert set(open_) <= set(Account.expiries.of(account))
    return open_


def words(things: Iterable[Any]) -> list[str]:
    """The names of the types, for messages that tell what happened."""
    return [type(thing).__name__ for thing in things]
