"""The ordered rules of one purchase, a row for each; and that deciding changes nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.cards import CardStatus
from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import (
    AccountCredited,
    CardBlocked,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import Outcome, Reason
from tests.support.builders import (
    ACCOUNT,
    BY,
    CARD,
    DAY_US,
    NOW_US,
    decided,
    deep,
    grown,
    merchants,
    opened,
    settled,
    terms,
    with_card,
)
from tests.support.commands import purchase

FOOD, MEAL, CASH = "FOOD", "MEAL", "CASH"
TABLE = (("UBER EATS SAO PAULO BR", "5812"), ("UBER*", "4121"), ("MERCADO*", "5411"))


class Row(NamedTuple):
    """A purchase of FOOD 100.00, MEAL 50.00, CASH 20.00, and who pays for it."""

    rule: str
    said: dict[str, Any]
    payer: str | None


ROWS = [
    Row("L1: 5411 is FOOD", {"amount_cents": 100_00, "mcc": "5411"}, FOOD),
    Row("L1: 5412 is FOOD", {"amount_cents": 100_00, "mcc": "5412"}, FOOD),
    Row("L1: 5811 is MEAL", {"amount_cents": 50_00, "mcc": "5811"}, MEAL),
    Row("L1: 5812 is MEAL", {"amount_cents": 50_00, "mcc": "5812"}, MEAL),
    Row("L1: any other text is CASH", {"amount_cents": 20_00, "mcc": "5999"}, CASH),
    Row("L1: codes are exact text", {"amount_cents": 1, "mcc": " 5411"}, CASH),
    Row("a wallet may be emptied", {"amount_cents": 50_00, "mcc": "5811"}, MEAL),
    Row("L2: CASH pays where MEAL is short", {"amount_cents": 50_01, "mcc": "5811"}, None),
    Row("no two sources share a purchase", {"amount_cents": 110_00, "mcc": "5411"}, None),
    Row("CASH has no fallback", {"amount_cents": 20_01, "mcc": "5999"}, None),
    Row("FOOD never pays for MEAL", {"amount_cents": 60_00, "mcc": "5811"}, None),
    Row("L3: the name beats the MCC", {"mcc": "5411", "merchant": TABLE[0][0]}, MEAL),
    Row("L3: in any spelling", {"mcc": "5411", "merchant": "über eats  são paulo br"}, MEAL),
    Row("L3: a prefix", {"mcc": "5411", "merchant": "UBER TRIP"}, CASH),
    Row("L3: no part of a word", {"mcc": "5411", "merchant": "UBERABA"}, FOOD),
    Row("L3: the whole amount", {"amount_cents": 50_01, "merchant": TABLE[0][0]}, None),
    Row("L3: an override to FOOD", {"amount_cents": 99_00, "merchant": "MERCADO 1"}, FOOD),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_which_funds_pay(row: Row) -> None:
    account, policy = opened(), Policy(merchants=merchants(*TABLE))
    wallets = dict(account.wallets_cents)
    outcome = settled(account, purchase(**row.said), policy)
    if row.payer is None:
        assert outcome == Outcome(Reason.INSUFFICIENT_FUNDS)
    else:
        assert outcome == Outcome(Reason.APPROVED, wallet=row.payer)
        wallets[row.payer] -= row.said.get("amount_cents", 1_00)
    assert account.wallets_cents == wallets


@pytest.mark.parametrize(
    ("mcc", "meal_cents", "cash_cents", "amount_cents", "payer"),
    [
        ("5811", 50_00, 60_00, 50_00, "MEAL"),
        ("5811", 50_00, 60_00, 50_01, "CASH"),
        ("5811", 50_00, 60_00, 60_00, "CASH"),
        ("5811", 50_00, 60_00, 60_01, None),
        ("5811", 0, 60_00, 1, "CASH"),
        ("5999", 50_00, 40_00, 40_01, None),
    ],
)
def test_l2_cash_pays_the_whole_where_the_wallet_does_not_cover_it(
    mcc: str, meal_cents: int, cash_cents: int, amount_cents: int, payer: str | None
) -> None:
    account = opened(MEAL=meal_cents, CASH=cash_cents)
    outcome, _ = decided(account, purchase(amount_cents, mcc))
    assert (outcome.reason is Reason.APPROVED, outcome.wallet) == (payer is not None, payer)


def test_a_wallet_that_the_account_does_not_have_pays_nothing() -> None:
    account = opened(MEAL=50_00)
    assert decided(account, purchase(1, "5411"))[0].reason is Reason.INSUFFICIENT_FUNDS
    assert decided(account, purchase(1, "5811"))[0].wallet == "MEAL"


def test_an_account_that_was_never_opened_is_not_found_and_leaves_no_event() -> None:
    verdict = decided(Account(ACCOUNT), purchase(1, transaction_id="t"), waited_ns=10**9)
    assert verdict == (Outcome(Reason.ACCOUNT_NOT_FOUND), None)


def test_the_wallets_and_the_fallback_are_configured() -> None:
    policy = Policy(categories=CategoryTable({"4111": "BUS"}, "OTHER"))
    account = opened(BUS=5_00, OTHER=7_00, CASH=100_00)
    assert decided(account, purchase(5_00, "4111"), policy)[0].wallet == "BUS"
    assert decided(account, purchase(6_00, "4111"), policy)[0].wallet == "OTHER"
    assert decided(account, purchase(7_01, "4111"), policy)[0].wallet is None


# --- cards ---------------------------------------------------------------------------------------


def carded(**card: Any) -> Account:
    """An account with MEAL 50.00, CASH 20.00 and a card with a limit of 100.00."""
    return with_card(opened(MEAL=50_00, CASH=20_00), terms(**{"limit_cents": 100_00} | card))


@pytest.mark.parametrize(
    ("mcc", "amount_cents", "payer"),
    [
        ("5811", 50_00, "MEAL"),
        ("5999", 20_00, "CASH"),
        ("5811", 50_01, "card"),
        ("5999", 20_01, "card"),
        ("5811", 70_00, "card"),
        ("5999", 100_00, "card"),
        ("5999", 100_01, None),
    ],
)
def test_the_cards_available_limit_pays_last_and_the_whole(
    mcc: str, amount_cents: int, payer: str | None
) -> None:
    account = carded()
    wallets = dict(account.wallets_cents)
    outcome = settled(account, purchase(amount_cents, mcc, card_id=CARD))
    used = amount_cents if payer == "card" else 0
    if payer in wallets:
        wallets[payer] -= amount_cents
    assert account.wallets_cents == wallets
    assert account.cards[CARD].limit_used_cents == used
    assert outcome.reason is (Reason.INSUFFICIENT_FUNDS if payer is None else Reason.APPROVED)
    assert outcome.wallet == (None if payer == "card" else payer)


def test_what_is_used_of_the_limit_is_not_available() -> None:
    account = carded(used_cents=99_00)
    assert decided(account, purchase(50_01, card_id=CARD))[0].reason is Reason.INSUFFICIENT_FUNDS
    account = opened(CASH=0)
    with_card(account, terms(limit_cents=100_00, used_cents=99_00))
    assert settled(account, purchase(1_00, card_id=CARD)).reason is Reason.APPROVED
    assert settled(account, purchase(1, card_id=CARD)).reason is Reason.INSUFFICIENT_FUNDS


def test_a_card_without_a_limit_pays_nothing_but_may_be_named() -> None:
    account = carded(limit_cents=None)
    assert decided(account, purchase(20_00, card_id=CARD))[0].wallet == "CASH"
    assert decided(account, purchase(20_01, card_id=CARD))[0].reason is Reason.INSUFFICIENT_FUNDS


def test_a_limit_pays_only_where_the_purchase_names_the_card() -> None:
    account = carded()
    assert decided(account, purchase(60_00))[0].reason is Reason.INSUFFICIENT_FUNDS


@pytest.mark.parametrize("status", [CardStatus.BLOCKED, CardStatus.CANCELLED])
def test_a_card_that_is_not_active_is_refused_although_a_wallet_would_pay(
    status: CardStatus,
) -> None:
    account = carded(status=status, motive="roubo" if status is CardStatus.BLOCKED else None)
    assert decided(account, purchase(1, card_id=CARD))[0] == Outcome(Reason.CARD_BLOCKED)
    assert decided(account, purchase(1))[0].reason is Reason.APPROVED


def test_a_card_that_is_not_on_the_account_is_refused_although_a_wallet_would_pay() -> None:
    assert decided(carded(), purchase(1, card_id="other"))[0] == Outcome(Reason.CARD_NOT_FOUND)


def test_a_card_is_refused_from_the_moment_it_is_blocked() -> None:
    account = carded()
    assert settled(account, purchase(1, card_id=CARD)).reason is Reason.APPROVED
    grown(account, CardBlocked(NOW_US, BY, ACCOUNT, CARD, "roubo", "App"))
    assert settled(account, purchase(1, card_id=CARD)).reason is Reason.CARD_BLOCKED


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waited_ns", "reason"),
    [
        (0, Reason.APPROVED),
        (79_999_999, Reason.APPROVED),
        (80_000_000, Reason.TOO_LATE),
        (80_000_001, Reason.TOO_LATE),
        (10**15, Reason.TOO_LATE),
    ],
)
def test_a_purchase_that_has_waited_up_to_the_deadline_is_declined(
    waited_ns: int, reason: Reason
) -> None:
    account = opened()
    wallets = dict(account.wallets_cents)
    outcome = settled(account, purchase(1_00, "5411"), waited_ns=waited_ns)
    assert outcome.reason is reason
    assert (account.wallets_cents == wallets) == (reason is Reason.TOO_LATE)


def test_the_deadline_is_configured() -> None:
    policy = Policy(deadline_ns=5)
    assert decided(opened(), purchase(1), policy, waited_ns=4)[0].reason is Reason.APPROVED
    assert decided(opened(), purchase(1), policy, waited_ns=5)[0].reason is Reason.TOO_LATE


# --- the same id again ---------------------------------------------------------------------------


def test_the_same_id_again_has_the_stored_answer_and_moves_nothing() -> None:
    account = opened()
    command = purchase(30_00, "5811", transaction_id="t")
    assert settled(account, command) == Outcome(Reason.APPROVED, False, "MEAL")
    after = deep(account)
    for _ in range(3):
        outcome, event = decided(account, command)
        assert (outcome.reason, outcome.replayed, event) == (Reason.APPROVED, True, None)
    assert deep(account) == after


def test_a_51_stays_a_51_when_money_has_come() -> None:
    account = opened(CASH=0)
    command = purchase(1_00, transaction_id="t")
    assert settled(account, command).reason is Reason.INSUFFICIENT_FUNDS
    grown(account, AccountCredited(NOW_US, BY, ACCOUNT, "c", "CASH", 5_00))
    assert settled(account, command) == Outcome(Reason.INSUFFICIENT_FUNDS, replayed=True)
    assert settled(account, command._replace(transaction_id="u")).reason is Reason.APPROVED


@pytest.mark.parametrize(
    ("spoils", "reason"),
    [
        ({"card_id": "other"}, Reason.CARD_NOT_FOUND),
        ({"card_id": CARD}, Reason.CARD_BLOCKED),
    ],
)
def test_any_other_stored_decline_is_answered_again_too(
    spoils: dict[str, Any], reason: Reason
) -> None:
    account = carded(status=CardStatus.BLOCKED, motive="outro")
    command = purchase(1_00, transaction_id="t", **spoils)
    assert settled(account, command) == Outcome(reason)
    assert settled(account, command) == Outcome(reason, replayed=True)


def test_a_purchase_that_was_too_late_stays_too_late() -> None:
    account = opened()
    command = purchase(1_00, transaction_id="t")
    assert settled(account, command, waited_ns=10**9).reason is Reason.TOO_LATE
    assert settled(account, command) == Outcome(Reason.TOO_LATE, replayed=True)


def test_a_repeat_that_waited_too_long_still_has_the_stored_answer() -> None:
    account = opened()
    command = purchase(1_00, transaction_id="t")
    assert settled(account, command).reason is Reason.APPROVED
    assert settled(account, command, waited_ns=10**9) == Outcome(Reason.APPROVED, replayed=True)


@pytest.mark.parametrize(
    "other",
    [
        {"amount_cents": 1_01},
        {"mcc": "5812"},
        {"merchant": "LOJA Y"},
        {"merchant": "loja x"},
        {"card_id": CARD},
    ],
)
def test_the_same_id_with_other_fields_is_a_mismatch_and_the_first_answer_stays(
    other: dict[str, Any],
) -> None:
    account = carded()
    command = purchase(1_00, "5811", transaction_id="t")
    assert settled(account, command).reason is Reason.APPROVED
    wallets = dict(account.wallets_cents)
    for _ in range(2):
        outcome, event = decided(account, command._replace(**other))
        assert outcome == Outcome(Reason.DUPLICATE_MISMATCH)
        assert isinstance(event, PurchaseDeclined)
        grown(account, event)
    assert settled(account, command) == Outcome(Reason.APPROVED, replayed=True)
    assert account.wallets_cents == wallets


def test_fields_that_run_into_each_other_are_told_apart() -> None:
    account = carded()
    one = purchase(1_00, "58", "11 X", transaction_id="t")
    assert settled(account, one).reason is Reason.APPROVED
    other = one._replace(mcc="5811", merchant=" X")
    assert settled(account, other).reason is Reason.DUPLICATE_MISMATCH


def test_another_time_and_another_asker_do_not_make_another_purchase() -> None:
    account = opened()
    command = purchase(1_00, transaction_id="t")
    settled(account, command)
    again = command._replace(received_ns=99, by="somebody else")
    assert settled(account, again, now_us=NOW_US + 5).replayed


def test_without_an_id_every_request_is_a_purchase_of_its_own() -> None:
    account = opened(CASH=3_00)
    assert [settled(account, purchase(1_00)).reason for _ in range(4)] == [
        Reason.APPROVED,
        Reason.APPROVED,
        Reason.APPROVED,
        Reason.INSUFFICIENT_FUNDS,
    ]
    assert len(account.purchase_keys) == 0


def test_an_id_is_kept_for_360_days_and_then_is_free_again() -> None:
    account = opened()
    command = purchase(1_00, "5411", transaction_id="t")
    settled(account, command)
    kept = NOW_US + 360 * DAY_US
    assert settled(account, command, now_us=kept).replayed
    assert settled(account, command, now_us=kept + 1) == Outcome(Reason.APPROVED, False, "FOOD")
    assert account.wallets_cents["FOOD"] == 98_00
    assert settled(account, command, now_us=kept + 2).replayed


def test_how_long_an_id_is_kept_is_configured() -> None:
    account, policy = opened(), Policy(id_retention_us=10)
    command = purchase(1_00, transaction_id="t")
    settled(account, command, policy)
    assert settled(account, command, policy, now_us=NOW_US + 10).replayed
    assert not settled(account, command, policy, now_us=NOW_US + 11).replayed


def test_no_number_of_ids_declines_a_purchase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "PAGE_ENTRIES", 2)
    account, policy = opened(), Policy(max_remembered_ids=1)
    for number in range(9):
        command = purchase(1, transaction_id=str(number))
        assert settled(account, command, policy).reason is Reason.APPROVED
    assert settled(account, purchase(1, transaction_id="0"), policy).replayed


# --- the order of the rules ----------------------------------------------------------------------


def test_the_rules_run_in_order_and_the_first_decline_wins() -> None:
    """Everything is wrong with the purchase; what is mended shows the next rule."""
    account = with_card(opened(CASH=0), terms(status=CardStatus.BLOCKED, motive="outro"))
    known = purchase(1_00, transaction_id="t", card_id="none")
    settled(account, known)
    late = 10**9
    bad = known._replace(amount_cents=5_00)
    seen = [
        decided(account, bad, waited_ns=late),
        decided(account, known, waited_ns=late),
        decided(account, bad._replace(transaction_id="u"), waited_ns=late),
        decided(account, bad._replace(transaction_id="u")),
        decided(account, bad._replace(transaction_id="u", card_id=CARD)),
        decided(account, bad._replace(transaction_id="u", card_id=None)),
    ]
    assert [(outcome.reason.name_on_wire, outcome.replayed) for outcome, _ in seen] == [
        ("duplicate_mismatch", False),
        ("card_not_found", True),
        ("too_late", False),
        ("card_not_found", False),
        ("card_blocked", False),
        ("insufficient_funds", False),
    ]


# --- events --------------------------------------------------------------------------------------


def test_an_approval_is_an_event_that_says_who_paid_and_which_override_applied() -> None:
    policy = Policy(merchants=merchants(*TABLE))
    command = Authorize(ACCOUNT, "t", 12_34, "5411", "UBER TRIP", None, 7, "me")
    _, event = decided(opened(), command, policy, NOW_US + 3)
    assert event == PurchaseApproved(
        NOW_US + 3, "me", ACCOUNT, "t", 12_34, "5411", "UBER TRIP", None, "4121", "CASH"
    )


def test_an_approval_on_the_limit_names_no_wallet() -> None:
    _, event = decided(carded(), purchase(90_00, card_id=CARD))
    assert isinstance(event, PurchaseApproved)
    assert (event.wallet, event.card_id, event.override_mcc) == (None, CARD, None)


@pytest.mark.parametrize(
    ("said", "waited_ns", "reason"),
    [
        ({"amount_cents": 10**9}, 0, "insufficient_funds"),
        ({}, 10**9, "too_late"),
        ({"card_id": "none"}, 0, "card_not_found"),
        ({"card_id": CARD}, 0, "card_blocked"),
    ],
)
def test_a_decline_is_an_event_too_and_moves_nothing(
    said: dict[str, Any], waited_ns: int, reason: str
) -> None:
    policy = Policy(merchants=merchants(*TABLE))
    account = carded(status=CardStatus.BLOCKED, motive="outro")
    before = deep(account)
    command = purchase(**{"merchant": "MERCADO 1", "transaction_id": "t"} | said)
    _, event = decided(account, command, policy, waited_ns=waited_ns)
    assert event == PurchaseDeclined(
        NOW_US, BY, ACCOUNT, "t", command.amount_cents, command.mcc, "MERCADO 1",
        command.card_id, "5411", reason,
    )  # fmt: skip
    assert event is not None
    grown(account, event)
    after = deep(account)
    assert [name for name in before if before[name] != after[name]] == ["position", "purchase_keys"]


def test_an_amount_beyond_64_bits_is_declined_for_want_of_funds() -> None:
    outcome = settled(opened(), purchase(10**28 - 1))
    assert outcome.reason is Reason.INSUFFICIENT_FUNDS
