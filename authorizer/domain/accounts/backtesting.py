"""Candidate limits over what has happened: which purchases they would have declined.

The evaluation is the live one: scopes, counters and checks of `limits`, in the order in which the
candidates are named. What they decline takes no part from then on, as it would not have live;
everything else stands as it was decided.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from authorizer.domain.accounts.backtest_values import (
    Asked,
    Candidate,
    Finding,
    KnownPurchase,
    KnownPurchases,
)
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.limit_counters import Limit
from authorizer.domain.accounts.limits import (
    CALENDAR_WINDOWS,
    Change,
    Held,
    Spending,
    first_exceeded,
)
from authorizer.domain.accounts.purchase_events import (
    HoldApproved,
    HoldDeclined,
    HoldExpired,
    HoldIncremented,
    PurchaseCaptured,
    PurchaseReversed,
    PurchaseReversedBefore,
)
from authorizer.domain.outcomes import Reason

_SWEEP_AT: Final = 100_000
"""So many accounts are looked through for counters that are at nothing; then at twice as many."""


class Backtest:
    """Follows the journal's events, and finds what candidates would have declined of them."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        window_of: Callable[[str, int], tuple[int, int]],
        since_us: int,
        purchases: KnownPurchases,
    ) -> None:
        """`since_us`: from when on they decide; what was bought before counts."""
        self._candidates = [(each, Limit(each.name, each.terms)) for each in candidates]
        """Each with a limit in which nothing is counted, which knows the scope."""
        self._window_of = window_of
        self._since_us = since_us
        self._purchases = purchases
        self._counters: dict[str, dict[str, Limit]] = {}
        """By account, then by candidate."""
        self._sweep_at = _SWEEP_AT
        self._bounds: dict[str, tuple[int, int]] = {}
        self.purchases = 0
        """Approved purchases, holds and increments on which they decided."""
        self.amount_cents = 0

    def take(self, event: Any, position: int) -> Sequence[Finding]:
        """Follow an event; what candidates would have declined of it."""
        follow = self.FOLLOW.get(type(event))
        return () if follow is None else follow(self, event, position)

    def horizon_us(self, now_us: int) -> int:
        """Since when purchases may still be in a window of some candidate."""
        since_us = now_us
        for candidate, _ in self._candidates:
            window, trailing_us = candidate.terms.window, candidate.terms.trailing_us
            if trailing_us is not None:
                since_us = min(since_us, now_us - trailing_us)
            elif window in CALENDAR_WINDOWS:
                since_us = min(since_us, self._bounds_of(window, now_us)[0])
        return since_us

    # --- one method an event ---------------------------------------------------------------------

    def _bought(self, event: PurchaseApproved, position: int) -> Sequence[Finding]:
        source = event.wallet or CREDIT_LIMIT
        return self._approved(event, position, event.transaction_id, source, is_hold=False)

    def _held(self, event: HoldApproved, position: int) -> Sequence[Finding]:
        return self._approved(event, position, event.purchase_id, event.source, is_hold=True)

    def _approved(
        self, event: Any, position: int, purchase_id: str | None, source: str, *, is_hold: bool
    ) -> Sequence[Finding]:
        cents, at_us = event.amount_cents, event.at_us
        spending = Spending(source, event.override_mcc or event.mcc, event.merchant, event.card_id)
        asked = Asked(purchase_id, None, spending, cents, None)
        limits = tuple(self._applying(event.account_id, spending, at_us))
        findings = self._findings(event, position, asked, limits)
        stands = not any(each.declines for each in findings)
        if stands:
            key = purchase_id or f"\0{position}"
            change = Change(key, at_us, cents, 1)
            for limit in limits:
                limit.count(change, at_us)
        if purchase_id is not None:
            counted = cents if stands else 0
            known = KnownPurchase(at_us, cents, counted, stands, False, is_hold, 0, spending)
            self._purchases.put(event.account_id, purchase_id, known)
        return findings

    def _incremented(self, event: HoldIncremented, position: int) -> Sequence[Finding]:
        known = self._purchases.get(event.account_id, event.purchase_id)
        if known is None or not known.takes_part:
            return ()
        cents = event.amount_cents
        whole_cents = known.amount_cents + cents
        name = (event.purchase_id, event.operation_id)
        held = Held(known.made_at_us, known.amount_cents, known.counted_cents)
        asked = Asked(*name, known.spending, cents, held)
        limits = self._applying(event.account_id, known.spending, event.at_us)
        findings = self._findings(event, position, asked, limits)
        if any(each.declines for each in findings):
            more = known._replace(surplus_cents=known.surplus_cents + cents)
            self._purchases.put(event.account_id, event.purchase_id, more)
        else:
            self._change(event, known._replace(amount_cents=whole_cents), cents)
        return findings

    def _single_declined(self, event: PurchaseDeclined, _: int) -> Sequence[Finding]:
        if event.reason != Reason.DUPLICATE_MISMATCH.name_on_wire:
            self._declined(event, event.transaction_id)
        return ()

    def _hold_declined(self, event: HoldDeclined, _: int) -> Sequence[Finding]:
        self._declined(event, event.purchase_id)
        return ()

    def _declined(self, event: PurchaseDeclined | HoldDeclined, purchase_id: str | None) -> None:
        """A capture may book it by force still."""
        if purchase_id is None:
            return
        announced = self._purchases.get(event.account_id, purchase_id)
        began_us = event.at_us if announced is None else announced.made_at_us
        mcc = event.override_mcc or event.mcc
        spending = Spending("", mcc, event.merchant, event.card_id)
        known = KnownPurchase(began_us, 0, 0, False, False, False, 0, spending)
        self._purchases.put(event.account_id, purchase_id, known)

    def _reversed_before(self, event: PurchaseReversedBefore, _: int) -> Sequence[Finding]:
        spending = Spending("", "", "", None)
        known = KnownPurchase(event.at_us, 0, 0, False, False, False, 0, spending)
        self._purchases.put(event.account_id, event.purchase_id, known)
        return ()

    def _captured(self, event: PurchaseCaptured, _: int) -> Sequence[Finding]:
        known = self._purchases.get(event.account_id, event.purchase_id)
        whole_cents = event.from_hold_cents + event.beyond_cents
        if event.force and (known is None or not known.takes_part):
            self._change(event, self._made_by_force(event, known), whole_cents)
        elif known is not None and known.by_force:
            if event.force:
                self._change(event, known, whole_cents)
        elif known is not None and known.takes_part:
            released_cents, after = _released(known, event.released_cents)
            self._change(event, after, event.beyond_cents - released_cents)
        return ()

    def _made_by_force(self, event: PurchaseCaptured, known: KnownPurchase | None) -> KnownPurchase:
        """It has its own terms if it has any, else the capture's."""
        spending = Spending(event.source, event.mcc or "", event.merchant or "", event.card_id)
        made_at_us = event.at_us
        if known is not None:
            made_at_us = known.made_at_us
            if known.spending.mcc:
                spending = known.spending._replace(source=event.source)
        return KnownPurchase(made_at_us, 0, 0, True, True, False, 0, spending)

    def _reversed(self, event: PurchaseReversed, _: int) -> Sequence[Finding]:
        self._let_go(event, of_hold=event.of_hold, all_of_it=event.asked_cents is None)
        return ()

    def _expired(self, event: HoldExpired, _: int) -> Sequence[Finding]:
        self._let_go(event, of_hold=True, all_of_it=True)
        return ()

    def _let_go(self, event: Any, *, of_hold: bool, all_of_it: bool) -> None:
        known = self._purchases.get(event.account_id, event.purchase_id)
        if known is None or not known.takes_part or (of_hold and known.by_force):
            return
        cents = event.amount_cents
        if all_of_it:
            cents, known = _released(known, cents)
        self._change(event, known, -cents)

    # --- counting and deciding -------------------------------------------------------------------

    def _change(self, event: Any, known: KnownPurchase, adds_cents: int) -> None:
        """Count a change of a purchase, in the window it was made in; never below nothing."""
        after_cents = max(0, known.counted_cents + adds_cents)
        adds_count = (after_cents > 0) - (known.counted_cents > 0)
        adds_cents = after_cents - known.counted_cents
        change = Change(event.purchase_id, known.made_at_us, adds_cents, adds_count)
        if adds_cents:
            for limit in self._applying(event.account_id, known.spending, event.at_us):
                limit.count(change, event.at_us)
        after = known._replace(counted_cents=after_cents)
        self._purchases.put(event.account_id, event.purchase_id, after)

    def _findings(
        self, event: Any, position: int, asked: Asked, limits: Iterable[Limit]
    ) -> list[Finding]:
        """What candidates would have declined: all that fail, of which one decides at the most."""
        if event.at_us < self._since_us:
            return []
        self.purchases += 1
        self.amount_cents += asked.cents
        account_id, now_us = event.account_id, event.at_us
        adds_count = 1 if asked.operation_id is None else 0
        checks = [
            limit.check(
                limit.terms, asked.cents + limit.beside(asked.held, now_us), adds_count, now_us
            )
            for limit in limits
        ]
        decides = first_exceeded(checks)
        return [
            Finding(
                position=position,
                at_us=now_us,
                account_id=account_id,
                purchase_id=asked.purchase_id,
                operation_id=asked.operation_id,
                amount_cents=asked.cents,
                spending=asked.spending,
                reason=check.exceeded,
                check=check,
                declines=check is decides,
            )
            for check in checks
            if check.exceeded is not None
        ]

    def _applying(self, account_id: str, spending: Spending, now_us: int) -> Iterator[Limit]:
        """The account's counters whose scope has a purchase, in the windows of now."""
        counters = self._counters.get(account_id)
        if counters is None:
            counters = self._counters[account_id] = {}
            if len(self._counters) >= self._sweep_at:
                self._sweep(now_us, but=account_id)
                self._sweep_at = max(_SWEEP_AT, 2 * len(self._counters))
        for candidate, scope in self._candidates:
            if candidate.account_id not in (None, account_id) or not scope.applies_to(spending):
                continue
            limit = counters.get(candidate.name)
            if limit is None:
                limit = counters[candidate.name] = Limit(candidate.name, candidate.terms)
            window = candidate.terms.window
            if window in CALENDAR_WINDOWS and now_us >= limit.ends_at_us:
                limit.begin_window(*self._bounds_of(window, now_us))
            yield limit

    def _bounds_of(self, window: str, now_us: int) -> tuple[int, int]:
        starts_at_us, ends_at_us = self._bounds.get(window, (0, 0))
        if not starts_at_us <= now_us < ends_at_us:
            starts_at_us, ends_at_us = self._bounds[window] = self._window_of(window, now_us)
        return starts_at_us, ends_at_us

    def _sweep(self, now_us: int, but: str) -> None:
        """Forget the counters of accounts on which nothing is used now: they begin anew so."""
        for account_id in [each for each in self._counters if each != but]:
            limits = self._counters[account_id].values()
            if not any(any(limit.used(now_us)) for limit in limits):
                del self._counters[account_id]

    FOLLOW: Final[dict[type, Callable[["Backtest", Any, int], Sequence[Finding]]]] = {
        PurchaseApproved: _bought,
        PurchaseDeclined: _single_declined,
        HoldApproved: _held,
        HoldDeclined: _hold_declined,
        HoldIncremented: _incremented,
        PurchaseCaptured: _captured,
        PurchaseReversed: _reversed,
        PurchaseReversedBefore: _reversed_before,
        HoldExpired: _expired,
    }


def _released(known: KnownPurchase, cents: int) -> tuple[int, KnownPurchase]:
    """What of a rest that is let go was held by the candidates, too; the purchase after it."""
    surplus_cents = min(known.surplus_cents, cents)
    left_cents = known.surplus_cents - surplus_cents
    return cents - surplus_cents, known._replace(surplus_cents=left_cents)


FOLLOWED: Final = tuple(Backtest.FOLLOW)
"""The events that matter."""
