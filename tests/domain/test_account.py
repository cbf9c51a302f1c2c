"""An account's state: what each event does to it, and what is seen of it from outside."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountLinked,
    CardBlocked,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.state import Account, account_view, forget_id_pages
from authorizer.domain.merchants.events import MerchantRegistered
from tests.support.builders import (
    ACCOUNT,
    BY,
    CARD,
    NOW_US,
    deep,
    grown,
    opened,
    settled,
    terms,
    with_card,
)
from tests.support.commands import purchase


def test_an_account_exists_from_its_first_event_on() -> None:
    assert not Account("a").exists
    assert opened().exists


def test_an_event_leaves_its_position_in_the_state() -> None:
    account = opened()
    ACCOUNTS.evolve(account, AccountLinked(NOW_US, BY, ACCOUNT, "cust"), 41)
    assert account.position == 41


def test_an_event_of_another_kind_is_a_bug_and_changes_nothing() -> None:
    account = opened()
    before = deep(account)
    with pytest.raises(KeyError):
        ACCOUNTS.evolve(account, MerchantRegistered(NOW_US, BY, "X", "1"), 2)
    assert deep(account) == before


def test_the_opening_balances_are_not_touched_by_what_is_spent() -> None:
    account = opened(CASH=5_00)
    settled(account, purchase(2_00))
    assert (account.opening_cents, account.wallets_cents) == ({"CASH": 5_00}, {"CASH": 3_00})


def test_replay_applies_what_the_event_says_not_what_the_rules_would_say_now() -> None:
    account = opened(FOOD=5_00, CASH=5_00)
    odd = PurchaseApproved(NOW_US, BY, ACCOUNT, None, 2_00, "5411", "X", None, "9999", "CASH")
    grown(account, odd)
    assert account.wallets_cents == {"FOOD": 5_00, "CASH": 3_00}


def test_a_mismatch_does_not_replace_the_answer_that_is_remembered() -> None:
    account = opened()
    settled(account, purchase(1_00, transaction_id="t"))
    before = deep(account)["purchase_keys"]
    grown(
        account,
        PurchaseDeclined(
            NOW_US, BY, ACCOUNT, "t", 9_00, "5411", "X", None, None, "duplicate_mismatch"
        ),
    )
    assert deep(account)["purchase_keys"] == before


def test_a_view_tells_wallets_customer_cards_and_operations() -> None:
    account = with_card(opened(customer_id="cust", CASH=5_00))
    grown(account, CardBlocked(NOW_US, BY, ACCOUNT, CARD, "roubo", "App"))
    view = account_view(account)
    assert (view.account_id, view.wallets_cents, view.customer_id) == (
        ACCOUNT,
        {"CASH": 5_00},
        "cust",
    )
    assert [card.status for card in view.cards] == ["bloqueado"]
    assert [operation.kind for operation in view.operations] == ["bloqueio"]


def test_a_view_stays_as_it_is_when_the_account_changes() -> None:
    account = with_card(opened(CASH=5_00), terms(used_cents=0))
    view = account_view(account)
    settled(account, purchase(5_00))
    settled(account, purchase(6_00, card_id=CARD))
    grown(account, CardBlocked(NOW_US, BY, ACCOUNT, CARD, "roubo", "App"))
    with_card(account, terms("k2"))
    assert view.wallets_cents == {"CASH": 5_00}
    assert view.cards == (terms(),)
    assert view.operations == ()


def test_a_page_of_ids_that_are_too_old_is_forgotten_when_a_new_page_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 2)
    account = opened()

    def remember(number: int, at_us: int) -> None:
        settled(account, purchase(1, transaction_id=f"t{number}"), now_us=at_us)
        grown(account, AccountCredited(at_us, BY, ACCOUNT, f"c{number}", "CASH", 1))
        forget_id_pages(account, at_us, IdRetention(purchases_us=100, credits_us=20))

    for number, at_us in enumerate((NOW_US, NOW_US + 70, NOW_US + 80, NOW_US + 81)):
        remember(number, at_us)
    for ids in (account.purchase_keys, account.credit_keys):
        assert len(ids) == 4
    remember(4, NOW_US + 171)
    assert [list(page) for page in account.purchase_keys.sealed_pages] == [["t2", "t3"]]
    assert account.credit_keys.sealed_pages == ()
    assert list(account.credit_keys.open_page) == ["c4"]
