"""The books of wallets, added up from events alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.purchase_events import (
    AccountStatusChanged,
    CardControlsPut,
    HoldApproved,
    HoldDeclined,
    HoldExpired,
    HoldIncremented,
    IncrementDeclined,
    LimitCeilingsChanged,
    LimitPut,
    LimitRemoved,
    LimitWindowBegan,
    PurchaseCaptured,
    PurchaseRefunded,
    PurchaseReversed,
    PurchaseReversedBefore,
    WalletAdjusted,
)
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.state import Replay, State
from authorizer.persistence.verification import data_folder
from authorizer.persistence.verification.wallet_books import BOOKED, Balances, WalletBooks
from tests.support.command_line import write_events

MOVE_NOTHING: Final[set[type[Any]]] = {
    AccountLinked,
    PurchaseDeclined,
    CardOpened,
    CardBlocked,
    CardUnblocked,
    CardReplaced,
    LimitQueried,
    LimitChanged,
    HoldDeclined,
    IncrementDeclined,
    PurchaseReversedBefore,
    AccountStatusChanged,
    LimitCeilingsChanged,
    LimitPut,
    LimitRemoved,
    LimitWindowBegan,
    CardControlsPut,
}
"""Events of accounts that move no money of a wallet."""

AT, BY, A = 1_000_000, "tester", "a"


def held(name: str, cents: int, source: str = "MEAL") -> HoldApproved:
    terms = ("5812", "M", None, None)
    return HoldApproved(AT, BY, A, name, cents, cents, *terms, source, 2 * AT, False, None, None)


def captured(
    name: str, hold: int, beyond: int, released: int, owed: int, makes: bool = False
) -> PurchaseCaptured:
    """A final capture, by force."""
    head = (AT, BY, A, name, f"c-{name}", hold, beyond, released)
    asked = (False, hold + beyond, True, True, None, None, None)
    return PurchaseCaptured(*head, *asked, "MEAL", makes, owed, 0, "closed")


def life() -> tuple[Any, ...]:
    """Every event that moves money, debts made and paid among them."""
    return (
        AccountOpened(AT, BY, A, {"MEAL": 10_000, "CASH": 500}, None),
        PurchaseApproved(AT, BY, A, "p", 1000, "5812", "M", None, None, "MEAL"),
        held("h", 2000),
        HoldIncremented(AT, BY, A, "h", "i", 300, "MEAL"),
        captured("h", 1500, 0, 800, 0),
        PurchaseRefunded(AT, BY, A, "h", "r", 400, 400, "MEAL", 0),
        held("x", 700),
        PurchaseReversed(AT, BY, A, "x", "v", 700, None, None, "MEAL", True, 0, "reversed"),
        PurchaseReversed(AT, BY, A, "p", "w", 1000, None, None, "MEAL", False, 0, "reversed"),
        held("e", 900),
        captured("f", 0, 9000, 0, 1000, makes=True),
        HoldExpired(AT, BY, A, "e", 900, "MEAL", 900, "expired"),
        AccountCredited(AT, BY, A, "k", "MEAL", 250, 100),
        WalletAdjusted(AT, BY, A, "j", "CASH", -500, "wrong", 0),
        held("o", 150),
    )


def state_of(events: Iterator[Any] | tuple[Any, ...]) -> State:
    replay = Replay(State(), IdRetention(1 << 60, 1 << 60))
    for position, event in enumerate(events, 1):
        replay.apply(event, position)
    replay.finish()
    return replay.state


def books_of(events: tuple[Any, ...]) -> WalletBooks:
    books = WalletBooks()
    for event in events:
        books.take(event)
    return books


def test_every_event_moves_money_or_is_stated_not_to() -> None:
    assert BOOKED.keys() | MOVE_NOTHING == {kind.event for kind in ACCOUNTS.events}
    assert not BOOKED.keys() & MOVE_NOTHING


def test_a_life_with_everything_in_it_has_every_kind_of_event() -> None:
    assert {type(event) for event in life()} == BOOKED.keys()


def test_the_sums_are_the_state_after_every_event() -> None:
    events = life()
    for end in range(1, len(events) + 1):
        assert books_of(events[:end]).problems(Balances.of(state_of(events[:end]))) == []
    found = Balances.of(state_of(events))
    assert found.get(A, "MEAL") == (0, 150, 0)
    assert found.get(A, "CASH") == (0, 0, 0)


@pytest.mark.parametrize("left_out", list(BOOKED))
def test_an_event_that_is_not_added_up_is_found(left_out: type[Any]) -> None:
    events = life()
    found = Balances.of(state_of(events))
    fewer = tuple(event for event in events if type(event) is not left_out)
    assert books_of(fewer).problems(found)


def test_a_wallet_that_no_event_made_and_one_that_a_state_lost_are_found() -> None:
    events = life()
    books, state = books_of(events), state_of(events)
    account = state[ACCOUNTS].load(A)
    account.wallets_cents["FOOD"] = 1
    account.held_cents.clear()
    state[ACCOUNTS].put(A, account)
    assert sorted(books.problems(Balances.of(state))) == [
        (
            "account 'a', wallet FOOD: 0.01 available, 0.00 held, 0.00 owed, but its events make "
            "0.00 available, 0.00 held, 0.00 owed"
        ),
        (
            "account 'a', wallet MEAL: 0.00 available, 0.00 held, 0.00 owed, but its events make "
            "0.00 available, 1.50 held, 0.00 owed"
        ),
    ]


def test_what_a_card_s_limit_pays_is_in_no_wallet() -> None:
    books = books_of((AccountOpened(AT, BY, A, {"MEAL": 5}, None), held("h", 3, CREDIT_LIMIT)))
    opened = state_of((AccountOpened(AT, BY, A, {"MEAL": 5}, None),))
    assert books.problems(Balances.of(opened)) == []


def test_many_wallets_are_counted() -> None:
    events = tuple(AccountOpened(AT, BY, f"a{n}", {"MEAL": 5}, None) for n in range(30))
    told = books_of(events).problems(Balances())
    assert len(told) == 21
    assert told[-1] == "10 more wallets do not add up"


# --- over a folder -------------------------------------------------------------------------------


def test_less_than_nothing_is_found(tmp_path: Path) -> None:
    LocalDisk(tmp_path).make_folder("journal")
    opened = AccountOpened(AT, BY, A, {"MEAL": 5}, None)
    beyond = PurchaseApproved(AT, BY, A, None, 6, "5812", "M", None, None, "MEAL")
    write_events(tmp_path, opened, beyond)
    (found,) = data_folder.verify(LocalDisk(tmp_path)).problems
    assert found.problem == "account 'a', wallet MEAL: -0.01 available, 0.00 held, 0.00 owed"


def test_a_rule_that_loses_money_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """State from the journal alone and state from a snapshot agree: only the sums tell."""
    LocalDisk(tmp_path).make_folder("journal")
    write_events(tmp_path, *life())
    assert data_folder.verify(LocalDisk(tmp_path)).problems == ()
    right = ACCOUNTS.apply[HoldExpired]

    def wrong(account: Any, event: Any) -> None:
        right(account, event)
        account.wallets_cents[event.source] += 1

    monkeypatch.setitem(ACCOUNTS.apply, HoldExpired, wrong)
    (found,) = data_folder.verify(LocalDisk(tmp_path)).problems
    assert "wallet MEAL: 0.01 available" in found.problem
