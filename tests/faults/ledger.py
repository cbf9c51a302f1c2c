"""What the clients of a server know: what they asked for, what they were told, what must be left.

Every purchase and credit carries an id. One that got no answer has an unknown outcome; asked again
after a restart, the server tells whether it had been decided before (a replay) or is decided now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.support.client import Answer, Client, path_of
from tests.support.documents import Number, card, customer, encode, purchase
from tests.support.together import Request

ACCOUNTS = tuple(f"a{number}" for number in range(16))
OPENING = {"FOOD": "60.00", "MEAL": "60.00", "CASH": "60.00"}
LIMIT = "120.00"
OPENING_CENTS = 300_00
"""What an account can spend at first: its wallets and the limit of its card."""


def card_of(account: str) -> str:
    return f"card-{account}"


def open_accounts(client: Client) -> None:
    """Open every account with its wallets, and a card with a limit on it."""
    for account in ACCOUNTS:
        client.open_account(account, **OPENING)
        document = customer(f"c-{account}", card(card_of(account), LIMIT), conta=account)
        assert client.put_customer(document).status == 201


def funds_cents(client: Client) -> Counter[str]:
    """What each account can spend now, in centavos. Nothing may be below zero."""
    funds: Counter[str] = Counter()
    for account in ACCOUNTS:
        amounts = [Decimal(text) for text in client.balances(account).values()]
        amounts.append(Decimal(client.card(card_of(account))["limite_disponivel"].text))
        assert min(amounts) >= 0, f"{account} is below zero: {amounts}"
        funds[account] = int(sum(amounts) * 100)
    return funds


@dataclass
class Operation:
    """A purchase or a credit under an id of its own, and the outcome that a client was told."""

    account: str
    cents_if_done: int
    request: Request
    outcome: str | None = None
    """The wire code of a purchase or `credited`; None while no client was told."""

    @property
    def cents(self) -> int:
        """What it has moved, as far as its outcome is known."""
        return self.cents_if_done if self.outcome in ("00", "credited") else 0

    def tell(self, answer: Answer) -> None:
        """Note the outcome. An answer that contradicts an earlier one is a failure."""
        outcome = _outcome(answer)
        assert self.outcome in (None, outcome), (
            f"{self.request.body!r} was answered {self.outcome} and now {outcome}"
        )
        self.outcome = outcome


def _outcome(answer: Answer) -> str:
    if "authorizer-reason" not in answer.headers:
        assert answer.status in (200, 201), answer
        return "credited"
    assert answer.reason in ("approved", "insufficient_funds"), answer
    return answer.code


def was_known(answer: Answer) -> bool:
    """Whether the server had decided this operation before it was asked now."""
    if "authorizer-reason" in answer.headers:
        return answer.replayed
    return answer.status == 200


def operations(random: Random, name: str, merchant: str = "LOJA X") -> Iterator[Operation]:
    """Operations without end; the name makes their ids unique. Some come twice in a row."""
    number = 0
    while True:
        number += 1
        account, operation_id = random.choice(ACCOUNTS), f"{name}-{number}"
        if random.random() < 0.15:
            operation = _credit(random, account, operation_id)
        else:
            operation = _purchase(random, account, operation_id, merchant)
        yield operation
        if random.random() < 0.05:
            yield operation


def _purchase(random: Random, account: str, operation_id: str, merchant: str) -> Operation:
    cents = random.randint(1, 2000)
    more = {"card": card_of(account)} if random.random() < 0.5 else {}
    mcc = random.choice(("5411", "5812", "4111"))
    document = purchase(account, _reais(cents), mcc=mcc, merchant=merchant, id=operation_id, **more)
    return Operation(account, -cents, Request("POST", "/transactions", encode(document)))


def _credit(random: Random, account: str, operation_id: str) -> Operation:
    cents = random.randint(1, 6000)
    category = random.choice(tuple(OPENING))
    document = {"id": operation_id, "category": category, "amount": Number(_reais(cents))}
    path = path_of("accounts", account, "credits")
    return Operation(account, cents, Request("POST", path, encode(document)))


def _reais(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@dataclass
class Ledger:
    """The sum of all that clients were told: what every account must have left."""

    expected_cents: Counter[str] = field(
        default_factory=lambda: Counter(dict.fromkeys(ACCOUNTS, OPENING_CENTS))
    )

    def add(self, told: Iterable[Operation]) -> None:
        """Count operations whose outcome has become known."""
        for operation in told:
            self.expected_cents[operation.account] += operation.cents

    def check(self, client: Client, when: str) -> None:
        """The accounts hold exactly this much."""
        seen = funds_cents(client)
        wrong = {
            account: (seen[account], expected)
            for account, expected in self.expected_cents.items()
            if seen[account] != expected
        }
        assert not wrong, f"{when}: accounts hold (centavos, expected): {wrong}"
