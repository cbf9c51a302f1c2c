"""An account on which purchases live their whole life: its own books, and the right answers.

It belongs to one client that has one request in flight. The books move by what the answers say:
each tells how the purchase stands, and what changed since the last one moved money. Apart from
that every answer is foretold from the published rules, so a wrong one is found at once, and one
that the server did not keep to when the balances are compared.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from loadtest.books import WalletBook
from loadtest.life_answers import (
    CONFLICT,
    CREATED,
    NOT_FOUND,
    OK,
    UNKNOWN,
    Foretold,
    code_of,
    told_by,
)
from loadtest.life_limits import Limit
from loadtest.life_messages import (
    AUTHORIZATION,
    CAPTURE,
    CREDIT,
    INCREMENT,
    REFUND,
    REPEATED,
    REUSED,
    REVERSAL,
    SENT,
    Operation,
    Standing,
)
from loadtest.merchants import CASH, Merchant
from loadtest.model import (
    APPROVED,
    REMEMBERED_PURCHASES,
    Purchase,
    repetition_problem,
)


class LifeAccount:
    """See :class:`loadtest.model.AccountModel`; operations come beside the plain purchases."""

    def __init__(
        self, account: str, opening_cents: Mapping[str, int], limits: Sequence[Limit] = ()
    ) -> None:
        self.account = account
        self.opening_cents = dict(opening_cents)
        self.limits = list(limits)
        self.recent: deque[Purchase] = deque(maxlen=REMEMBERED_PURCHASES)
        self.standings: dict[str, Standing] = {}
        """The latest purchases, the oldest first."""
        self.done: deque[Operation] = deque(maxlen=REMEMBERED_PURCHASES)
        """The latest operations that were taken, of purchases in ``standings`` and credits."""
        self._counted_cents: dict[str, int] = {}
        self._books = {wallet: WalletBook(c, c) for wallet, c in opening_cents.items()}
        self._pending: Purchase | None = None
        self._pending_operation: Operation | None = None
        self._foretell_by_kind: dict[str, Callable[[Operation, Standing], Foretold]] = {
            AUTHORIZATION: self._authorization,
            INCREMENT: self._increment,
            CAPTURE: self._capture,
            REVERSAL: self._reversal,
            REFUND: self._refund,
        }

    # --- what is in flight -------------------------------------------------------------------

    def may_send(self) -> bool:
        """See :class:`AccountModel`: not while anything else is unsettled."""
        return self._pending is None and self._pending_operation is None

    def send(self, purchase: Purchase) -> None:
        """See :class:`AccountModel`."""
        self._must_be_free()
        self._pending = purchase

    def send_operation(self, operation: Operation) -> None:
        """Note that an operation leaves for the server; ``ValueError`` where it may not."""
        self._must_be_free()
        self._pending_operation = operation

    def unsettled(self) -> list[Purchase]:
        """See :class:`AccountModel`."""
        return [] if self._pending is None else [self._pending]

    def unsettled_operation(self) -> Operation | None:
        """The operation that was sent and not answered."""
        return self._pending_operation

    def in_doubt(self) -> int:
        """See :class:`AccountModel`."""
        return 0 if self.may_send() else 1

    # --- answers -----------------------------------------------------------------------------

    def settle(self, purchase: Purchase, code: str) -> str | None:
        """See :class:`AccountModel`."""
        if purchase.code is not None:
            return repetition_problem(purchase, code)
        source, reason = self._decided(purchase.merchant, purchase.amount_cents)
        expected = code_of(reason)
        purchase.code = code
        self._pending = None
        if code == expected:
            self.recent.append(purchase)
        amount = purchase.amount_cents
        if code != APPROVED:
            self._stands(purchase.id, Standing("declined"))
        elif source is not None:
            taken = Standing("closed", source, amount_cents=amount, captured_cents=amount)
            self._stands(purchase.id, taken)
        return None if code == expected else f"{code} for {purchase.id} instead of {expected}"

    def settle_operation(
        self, operation: Operation, status: int, document: Mapping[str, Any], lost: bool = False
    ) -> str | None:
        """Take in an answer; what is wrong with it, or None.

        ``lost``: it was asked again, so it may have been taken before.
        """
        foretold = self._foretell(operation)
        told = told_by(operation, status, document)
        self._pending_operation = None
        if status in (OK, CREATED):
            taken_before = lost and operation.way == SENT  # a repetition moves nothing, lost or not
            self._book(operation, told.standing, moves=status == CREATED or taken_before)
        if lost and status == OK and foretold.status == CREATED:
            told, foretold = replace(told, status=CREATED), replace(foretold, reason=told.reason)
        if foretold.reason is None:
            told = replace(told, reason=None)
        if told == foretold:
            return None
        sent = f"{operation.way} {operation.body()} to {operation.path()}"
        return f"{told} instead of {foretold} for {sent}"

    # --- books -------------------------------------------------------------------------------

    def books(self) -> dict[str, WalletBook]:
        """See :class:`AccountModel`."""
        return self._books

    def balances_cents(self) -> dict[str, int]:
        """See :class:`AccountModel`."""
        return {wallet: book.available_cents for wallet, book in self._books.items()}

    def _book(self, operation: Operation, standing: Standing | None, moves: bool) -> None:
        if standing is not None:
            self._stands(operation.purchase_id, standing)
        elif operation.kind == CREDIT and moves and operation.wallet and operation.amount_cents:
            book = self._books[operation.wallet]
            book.put_in_cents += operation.amount_cents
            book.put(operation.amount_cents)
        if operation.way == SENT:
            self.done.append(operation)

    def _stands(self, purchase_id: str, after: Standing) -> None:
        before = self.standings.get(purchase_id, UNKNOWN)
        self.standings[purchase_id] = after
        if after.source in self._books:
            self._move(purchase_id, after.source, before, after)
        if len(self.standings) > REMEMBERED_PURCHASES:
            oldest = next(iter(self.standings))
            del self.standings[oldest]
            self._counted_cents.pop(oldest, None)

    def _move(self, purchase_id: str, source: str, before: Standing, after: Standing) -> None:
        held_cents = after.held_cents - before.held_cents
        captured_cents = after.captured_cents - before.captured_cents
        undone_cents = after.reversed_cents - before.reversed_cents
        if before.status != "closed":
            undone_cents = 0  # what was reversed was held, and is in held_cents already
        back_cents = after.refunded_cents - before.refunded_cents + undone_cents
        book = self._books[source]
        book.held_cents += held_cents
        book.captured_cents += captured_cents
        book.given_back_cents += back_cents
        out_cents = held_cents + captured_cents - back_cents
        if out_cents > 0:
            book.take(out_cents)
        else:
            book.put(-out_cents)
        counted_cents = self._counted_cents.get(purchase_id, 0)
        now_cents = counted_cents + held_cents + captured_cents - undone_cents
        self._counted_cents[purchase_id] = now_cents
        for limit in self.limits:
            limit.take_in(source, counted_cents, now_cents)

    # --- the right answers -------------------------------------------------------------------

    def _foretell(self, operation: Operation) -> Foretold:
        if operation.way == REUSED:
            return Foretold(CONFLICT, None if operation.kind == CREDIT else "duplicate_mismatch")
        before = self.standings.get(operation.purchase_id)
        if operation.way == REPEATED:
            return Foretold(OK, None, before)
        if operation.kind == CREDIT:
            return Foretold(CREATED)
        return self._foretell_by_kind[operation.kind](operation, before or UNKNOWN)

    def _authorization(self, operation: Operation, before: Standing) -> Foretold:
        assert operation.merchant is not None
        assert operation.amount_cents is not None
        if before is not UNKNOWN:
            return Foretold(CREATED, "reversed_before", Standing("declined"))
        amount, merchant = operation.amount_cents, operation.merchant
        source, reason = self._decided(merchant, amount)
        there_cents = self._books[merchant.wallet].available_cents
        if reason == "insufficient_funds" and operation.partial and there_cents:
            amount, source = there_cents, merchant.wallet
            reason = self._limited(source, amount, 1, 0) or "partially_approved"
        if code_of(reason) != APPROVED:
            return Foretold(CREATED, reason, Standing("declined"))
        held = Standing("pending", source, amount_cents=amount, held_cents=amount)
        return Foretold(CREATED, reason, held)

    def _increment(self, operation: Operation, before: Standing) -> Foretold:
        amount = operation.amount_cents
        assert amount is not None
        if before.status != "pending" or before.source is None:
            return Foretold(CONFLICT, "wrong_state")
        if self._books[before.source].available_cents < amount:
            return Foretold(CREATED, "insufficient_funds", before)
        if reason := self._limited(before.source, amount, 0, before.amount_cents):
            return Foretold(CREATED, reason, before)
        more = replace(
            before,
            amount_cents=before.amount_cents + amount,
            held_cents=before.held_cents + amount,
        )
        return Foretold(CREATED, "approved", more)

    def _capture(self, operation: Operation, before: Standing) -> Foretold:
        taken = before.held_cents if operation.amount_cents is None else operation.amount_cents
        if before is UNKNOWN and operation.force and operation.merchant is not None:
            source = self._covering(operation.merchant, taken) or operation.merchant.wallet
            made = Standing("closed", source, amount_cents=taken, captured_cents=taken)
            return Foretold(CREATED, "approved", made)
        if not operation.force:
            if before.status != "pending":
                return Foretold(CONFLICT, "wrong_state")
            if taken > before.held_cents:
                return Foretold(CONFLICT, "over_capture")
        left = max(0, before.held_cents - taken)
        released = left if operation.final else 0
        after = replace(
            before,
            status="pending" if left > released else "closed",
            captured_cents=before.captured_cents + taken,
            held_cents=left - released,
            released_cents=before.released_cents + released,
        )
        return Foretold(CREATED, "approved", after)

    def _reversal(self, operation: Operation, before: Standing) -> Foretold:
        if before is UNKNOWN:
            if not operation.if_unknown:
                return Foretold(NOT_FOUND)
            return Foretold(CREATED, "approved", Standing("reversed"))
        there = self.reversible_cents(operation.purchase_id)
        if not there:
            return Foretold(CONFLICT)
        taken = there if operation.amount_cents is None else operation.amount_cents
        if taken > there:
            return Foretold(CONFLICT, "over_reversal")
        after = replace(before, reversed_cents=before.reversed_cents + taken)
        if before.status == "pending":
            after = replace(after, held_cents=before.held_cents - taken)
        if taken == there:
            kept = before.status == "pending" and before.captured_cents
            after = replace(after, status="closed" if kept else "reversed")
        return Foretold(CREATED, "approved", after)

    def _refund(self, operation: Operation, before: Standing) -> Foretold:
        there = self.refundable_cents(operation.purchase_id)
        taken = there if operation.amount_cents is None else operation.amount_cents
        if not there:
            return Foretold(CONFLICT)
        if taken > there:
            return Foretold(CONFLICT, "over_refund")
        after = replace(before, refunded_cents=before.refunded_cents + taken)
        return Foretold(CREATED, "approved", after)

    def refundable_cents(self, purchase_id: str) -> int:
        """What of a purchase was captured and not given back."""
        standing = self.standings.get(purchase_id, UNKNOWN)
        counted_cents = self._counted_cents.get(purchase_id, 0)
        return counted_cents - standing.held_cents - standing.refunded_cents

    def reversible_cents(self, purchase_id: str) -> int:
        """What a reversal without an amount takes: all that is held, or all that was captured."""
        standing = self.standings.get(purchase_id, UNKNOWN)
        if standing.status == "pending":
            return standing.held_cents
        return self.refundable_cents(purchase_id)

    def _covering(self, merchant: Merchant, cents: int) -> str | None:
        for wallet in (merchant.wallet, CASH):
            if self._books[wallet].available_cents >= cents:
                return wallet
        return None

    def _limited(self, source: str, cents: int, count: int, before_cents: int) -> str | None:
        reasons = (limit.reason(source, cents, count, before_cents) for limit in self.limits)
        return next((reason for reason in reasons if reason), None)

    def _decided(self, merchant: Merchant, cents: int) -> tuple[str | None, str]:
        source = self._covering(merchant, cents)
        if source is None:
            return None, "insufficient_funds"
        reason = self._limited(source, cents, 1, 0)
        return (None, reason) if reason else (source, "approved")

    def _must_be_free(self) -> None:
        if not self.may_send():
            raise ValueError(f"{self.account} still waits for an answer")
