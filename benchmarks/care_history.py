"""What happened to the customers of the care benchmark in three months, event by event."""

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from random import Random
from typing import NamedTuple

import orjson

from authorizer.domain.accounts.events import (
    AccountOpened,
    CardOpened,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.customers.events import CustomerRegistered, PersonalDataRecorded
from authorizer.domain.messages import Event
from authorizer.domain.moments import DAY_US, MINUTE_US
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.events import (
    InteractionRecorded,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTaken,
)
from authorizer.domain.tickets.service_levels import DEFAULT_SERVICE_LEVELS, Priority
from authorizer.domain.tickets.state import ticket_id_of
from authorizer.persistence.privacy.personal import join_texts
from benchmarks import care_people as people

DAYS = 90
BY = "benchmark"
OPENING_CENTS = {"FOOD": 10_000_000_00, "MEAL": 10_000_000_00, "CASH": 10_000_000_00}
CHANNELS = ("App Mobile", "Central", "WhatsApp", "E-mail", "Agência")
CATEGORIES = ("cartao", "limite", "fraude", "fatura", "cadastro", "outro")
ATTENDANTS = tuple(f"atendente-{number:02d}" for number in range(40))
WALLET_BY_MCC = {"5411": "FOOD", "5812": "MEAL", "5811": "MEAL", "4111": "CASH", "5999": "CASH"}
MERCHANTS = tuple(f"LOJA {number:03d}                    SAO PAULO BR" for number in range(200))

Seal = Callable[[str, str], Sealed]
"""Customer and plain text → sealed text."""


class Scale(NamedTuple):
    """How much there is."""

    customers: int
    transactions: int
    tickets: int

    @classmethod
    def of(cls, factor: float) -> "Scale":
        """A share of 100,000 customers, 1,000,000 transactions and 100,000 tickets."""
        whole = (100_000, 1_000_000, 100_000)
        return cls(*(max(1, round(number * factor)) for number in whole))


def history(scale: Scale, until_us: int, seal: Seal) -> Iterator[Event]:
    """All events, oldest first; the newest is before `until_us`."""
    begin_us = until_us - DAYS * DAY_US
    for number in range(scale.customers):
        yield from _customer_opened(number, begin_us, seal)
    random = Random(3)
    desk = _Desk(scale, seal, random)
    for number in range(scale.transactions):
        at_us = begin_us + number * (until_us - begin_us) // scale.transactions
        yield from desk.until(at_us)
        if desk.opened * scale.transactions <= number * scale.tickets:
            yield desk.open(at_us)
        yield _purchase(random, scale.customers, at_us)


def _customer_opened(number: int, at_us: int, seal: Seal) -> Iterator[Event]:
    customer, account = people.customer_id(number), people.account_id(number)
    card = people.card(number)
    yield AccountOpened(at_us, BY, account, OPENING_CENTS, customer)
    yield CustomerRegistered(at_us, BY, customer, account, True, (card.card_id,))
    personal = seal(customer, join_texts(people.person(number)))
    yield PersonalDataRecorded(at_us, BY, customer, personal)
    yield CardOpened(at_us, BY, account, customer, card)


def _purchase(random: Random, customers: int, at_us: int) -> Event:
    account = people.account_id(random.randrange(customers))
    mcc, wallet = random.choice(list(WALLET_BY_MCC.items()))
    merchant, cents = random.choice(MERCHANTS), random.randint(1_00, 200_00)
    said = (at_us, BY, account, None, cents, mcc, merchant, None, None)
    if random.random() < 0.04:
        return PurchaseDeclined(*said, "insufficient_funds")
    return PurchaseApproved(*said, wallet)


class _Desk:
    """Opens tickets, and knows what comes next of each."""

    def __init__(self, scale: Scale, seal: Seal, random: Random) -> None:
        self.opened = 0
        self._customers = scale.customers
        self._seal = seal
        self._random = random
        self._coming: list[tuple[int, int, Callable[[int], Event]]] = []
        self._order = count()

    def until(self, at_us: int) -> Iterator[Event]:
        """What happens to open tickets up to a time."""
        while self._coming and self._coming[0][0] <= at_us:
            due_us, _, happen = heapq.heappop(self._coming)
            yield happen(due_us)

    def open(self, at_us: int) -> Event:
        """A new ticket; most are answered within hours and resolved within days."""
        random = self._random
        self.opened += 1
        customer = people.customer_id(random.randrange(self._customers))
        date = datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y%m%d")
        ticket_id = ticket_id_of(date, self.opened)
        priority = random.choices(list(Priority), (30, 50, 15, 5))[0]
        level = DEFAULT_SERVICE_LEVELS[priority]
        channel = random.choice(CHANNELS)
        self._plan(at_us, ticket_id, customer, channel)
        return TicketOpened(
            at_us,
            BY,
            ticket_id,
            customer,
            random.choice(CATEGORIES),
            priority.value,
            channel,
            None,
            level.first_response_us,
            level.resolution_us,
            self._text(customer, "Compra não reconhecida", "Não reconheço uma compra de ontem."),
        )

    def _plan(self, at_us: int, ticket_id: str, customer: str, channel: str) -> None:
        random = self._random
        about = (ticket_id, customer)
        attendant = random.choice(ATTENDANTS)
        if random.random() < 0.1:
            return
        answered_us = at_us + self._minutes(45)
        self._at(answered_us, partial(_taken, *about, attendant, channel))
        self._at(answered_us, partial(self._said, *about, attendant, channel))
        if random.random() < 0.15:
            return
        resolved_us = answered_us + self._minutes(600)
        self._at(resolved_us, partial(self._resolved, *about, attendant, channel))
        if random.random() < 0.05:
            reopened_us = resolved_us + self._minutes(600)
            self._at(reopened_us, partial(self._reopened, *about, channel))
            again_us = reopened_us + self._minutes(600)
            self._at(again_us, partial(self._resolved, *about, attendant, channel))

    def _minutes(self, mean: float) -> int:
        return 1 + int(self._random.expovariate(1 / mean) * MINUTE_US)

    def _at(self, at_us: int, happen: Callable[[int], Event]) -> None:
        heapq.heappush(self._coming, (at_us, next(self._order), happen))

    def _text(self, customer: str, *texts: str | None) -> Sealed:
        return self._seal(customer, orjson.dumps(texts).decode())

    def _said(
        self, ticket_id: str, customer: str, attendant: str, channel: str, at_us: int
    ) -> Event:
        text = self._text(customer, "Bom dia, vamos verificar a compra.", None)
        return InteractionRecorded(
            at_us, BY, ticket_id, customer, "atendente", attendant, channel, True, text
        )

    def _resolved(
        self, ticket_id: str, customer: str, attendant: str, channel: str, at_us: int
    ) -> Event:
        text = self._text(customer, "Compra estornada.")
        return TicketResolved(at_us, BY, ticket_id, customer, attendant, channel, text)

    def _reopened(self, ticket_id: str, customer: str, channel: str, at_us: int) -> Event:
        text = self._text(customer, "O estorno não apareceu.")
        return TicketReopened(at_us, BY, ticket_id, customer, channel, text)


def _taken(ticket_id: str, customer: str, attendant: str, channel: str, at_us: int) -> Event:
    return TicketTaken(at_us, BY, ticket_id, customer, attendant, channel)
