"""What is noted while an account's past is looked up: for as long as somebody needs it."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.domain.accounts import spending_log
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.limits import Counted, LimitMode, LimitScope, LimitTerms, Spending
from authorizer.domain.accounts.plain_purchases import is_plain_account
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, PutLimit, Reverse
from authorizer.domain.accounts.purchase_events import LimitCeilingsChanged
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.accounts.velocity import put_limit
from authorizer.domain.outcomes import Done, Refusal, RefusalKind
from tests.support.builders import ACCOUNT, BY, NOW_US, apply, context, grown, opened

PURCHASE = Authorize(ACCOUNT, None, 4_00, "5811", "LOJA X", None, 0, BY)
AROUND = context(Policy())
DAY = LimitTerms("day", None, 100_00, None, LimitScope(), LimitMode.ENFORCE)
HOLD = AuthorizeHold(ACCOUNT, "h", 10_00, "5811", "LOJA X", None, False, None, None, 0, BY)
SPENT = Counted("before", NOW_US, 7_00, Spending("CASH", "5811", "LOJA X", None), 1)


def buy(account: Account, name: str | None = None) -> None:
    asked = PURCHASE._replace(transaction_id=name)
    _, event = authorize(account, asked, AROUND, NOW_US, 0)
    assert event is not None
    grown(account, event)


def put(account: Account, as_of: int | None, terms: LimitTerms = DAY) -> Done | Refusal:
    command = PutLimit(ACCOUNT, "day", False, terms, (SPENT,), as_of, NOW_US, BY)
    decision = put_limit(account, command, AROUND, NOW_US)
    apply(account, decision)
    outcome = decision.outcome
    assert isinstance(outcome, Done | Refusal)
    return outcome


def test_what_was_spent_meanwhile_counts_beside_what_was_looked_up() -> None:
    account = opened(MEAL=100_00)
    since = account.begin_spending_log()
    buy(account, "a")
    buy(account)
    assert put(account, since) == Done(created=True)
    assert account.limits["day"].used(NOW_US) == (15_00, 3)


def ask(account: Account, command: Any, now_us: int = NOW_US) -> Any:
    decision = ACCOUNTS.decide(account, command, AROUND, now_us)
    apply(account, decision)
    return decision


def test_purchases_without_an_id_are_told_apart() -> None:
    """The newest of the past has no id, nor has the first that comes after it."""
    account = opened(MEAL=100_00)
    buy(account)
    since = account.begin_spending_log()
    buy(account)
    of_before = SPENT._replace(key=f"\0{since}", amount_cents=4_00, position=since)
    command = PutLimit(ACCOUNT, "day", False, DAY, (of_before,), since, NOW_US, BY)
    apply(account, put_limit(account, command, AROUND, NOW_US))
    assert account.limits["day"].used(NOW_US) == (8_00, 2)


@pytest.mark.parametrize("seen_cents", [10_00, 6_00])
def test_what_became_of_a_purchase_meanwhile_counts_once(seen_cents: int) -> None:
    """Whether the look-up saw it before or after."""
    account = opened(MEAL=100_00)
    ask(account, HOLD)
    since = account.begin_spending_log()
    ask(account, Reverse(ACCOUNT, "h", "r", 4_00, None, BY))
    seen = SPENT._replace(key="h", amount_cents=seen_cents, position=since)
    command = PutLimit(ACCOUNT, "day", False, DAY, (seen,), since, NOW_US, BY)
    apply(account, put_limit(account, command, AROUND, NOW_US))
    assert account.limits["day"].used(NOW_US) == (6_00, 1)


def test_without_a_log_since_then_the_look_up_is_of_no_use() -> None:
    account = opened(MEAL=100_00)
    since = account.position
    buy(account)
    account.begin_spending_log()
    outcome = put(account, since)
    assert isinstance(outcome, Refusal)
    assert outcome.kind is RefusalKind.CHANGED


def test_a_log_is_kept_until_nobody_needs_it() -> None:
    account = opened(MEAL=100_00)
    since = account.begin_spending_log()
    buy(account)
    assert account.begin_spending_log() == since
    account.end_spending_log(since)
    account.end_spending_log(since + 1)
    assert put(account, since) == Done(created=True)
    account.end_spending_log(since)
    assert account.spending_log is None


def test_a_log_that_is_full_says_so_and_the_next_one_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spending_log, "MAX_NOTES", 2)
    account = opened(MEAL=100_00)
    since = account.begin_spending_log()
    for _ in range(3):
        buy(account)
    assert isinstance(put(account, since), Refusal)
    assert account.begin_spending_log() == account.position
    account.end_spending_log(since)
    assert account.spending_log is not None


def test_other_ceilings_need_no_look_up() -> None:
    account = opened(MEAL=100_00)
    put(account, None)
    buy(account)
    assert put(account, 1, DAY._replace(max_amount_cents=12_00)) == Done(created=False)
    assert account.limits["day"].used(NOW_US) == (11_00, 2)


def test_other_ceilings_are_a_small_event_however_much_was_counted() -> None:
    """And in force at once, in another mode too."""
    account = opened(MEAL=100_00)
    hour = DAY._replace(window="PT1H", trailing_us=3_600_000_000)
    put(account, None, hour)
    buy(account, "a")
    stricter = hour._replace(max_amount_cents=12_00, mode=LimitMode.SHADOW)
    command = PutLimit(ACCOUNT, "day", False, stricter, (), None, NOW_US, BY)
    decision = put_limit(account, command, AROUND, NOW_US)
    assert decision.events == (
        LimitCeilingsChanged(NOW_US, BY, ACCOUNT, "day", False, 12_00, None, "shadow"),
    )
    apply(account, decision)
    limit = account.limits["day"]
    assert limit.terms == stricter
    assert (limit.used(NOW_US), len(list(limit.entries()))) == ((11_00, 2), 2)
    buy(account, "b")
    assert account.limits["day"].used(NOW_US) == (15_00, 3)


def test_purchases_of_a_batch_are_noted_too() -> None:
    account = opened(MEAL=100_00)
    assert is_plain_account(account, AROUND.policy)
    since = account.begin_spending_log()
    assert not is_plain_account(account, AROUND.policy)
    account.end_spending_log(since)
    assert is_plain_account(account, AROUND.policy)
