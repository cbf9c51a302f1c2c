"""Histories for the tables benchmark: purchases of one message, and of several."""

from collections.abc import Iterator
from random import Random
from typing import Final

from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    PurchaseCaptured,
    PurchaseRefunded,
)
from authorizer.domain.messages import Event
from benchmarks.journals import FIRST_AT_US, MCC
from benchmarks.wrk import FIRST_ACCOUNT

ACCOUNTS: Final = 1000
MERCHANTS: Final = 200
STEP_US: Final = 40
DECLINED: Final = 0.04
REFUNDED: Final = 0.1
OPEN: Final = 1000
"""Holds that are open at a time."""
BY: Final = "benchmark"


def purchases(events: int) -> Iterator[Event]:
    """Purchases with ids at random accounts and merchants, some of them declined."""
    random = Random(1)
    for number in range(events):
        at_us = FIRST_AT_US + number * STEP_US
        account, merchant = _account(random), _merchant(random)
        cents = random.randint(1, 200_00)
        said = (at_us, BY, account, f"b-{number:010d}", cents, MCC, merchant, None, None)
        if random.random() < DECLINED:
            yield PurchaseDeclined(*said, "insufficient_funds")
        else:
            yield PurchaseApproved(*said, "MEAL")


def holds(events: int) -> Iterator[Event]:
    """Holds, each captured soon after, and some of the captures refunded."""
    random = Random(1)
    begun: list[tuple[str, str, int]] = []
    """Holds to be captured; captures to be refunded, with a negative amount."""
    for number in range(events):
        at_us = FIRST_AT_US + number * STEP_US
        if len(begun) < OPEN or number % 2:
            account, its_id, cents = _account(random), f"h-{number:010d}", random.randint(1, 200_00)
            begun.append((account, its_id, cents))
            asked = (cents, cents, MCC, _merchant(random), None, None, "MEAL", at_us + 10**9)
            yield HoldApproved(at_us, BY, account, its_id, *asked, False, None, None)
            continue
        account, its_id, cents = begun.pop(random.randrange(len(begun)))
        about = (at_us, BY, account, its_id, f"o-{number}")
        if cents < 0:
            yield PurchaseRefunded(*about, -cents, None, "MEAL", 0)
            continue
        money = (cents, 0, 0)
        asked_for = (False, None, True, False, None, None, None)
        yield PurchaseCaptured(*about, *money, *asked_for, "MEAL", False, 0, 0, "closed")  # type: ignore[arg-type]
        if random.random() < REFUNDED:
            begun.append((account, its_id, -cents))


def _account(random: Random) -> str:
    return str(FIRST_ACCOUNT + random.randrange(ACCOUNTS))


def _merchant(random: Random) -> str:
    return f"LOJA {random.randrange(MERCHANTS):03d}                    SAO PAULO BR"
