"""Reversals of what was refunded in part, and of what was reversed before."""

from __future__ import annotations

from typing import Any

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, PutLimit, Refund, Reverse
from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Done, Refusal
from tests.support.builders import ACCOUNT, BY, NOW_US, apply, context, opened, settled
from tests.support.commands import purchase


def ask(account: Account, command: Any) -> Any:
    return apply(account, ACCOUNTS.decide(account, command, context(), NOW_US))


def used(refunded_cents: int) -> tuple[int, int]:
    """What a limit counts of a purchase of 100.00 once all that was left of it is reversed."""
    account = opened(MEAL=200_00)
    most = LimitTerms("lifetime", None, 500_00, 5, LimitScope(), LimitMode.ENFORCE)
    ask(account, PutLimit(ACCOUNT, "most", False, most, (), None, NOW_US, BY))
    settled(account, purchase(100_00, "5811", transaction_id="t"))
    if refunded_cents:
        ask(account, Refund(ACCOUNT, "t", "refund", refunded_cents, BY))
    assert account.limits["most"].used(NOW_US) == (100_00, 1)
    ask(account, Reverse(ACCOUNT, "t", "reversal", None, None, BY))
    assert account.purchases["t"].status is PurchaseStatus.REVERSED
    assert account.wallets_cents["MEAL"] == 200_00
    return account.limits["most"].used(NOW_US)


def test_a_reversal_of_all_frees_the_amount_and_the_count() -> None:
    assert used(refunded_cents=0) == (0, 0)


def test_what_was_refunded_before_a_reversal_of_the_rest_stays_counted() -> None:
    """A refund gives nothing back to limits, whatever comes after it."""
    assert used(refunded_cents=30_00) == (30_00, 1)


def wrong_state(answer: Any) -> str:
    """The state for which it was refused."""
    assert isinstance(answer, Refusal)
    assert answer.reason == "wrong_state"
    return str(answer.state)


def test_a_second_reversal_of_what_was_announced_finds_nothing_to_reverse() -> None:
    """Under its own id it is the first one again. Before the purchase has come, and after it."""
    account = opened(MEAL=100_00)
    first = Reverse(ACCOUNT, "h", "r", None, "decline", BY)
    assert ask(account, first) == Done(created=True)
    for state in ("reversed", "declined"):
        assert ask(account, first) == Done()
        for if_unknown in ("decline", None):
            second = Reverse(ACCOUNT, "h", "s", None, if_unknown, BY)
            assert wrong_state(ask(account, second)) == state
        late = AuthorizeHold(ACCOUNT, "h", 1_00, "5811", "LOJA", None, False, None, None, 0, BY)
        ask(account, late)
    assert account.wallets_cents["MEAL"] == 100_00
