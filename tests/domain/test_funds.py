"""Opening accounts and crediting wallets."""

from __future__ import annotations

from typing import Any

import pytest

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.commands import Credit, OpenAccount
from authorizer.domain.accounts.corrections import adjust
from authorizer.domain.accounts.events import AccountCredited, AccountLinked, AccountOpened
from authorizer.domain.accounts.funds import open_account
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import Adjust
from authorizer.domain.accounts.state import Account
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import HOLDS, Decision, Done, Refusal, RefusalKind
from tests.support.builders import (
    ACCOUNT,
    BY,
    DAY_US,
    NOW_US,
    apply,
    context,
    deep,
    opened,
    refusal_kind,
    settled,
)
from tests.support.commands import purchase

BALANCES = {"FOOD": 100_00, "MEAL": 50_00, "CASH": 20_00}


def opening(
    account: Account,
    balances: dict[str, int] | None = None,
    customer_id: str | None = None,
    policy: Policy | None = None,
) -> Decision:
    """The decision on opening, checked to have changed nothing."""
    before = deep(account)
    command = OpenAccount(ACCOUNT, BALANCES if balances is None else balances, customer_id, BY)
    decision = open_account(account, command, context(policy), NOW_US)
    assert deep(account) == before
    return decision


def crediting(
    account: Account, policy: Policy | None = None, now_us: int = NOW_US, **fields: Any
) -> Decision:
    """The decision on a credit, checked to have changed nothing."""
    before = deep(account)
    command = Credit(ACCOUNT, "c", "FOOD", 10_00, BY)._replace(**fields)
    decision = ACCOUNTS.decide(account, command, context(policy), now_us)
    assert deep(account) == before
    return decision


# --- opening -------------------------------------------------------------------------------------


def test_an_account_opens_with_its_balances() -> None:
    account = Account(ACCOUNT)
    assert not account.exists
    decision = opening(account, customer_id="cust")
    assert decision.events == (AccountOpened(NOW_US, BY, ACCOUNT, BALANCES, "cust"),)
    assert apply(account, decision) == Done(created=True)
    assert account.exists
    assert account.wallets_cents == account.opening_cents == BALANCES
    assert account.customer_id == "cust"


def test_an_account_that_opens_without_balances_has_every_configured_wallet_empty() -> None:
    account = Account(ACCOUNT)
    policy = Policy(categories=CategoryTable({"1": "BUS"}, "OTHER"))
    apply(account, opening(account, {}, policy=policy))
    assert account.wallets_cents == {"BUS": 0, "OTHER": 0}


def test_the_same_again_changes_nothing_whatever_was_spent_since() -> None:
    account = opened()
    settled(account, purchase(30_00, "5411"))
    assert opening(account) == Decision(Done(created=False))
    assert opening(account, dict(reversed(BALANCES.items()))) == Decision(Done())
    assert opening(account, {}) == Decision(Done())


@pytest.mark.parametrize(
    "balances",
    [
        {"FOOD": 70_00, "MEAL": 50_00, "CASH": 20_00},
        {"FOOD": 100_00, "MEAL": 50_00},
    ],
)
def test_other_opening_balances_are_a_conflict_even_if_they_are_the_present_ones(
    balances: dict[str, int],
) -> None:
    account = opened()
    settled(account, purchase(30_00, "5411"))
    assert refusal_kind(opening(account, balances)) is RefusalKind.CONFLICT


def test_a_wallet_that_no_setting_names_is_no_wallet() -> None:
    for account in (Account(ACCOUNT), opened()):
        decision = opening(account, {"FOOD": 1_00, "food": 0})
        assert decision.outcome == Refusal(
            RefusalKind.INVALID,
            "there is no wallet 'food', only FOOD, MEAL, CASH",
            "balances.food",
        )
    policy = Policy(categories=CategoryTable({"1": "BUS"}, "OTHER"))
    assert (
        refusal_kind(opening(Account(ACCOUNT), {"CASH": 1_00}, policy=policy))
        is RefusalKind.INVALID
    )
    assert opening(Account(ACCOUNT), {"BUS": 1_00, "OTHER": 0}, policy=policy).events


def test_an_account_with_a_wallet_of_other_settings_keeps_it() -> None:
    account = opened(BUS=5_00, CASH=1_00)
    assert opening(account, {"CASH": 1_00, "BUS": 5_00}) == Decision(Done())
    assert refusal_kind(opening(account, {"CASH": 1_00, "BUS": 6_00})) is RefusalKind.CONFLICT
    apply(account, crediting(account, wallet="BUS"))
    assert account.wallets_cents == {"BUS": 15_00, "CASH": 1_00}


def test_an_account_without_a_customer_can_be_given_one() -> None:
    account = opened()
    decision = opening(account, customer_id="cust")
    assert decision.events == (AccountLinked(NOW_US, BY, ACCOUNT, "cust"),)
    assert apply(account, decision) == Done(created=False)
    assert account.customer_id == "cust"
    assert opening(account, customer_id="cust") == Decision(Done())
    assert opening(account) == Decision(Done())


def test_an_account_keeps_its_customer() -> None:
    account = opened(customer_id="cust")
    assert refusal_kind(opening(account, customer_id="other")) is RefusalKind.CONFLICT


# --- credits -------------------------------------------------------------------------------------


def test_a_credit_puts_money_into_one_wallet() -> None:
    account = opened()
    decision = crediting(account)
    assert decision.events == (AccountCredited(NOW_US, BY, ACCOUNT, "c", "FOOD", 10_00),)
    assert apply(account, decision) == Done(created=True)
    assert account.wallets_cents == BALANCES | {"FOOD": 110_00}
    assert account.opening_cents == BALANCES


def test_an_account_that_was_never_opened_cannot_be_credited() -> None:
    assert refusal_kind(crediting(Account(ACCOUNT))) is RefusalKind.NOT_FOUND


def test_the_same_credit_again_changes_nothing() -> None:
    account = opened()
    apply(account, crediting(account))
    assert crediting(account) == Decision(Done(created=False))
    assert crediting(account, by="somebody else") == Decision(Done())


@pytest.mark.parametrize(
    "other", [{"amount_cents": 10_01}, {"wallet": "MEAL"}, {"reference": "venda 4711"}]
)
def test_other_fields_under_the_id_of_a_credit_are_a_conflict(other: dict[str, Any]) -> None:
    account = opened()
    apply(account, crediting(account))
    assert refusal_kind(crediting(account, **other)) is RefusalKind.CONFLICT


def test_a_credit_says_what_it_is_for() -> None:
    account = opened()
    decision = crediting(account, reference="venda 4711")
    credited = (NOW_US, BY, ACCOUNT, "c", "FOOD", 10_00, 0, "venda 4711")
    assert decision.events == (AccountCredited(*credited),)
    apply(account, decision)
    assert crediting(account, reference="venda 4711") == Decision(Done())
    assert refusal_kind(crediting(account)) is RefusalKind.CONFLICT
    assert refusal_kind(crediting(account, reference="venda 4712")) is RefusalKind.CONFLICT


def test_what_is_remembered_of_a_credit_without_a_reference_is_what_always_was() -> None:
    account = opened()
    apply(account, crediting(account))
    apply(account, crediting(account, credit_id="d", reference="r"))
    assert account.credit_keys.open_page == {
        "c": f"{NOW_US}\0credited\x001000\0FOOD",
        "d": f"{NOW_US}\0credited\x001000\0FOOD\0r",
    }


def test_the_ids_of_credits_and_of_purchases_have_nothing_to_do_with_each_other() -> None:
    account = opened()
    settled(account, purchase(1_00, "5411", transaction_id="c"))
    assert apply(account, crediting(account)) == Done(created=True)
    assert settled(account, purchase(1_00, "5411", transaction_id="c")).replayed


def test_without_a_setting_the_id_of_a_credit_is_kept_as_long_as_that_of_a_purchase() -> None:
    account = opened()
    apply(account, crediting(account))
    kept = NOW_US + 360 * DAY_US
    assert crediting(account, now_us=kept) == Decision(Done())
    assert crediting(account, now_us=kept + 1).outcome == Done(created=True)


def test_the_id_of_a_credit_may_have_a_retention_of_its_own() -> None:
    """The id of a purchase stays as long as it did."""
    account, policy = opened(), Policy(credit_id_retention_us=31 * DAY_US)
    apply(account, crediting(account, policy))
    settled(account, purchase(1_00, "5411", transaction_id="t"))
    kept = NOW_US + 31 * DAY_US
    assert crediting(account, policy, now_us=kept) == Decision(Done())
    assert refusal_kind(crediting(account, policy, amount_cents=1)) is RefusalKind.CONFLICT
    assert crediting(account, policy, now_us=kept + 1).outcome == Done(created=True)
    again = purchase(1_00, "5411", transaction_id="t")
    assert settled(account, again, now_us=kept + 1).replayed


def test_the_id_of_an_adjustment_is_kept_as_long_as_that_of_a_purchase() -> None:
    """Whether or not anybody has walked along the account to forget it."""
    account, command = opened(), Adjust(ACCOUNT, "a", "CASH", 1_00, "contagem", BY)
    apply(account, adjust(account, command, context(Policy()), NOW_US))
    kept = NOW_US + 360 * DAY_US
    assert adjust(account, command, context(Policy()), kept) == HOLDS
    again = adjust(account, command, context(Policy()), kept + 1)
    assert again.outcome == Done(created=True)


def test_a_configured_wallet_that_the_account_lacks_is_opened_by_its_first_credit() -> None:
    account = opened(CASH=1_00)
    apply(account, crediting(account, wallet="MEAL"))
    assert account.wallets_cents == {"CASH": 1_00, "MEAL": 10_00}


def test_a_wallet_of_the_account_can_be_credited_although_it_is_not_configured() -> None:
    account = opened(BUS=1_00)
    apply(account, crediting(account, wallet="BUS"))
    assert account.wallets_cents == {"BUS": 11_00}


def test_a_wallet_that_nobody_knows_cannot_be_credited() -> None:
    decision = crediting(opened(), wallet="BUS")
    assert refusal_kind(decision) is RefusalKind.INVALID
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.field == "category"


def test_a_wallet_holds_up_to_its_bound_and_no_more() -> None:
    account = opened(FOOD=MAX_BALANCE_CENTS - 10_00)
    assert crediting(account, amount_cents=10_00).outcome == Done(created=True)
    decision = crediting(account, amount_cents=10_01)
    assert refusal_kind(decision) is RefusalKind.INVALID
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.field == "amount"


def test_an_account_that_remembers_as_many_credits_as_it_may_is_overloaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 1)
    account, policy = opened(), Policy(max_remembered_ids=2, id_retention_us=100)
    for credit_id in "ab":
        apply(account, crediting(account, policy, credit_id=credit_id))
    assert refusal_kind(crediting(account, policy)) is RefusalKind.OVERLOADED
    assert crediting(account, policy, credit_id="a") == Decision(Done())
    later = crediting(account, policy, now_us=NOW_US + 101)
    assert later.outcome == Done(created=True)
