"""A backtest finds what the limit would have declined live, and what a plain recount says."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.cli.purchase_spill import PurchaseSpill
from authorizer.domain.accounts import expiry
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.backtest_values import Candidate, Finding, KnownPurchases
from authorizer.domain.accounts.backtesting import Backtest
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import AccountOpened, PurchaseDeclined
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_commands import (
    AuthorizeHold,
    Capture,
    IncrementHold,
    PutLimit,
    Refund,
    Reverse,
)
from authorizer.domain.accounts.purchase_events import HoldDeclined, IncrementDeclined
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.state import Account
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.moments import DAY_US, HOUR_US, NEVER_US
from tests.support.any_event import unhurried
from tests.support.builders import BY, NOW_US, context

A: Final = "a"
MCCS: Final = ("5411", "5812", "5999")


def window_of(window: str, at_us: int) -> tuple[int, int]:
    """Days and weeks of a calendar that knows nothing else."""
    if window == "lifetime":
        return 0, NEVER_US
    length_us = {"day": DAY_US, "week": 7 * DAY_US}[window]
    start_us = at_us // length_us * length_us
    return start_us, start_us + length_us


class Declined(NamedTuple):
    """A purchase, or an increment of one, that was declined by a limit."""

    purchase_id: str | None
    operation_id: str | None
    at_us: int
    name: str


amounts = st.integers(1, 50)
mccs = st.sampled_from(MCCS)
windows = st.sampled_from(
    [("transaction", None), ("day", None), ("week", None), ("lifetime", None), ("P2D", 2 * DAY_US)]
)
scopes = st.sampled_from(
    [LimitScope(), LimitScope(mccs=("5411", "5812")), LimitScope(wallets=("CASH", "MEAL"))]
)
terms = st.builds(
    lambda window, most, count, scope, mode: LimitTerms(
        window[0], window[1], most, count, scope, mode
    ),
    windows,
    st.none() | st.integers(0, 120),
    st.none() | st.integers(0, 4),
    scopes,
    st.sampled_from([LimitMode.ENFORCE, LimitMode.ENFORCE, LimitMode.SHADOW]),
)
candidates = st.dictionaries(st.sampled_from("xyz"), terms, min_size=1, max_size=3)
each_of = st.integers(0, 3)
"""Which of the newest purchases; 0 is the newest."""
new = [
    st.tuples(st.just("buy"), st.booleans(), amounts, mccs),
    st.tuples(st.just("hold"), amounts, mccs, st.sampled_from([1, 30, 200])),
]
later = [
    st.tuples(st.just("increment"), each_of, amounts),
    st.tuples(st.just("capture"), each_of, st.booleans()),
    st.tuples(st.just("capture all"), each_of),
    st.tuples(st.just("force"), each_of, amounts),
    st.tuples(st.just("reverse"), each_of, st.none() | st.just(1)),
    st.tuples(st.just("refund"), each_of),
]
OF_ONE: Final = ("increment", "capture", "capture all", "force", "reverse", "refund")
ALIKE: Final = [
    step
    for which in range(4)
    for step in (
        ("capture", which, True), ("capture all", which), ("reverse", which, None),
        ("refund", which),
    )
]  # fmt: skip
"""What can be done alike to a hold of which more is held on one account than on the other, after an
increment that a limit declined: other requests would be refused on one of them."""
steps = st.one_of(
    *new, *later, later[0], later[4], st.tuples(st.just("time"), st.sampled_from([1, 9, 40]))
)


class Book:
    """An account with more money than it can spend, and perhaps limits; what happened to it."""

    def __init__(self, limits: dict[str, LimitTerms]) -> None:
        self.now_us = NOW_US
        self.account = Account(A)
        self.events: list[Any] = []
        self.names: list[str] = []
        policy = Policy(id_retention_us=1000 * DAY_US, global_limits=GlobalLimits())
        around = SimpleNamespace(policy=policy, window_of=window_of)
        self.around = cast("Any", around)
        opening = dict.fromkeys(("FOOD", "MEAL", "CASH"), 10**9)
        self.take(AccountOpened(self.now_us, BY, A, opening, None))
        for name, each in limits.items():
            self.ask(PutLimit(A, name, False, each, (), None, self.now_us, BY))

    def take(self, *events: Any) -> None:
        for event in events:
            self.events.append(event)
            ACCOUNTS.evolve(self.account, event, self.account.position + 1)

    def ask(self, command: Any) -> None:
        decision = ACCOUNTS.decide(self.account, command, self.around, self.now_us)
        self.take(*decision.events)

    def step(self, number: int, what: str, *given: Any) -> None:
        self.now_us += 1
        self.take(*expiry.holds_overdue(self.account, context(), self.now_us))
        getattr(self, what.replace(" ", "_"))(number, *given)

    def buy(self, number: int, named: bool, cents: int, mcc: str) -> None:
        name = f"p{number}" if named else None
        if name is not None:
            self.names.append(name)
        command = Authorize(A, name, cents, mcc, "LOJA", None, 0, BY)
        _, events = authorize_by_all_rules(self.account, command, self.around, self.now_us, 0)
        self.take(*events)

    def hold(self, number: int, cents: int, mcc: str, hours: int) -> None:
        self.names.append(f"p{number}")
        self.ask(
            AuthorizeHold(A, self.names[-1], cents, mcc, "LOJA", None, False, hours, None, 0, BY)
        )

    def one(self, which: int) -> str:
        """One of the newest purchases, or of no purchase at all."""
        return self.names[-1 - which] if which < len(self.names) else "unknown"

    def increment(self, number: int, which: int, cents: int) -> None:
        self.ask(IncrementHold(A, self.one(which), f"o{number}", cents, 0, BY))

    def capture(self, number: int, which: int, final: bool) -> None:
        self.captured(number, which, 1, final)

    def capture_all(self, number: int, which: int) -> None:
        self.captured(number, which, None, True)

    def captured(self, number: int, which: int, cents: int | None, final: bool) -> None:
        name = self.one(which)
        self.ask(Capture(A, name, f"o{number}", cents, final, False, None, None, None, BY))

    def force(self, number: int, which: int, cents: int) -> None:
        name = self.one(which)
        self.ask(Capture(A, name, f"o{number}", cents, True, True, "5812", "LOJA", None, BY))

    def reverse(self, number: int, which: int, cents: int | None) -> None:
        self.ask(Reverse(A, self.one(which), f"o{number}", cents, None, BY))

    def refund(self, number: int, which: int) -> None:
        self.ask(Refund(A, self.one(which), f"o{number}", 1, BY))

    def time(self, _: int, hours: int) -> None:
        self.now_us += hours * HOUR_US


def declines_of(events: list[Any]) -> list[Declined]:
    """What limits declined live, and those in the shadow would have."""
    found = []
    for event in events:
        name = getattr(event, "purchase_id", getattr(event, "transaction_id", None))
        operation = getattr(event, "operation_id", None)
        if isinstance(event, PurchaseDeclined | HoldDeclined | IncrementDeclined):
            assert event.decided_by is not None or event.reason == "duplicate_mismatch"
            if event.decided_by is not None:
                found.append(Declined(name, operation, event.at_us, event.decided_by.name))
        for limit, _ in getattr(event, "shadow", ()):
            found.append(Declined(name, operation, event.at_us, limit))
    return sorted(found, key=repr)


def found_in(backtest: Backtest, events: list[Any]) -> list[Finding]:
    return [
        finding
        for position, event in enumerate(events, 1)
        for finding in backtest.take(event, position)
    ]


def as_declined(findings: list[Finding]) -> list[Declined]:
    return sorted(
        (
            Declined(each.purchase_id, each.operation_id, each.at_us, each.check.name)
            for each in findings
            if each.declines or each.is_shadow
        ),
        key=repr,
    )


def spill(kept: int) -> PurchaseSpill:
    return PurchaseSpill(lambda: 0, kept)


@pytest.mark.parametrize("kept", [2, 1000])
def test_a_backtest_finds_what_the_limits_decline_live(kept: int) -> None:
    """The same requests at the same times, on an account without limits and on one with them."""

    @given(st.lists(steps, min_size=10, max_size=50), candidates)
    @settings(unhurried, max_examples=400)
    def so_it_is(history: list[Any], limits: dict[str, LimitTerms]) -> None:
        free, bound = Book({}), Book(limits)
        less_held: set[str] = set()
        for number, step in enumerate(history):
            what, *given_ = step
            if what in OF_ONE and free.one(given_[0]) in less_held and step not in ALIKE:
                continue
            free.step(number, *step)
            bound.step(number, *step)
            if isinstance(bound.events[-1], IncrementDeclined):
                less_held.add(bound.events[-1].purchase_id)
        tried = [Candidate(name, None, each) for name, each in limits.items()]
        with closing(spill(kept)) as known:
            found = found_in(Backtest(tried, window_of, 0, known), free.events)
        assert as_declined(found) == declines_of(bound.events)

    so_it_is()


# --- a plain recount -----------------------------------------------------------------------------


def bought(*purchases: tuple[int, int, str]) -> list[Any]:
    """Purchases: at which hour, of how much, at which MCC."""
    book = Book({})
    for hour, cents, mcc in purchases:
        book.now_us = NOW_US + hour * HOUR_US
        book.step(0, "buy", False, cents, mcc)
    return book.events


@given(
    st.lists(st.tuples(st.integers(0, 100), amounts, mccs), max_size=25),
    terms.filter(lambda each: each.mode is LimitMode.ENFORCE),
    st.integers(0, 60),
)
@settings(unhurried)
def test_a_plain_recount_says_the_same(
    purchases: list[tuple[int, int, str]], limit: LimitTerms, from_hour: int
) -> None:
    """Each purchase against all before it, from a time on; what was bought before counts."""
    events = bought(*sorted(purchases))
    since_us = NOW_US + from_hour * HOUR_US
    wallets = {"5411": "FOOD", "5812": "MEAL", "5999": "CASH"}
    counted: list[tuple[int, int]] = []
    declined = []
    for event in events[1:]:
        if limit.scope.mccs and event.mcc not in limit.scope.mccs:
            continue
        if limit.scope.wallets and wallets[event.mcc] not in limit.scope.wallets:
            continue
        if limit.window == "transaction":
            start_us = NEVER_US
        elif limit.trailing_us is not None:
            start_us = event.at_us - limit.trailing_us + 1
        else:
            start_us = window_of(limit.window, event.at_us)[0]
        inside = [cents for at_us, cents in counted if at_us >= start_us]
        most, times = limit.max_amount_cents, limit.max_count
        beyond = most is not None and sum(inside) + event.amount_cents > most
        beyond = beyond or (times is not None and len(inside) + 1 > times)
        if beyond and event.at_us >= since_us:
            declined.append(event.at_us)
        else:
            counted.append((event.at_us, event.amount_cents))
    backtest = Backtest([Candidate("x", None, limit)], window_of, since_us, cast_known())
    assert [each.at_us for each in found_in(backtest, events)] == declined


def cast_known() -> KnownPurchases:
    return spill(1000)


def test_a_limit_of_an_account_is_for_no_other() -> None:
    events = bought((0, 5, "5411"))
    limit = LimitTerms("day", None, 1, None, LimitScope(), LimitMode.ENFORCE)
    for account_id, count in ((A, 1), ("b", 0), (None, 1)):
        backtest = Backtest([Candidate("x", account_id, limit)], window_of, 0, spill(9))
        assert len(found_in(backtest, events)) == count


def test_all_that_go_beyond_are_found_and_the_first_that_is_enforced_declines() -> None:
    events = bought((0, 5, "5411"))
    limit = LimitTerms("day", None, 1, None, LimitScope(), LimitMode.ENFORCE)
    shadow = limit._replace(mode=LimitMode.SHADOW)
    tried = [Candidate("s", None, shadow), Candidate("x", None, limit), Candidate("y", None, limit)]
    found = found_in(Backtest(tried, window_of, 0, spill(9)), events)
    assert [(one.check.name, one.declines, one.is_shadow) for one in found] == [
        ("s", False, True),
        ("x", True, False),
        ("y", False, False),
    ]


@pytest.mark.parametrize(
    ("ends", "left"),
    [
        (("capture", 0, True), 1),
        (("capture all", 0), 30),
        (("reverse", 0, None), 0),
        (("reverse", 0, 1), 29),
        (("time", 40), 0),
    ],
)
def test_what_was_held_of_a_declined_increment_is_let_go_first(ends: Any, left: int) -> None:
    """A hold of 30 whose increment by 20 is declined; then it ends, and what is left is asked."""
    limit = LimitTerms("lifetime", None, 40, None, LimitScope(), LimitMode.ENFORCE)
    for cents in (40 - left, 40 - left + 1):
        free, bound = Book({}), Book({"x": limit})
        for book in (free, bound):
            book.step(1, "hold", 30, "5411", 30)
            book.step(2, "increment", 0, 20)
            book.step(3, *ends)
            book.step(4, "hold", cents, "5411", 30)
        backtest = Backtest([Candidate("x", None, limit)], window_of, 0, spill(9))
        found = as_declined(found_in(backtest, free.events))
        assert found == declines_of(bound.events)
        assert ("p4" in [each.purchase_id for each in found]) == (cents > 40 - left)


def test_what_was_booked_by_force_is_not_let_go_with_a_hold_that_was_declined() -> None:
    """The hold runs out in truth; live there was none, and what was booked stays booked."""
    limit = LimitTerms("lifetime", None, 20, None, LimitScope(), LimitMode.ENFORCE)
    free, bound = Book({}), Book({"x": limit})
    for book in (free, bound):
        book.step(1, "hold", 30, "5411", 30)
        forced = Capture(A, "p1", "o2", 15, False, True, None, None, None, BY)
        book.ask(forced)
        book.step(3, "time", 40)
        book.step(4, "hold", 6, "5411", 30)
        book.step(5, "hold", 5, "5411", 30)
    assert [type(event).__name__ for event in free.events].count("HoldExpired") == 1
    backtest = Backtest([Candidate("x", None, limit)], window_of, 0, spill(9))
    found = as_declined(found_in(backtest, free.events))
    assert found == declines_of(bound.events)
    assert [each.purchase_id for each in found] == ["p1", "p4"]
