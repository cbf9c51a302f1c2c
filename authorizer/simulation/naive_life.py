"""What is done to a purchase of several messages, on an account as a child would keep it."""

from __future__ import annotations

from typing import Final

from authorizer.simulation.naive_account import HOUR_US, WALLET_OF, Answer, NaiveAccount
from authorizer.simulation.naive_purchase import NaiveOperation, NaivePurchase, Said

LATE_CAPTURE_US: Final = 7 * 24 * HOUR_US


def hold(account: NaiveAccount, name: str, said: Said, mcc: str, now_us: int) -> Answer:
    """A hold. `said`: amount, MCC, merchant, card, partly, hours."""
    cents, own_mcc, merchant, card, partly, hours = said
    known = account.purchases.get(name)
    terms = {"mcc": own_mcc, "merchant": merchant, "card": card}
    if known is not None and known.is_announced:
        declined = known._replace(status="declined", said=("hold", *said), **terms)
        account.purchases[name] = declined
        return "created", *declined.figures
    if known is not None:
        return ("done", *known.figures) if known.said == ("hold", *said) else ("conflict",)
    word, source = account.decided(mcc, cents, card, 0, now_us)
    given = cents
    if word == "insufficient_funds" and partly:
        wallet = WALLET_OF.get(mcc, "CASH")
        given = account.there.get(wallet, 0)
        over = given and account.is_over(wallet, given, now_us)
        if given and not over:
            word, source = "partially_approved", wallet
        elif given:
            word = "limit"
    if source is None:
        made = NaivePurchase(now_us, "declined", word, ("hold", *said), **terms)
    else:
        account.there[source] -= given
        money = {"source": source, "amount": given, "held": given}
        until_us = now_us + hours * HOUR_US
        made = NaivePurchase(
            now_us, "pending", word, ("hold", *said), expires_at_us=until_us, **terms, **money
        )
    account.purchases[name] = made
    return "created", *made.figures


def increment(
    account: NaiveAccount, name: str, operation_id: str, cents: int, now_us: int
) -> Answer:
    """More of a hold, of the same source."""
    known = account.purchases.get(name)
    operation = NaiveOperation(operation_id, "increment", (cents,))
    early = _early(known, operation)
    if early is not None or known is None:
        return early or ("not_found",)
    if known.status != "pending" or known.source is None:
        return ("conflict",)
    whole = known.amount + cents
    good = (
        account.obstacle(known.card, 0) is None
        and account.there.get(known.source, 0) >= cents
        and not account.is_over(known.source, cents, now_us, known)
    )
    changes = {"held": known.held + cents, "amount": whole} if good else {}
    if good:
        account.there[known.source] -= cents
    return _keep(account, name, known.then(operation, **changes))


def capture(
    account: NaiveAccount,
    name: str,
    operation_id: str,
    said: Said,
    source_by_force: str | None,
    now_us: int,
) -> Answer:
    """A capture. `said`: amount or None, whether it is the last one, by force."""
    cents, final, force = said
    known = account.purchases.get(name)
    operation = NaiveOperation(operation_id, "capture", said)
    if known is None and not force:
        return ("not_found",)
    early = _early(known, operation) if known is not None else None
    if early is not None:
        return early
    held = known.held if known is not None else 0
    if force:
        taken = held if cents is None else cents
        if taken == 0:
            return ("invalid",)
        known = _by_force(known, taken, source_by_force, now_us)
        assert known.source is not None
        of_hold = min(taken, known.held)
        account.take_by_force(known.source, taken - of_hold)
        known = known._replace(captured=known.captured + taken - of_hold)
        return _keep(account, name, _captured(account, known, of_hold, final, operation))
    assert known is not None
    if known.status == "pending":
        taken = held if cents is None else cents
        if taken > held:
            return ("conflict",)
        return _keep(account, name, _captured(account, known, taken, final, operation))
    taken = known.freed if cents is None else cents
    if not _may_be_late(account, known, taken, now_us):
        return ("conflict",)
    assert known.source is not None
    account.there[known.source] -= taken
    return _keep(account, name, known.then(operation, captured=taken, status="closed"))


def _may_be_late(account: NaiveAccount, known: NaivePurchase, taken: int, now_us: int) -> bool:
    return (
        known.status in ("reversed", "expired")
        and not known.captured
        and 0 < taken <= known.freed
        and now_us <= known.freed_at_us + LATE_CAPTURE_US
        and account.there.get(known.source or "", 0) >= taken
    )


def _by_force(
    known: NaivePurchase | None, taken: int, source: str | None, now_us: int
) -> NaivePurchase:
    """What a capture by force makes of an unknown purchase, or of a declined one."""
    if known is not None and known.source is not None:
        return known
    paid_by = source or "CASH"
    if known is None:
        return NaivePurchase(now_us, "closed", "approved", None, paid_by, amount=taken)
    return known._replace(source=paid_by, amount=known.amount + taken)


def _captured(
    account: NaiveAccount,
    known: NaivePurchase,
    of_hold: int,
    final: bool,
    operation: NaiveOperation,
) -> NaivePurchase:
    held, captured = known.held - of_hold, known.captured + of_hold
    if final and held:
        account.give(known.source or "", held)
        held = 0
    known = known.then(operation, held=held, captured=captured)
    return known if held else known._replace(status="closed", expires_at_us=None)


def _keep(account: NaiveAccount, name: str, purchase: NaivePurchase) -> Answer:
    account.purchases[name] = purchase
    return "created", *purchase.figures


def _early(known: NaivePurchase | None, operation: NaiveOperation) -> Answer | None:
    """The answer to an unknown purchase, or to an id that is taken."""
    if known is None:
        return ("not_found",)
    taken = known.taken(operation.operation_id)
    if taken is None:
        return None
    return ("done", *known.figures) if taken == operation else ("conflict",)


def reverse(account: NaiveAccount, name: str, operation_id: str, said: Said, now_us: int) -> Answer:
    """A reversal. `said`: amount or None, whether an unknown purchase is declined when it comes."""
    cents, announces = said
    known = account.purchases.get(name)
    operation = NaiveOperation(operation_id, "reversal", said)
    if known is None and announces:
        announced = NaivePurchase(now_us, "reversed", "reversed_before", None)
        return _keep(account, name, announced.then(operation))
    early = _early(known, operation)
    if early is not None or known is None:
        return early or ("not_found",)
    there = {"pending": known.held, "closed": known.left}.get(known.status, 0)
    taken = there if cents is None else cents
    if not there or taken > there:
        return ("conflict",)
    account.give(known.source or "", taken)
    if known.status == "closed":
        status = "closed" if known.left > taken else "reversed"
        changed = known.then(operation, back=known.back + taken, status=status)
        return _keep(account, name, changed)
    changed = known.then(operation, held=known.held - taken)
    if not changed.held:
        status = "closed" if known.captured else "reversed"
        changed = changed._replace(status=status, expires_at_us=None)
        if not known.captured:
            changed = changed._replace(freed=taken, freed_at_us=now_us)
    return _keep(account, name, changed)


def refund(account: NaiveAccount, name: str, operation_id: str, cents: int | None) -> Answer:
    """Captured money is given back."""
    known = account.purchases.get(name)
    operation = NaiveOperation(operation_id, "refund", (cents,))
    early = _early(known, operation)
    if early is not None or known is None:
        return early or ("not_found",)
    taken = known.left if cents is None else cents
    if not known.left or taken > known.left:
        return ("conflict",)
    account.give(known.source or "", taken)
    back, refunded = known.back + taken, known.refunded + taken
    return _keep(account, name, known.then(operation, back=back, refunded=refunded))


def expire(account: NaiveAccount, name: str, now_us: int) -> None:
    """An open hold ends, because its time has come."""
    known = account.purchases[name]
    account.give(known.source or "", known.held)
    account.purchases[name] = known._replace(
        held=0,
        freed=known.held,
        freed_at_us=now_us,
        expires_at_us=None,
        status="closed" if known.captured else "expired",
    )


def overdue(account: NaiveAccount, now_us: int) -> list[str]:
    """The holds whose time has come, in the order in which they ran out."""
    found = [
        (each.expires_at_us, name)
        for name, each in account.purchases.items()
        if each.expires_at_us is not None and each.expires_at_us <= now_us
    ]
    return [name for _, name in sorted(found)]
