"""What may happen to one hold, in every order there is: money is conserved in each."""

from __future__ import annotations

from itertools import permutations
from types import SimpleNamespace
from typing import Any, cast

import pytest

from authorizer.domain.accounts import purchase_commands as ask
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import BlockReason, CardTerms
from authorizer.domain.accounts.changes import wallet_change
from authorizer.domain.accounts.commands import BlockCard
from authorizer.domain.accounts.events import AccountOpened, CardOpened
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_lookup import purchase_view
from authorizer.domain.accounts.state import Account
from authorizer.domain.moments import HOUR_US
from authorizer.domain.outcomes import Refusal

NOW_US = 10**15
CONTEXT = cast(Any, SimpleNamespace(policy=Policy(), window_of=lambda _, __: (0, 2**62)))
A, H, BY = "a", "h", "tester"
LATER = "later"

WHOLE: dict[str, Any] = {
    "capture a part": ask.Capture(A, H, "c1", 2_00, False, False, None, None, None, BY),
    "capture the rest": ask.Capture(A, H, "c2", None, True, False, None, None, None, BY),
    "force more": ask.Capture(A, H, "c3", 12_00, True, True, None, None, None, BY),
    "reverse": ask.Reverse(A, H, "r1", None, None, BY),
    "refund a part": ask.Refund(A, H, "f1", 1_00, BY),
    "block": BlockCard(A, "k", BlockReason.of("roubo"), "App", BY),
    LATER: None,
}
IN_PARTS = WHOLE | {
    "capture the rest": ask.Capture(A, H, "c2", 1_00, True, False, None, None, None, BY),
    "force more": ask.Capture(A, H, "c3", 12_00, False, True, None, None, None, BY),
    "reverse": ask.Reverse(A, H, "r1", 2_00, None, BY),
    "refund a part": ask.Refund(A, H, "f1", None, BY),
}
"""The last capture leaves something that goes back, and a reversal something that stays."""


def account() -> tuple[Account, list[Any]]:
    """An account with a card and an open hold of 5.00 on a wallet of 10.00."""
    made = Account(A)
    terms = CardTerms("k", "*", "V", "ativo", None, None, None, 0)
    events: list[Any] = [
        AccountOpened(NOW_US, BY, A, {"MEAL": 10_00, "CASH": 0}, None),
        CardOpened(NOW_US, BY, A, "c", terms),
    ]
    hold = ask.AuthorizeHold(A, H, 5_00, "5812", "LOJA", "k", False, 1, None, 0, BY)
    for event in events:
        ACCOUNTS.evolve(made, event, made.position + 1)
    decision = ACCOUNTS.decide(made, hold, CONTEXT, NOW_US)
    for event in decision.events:
        ACCOUNTS.evolve(made, event, made.position + 1)
    return made, [*events, *decision.events]


@pytest.mark.parametrize("happenings", [WHOLE, IN_PARTS], ids=["whole", "in parts"])
@pytest.mark.parametrize("first", WHOLE)
def test_money_is_conserved_in_every_order(first: str, happenings: dict[str, Any]) -> None:
    others = [name for name in happenings if name != first]
    ends = set()
    for order in permutations(others):
        made, events = account()
        now_us = NOW_US
        for name in (first, *order):
            command = happenings[name]
            if name == LATER:
                now_us += 2 * HOUR_US
                found: Any = ACCOUNTS.overdue(made, CONTEXT, now_us) if ACCOUNTS.overdue else ()
            else:
                decision = ACCOUNTS.decide(made, command, CONTEXT, now_us)
                assert not isinstance(decision.outcome, Refusal) or not decision.events
                found = decision.events
            for event in found:
                ACCOUNTS.evolve(made, event, made.position + 1)
                events.append(event)
            check(made, events)
        ends.add(purchase_view(made, H).status.value)
    assert ends <= {"closed", "reversed"}


def check(made: Account, events: list[Any]) -> None:
    """The books agree with each other and with the events."""
    view = purchase_view(made, H)
    available, held = made.wallets_cents["MEAL"], made.held_cents.get("MEAL", 0)
    owed = made.owed_cents.get("MEAL", 0)
    given_back = made.purchases[H].given_back_cents
    assert available >= 0
    assert held == view.held_cents >= 0
    assert 0 <= given_back <= view.captured_cents
    assert 10_00 - view.captured_cents + given_back == available + held - owed
    assert (held > 0) == (view.status.value == "pending")
    changes = [change for change in map(wallet_change, events) if change is not None]
    assert 10_00 + sum(change.available_cents for change in changes) == available
    assert sum(change.held_cents for change in changes) == held
    assert sum(change.owed_cents for change in changes) == owed
