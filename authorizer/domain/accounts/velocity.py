"""Putting velocity limits, and counting purchases for them."""

from collections.abc import Iterator, Mapping

from authorizer.domain.accounts.limit_counters import Limit, counted_in
from authorizer.domain.accounts.limits import (
    CALENDAR_WINDOWS,
    Change,
    Counted,
    LimitEntry,
    LimitMode,
    LimitTerms,
    Spending,
)
from authorizer.domain.accounts.purchase_commands import PutLimit, RemoveLimit
from authorizer.domain.accounts.purchase_events import (
    LimitCeilingsChanged,
    LimitPut,
    LimitRemoved,
    LimitWindowBegan,
)
from authorizer.domain.accounts.purchase_operations import refuse_closed
from authorizer.domain.accounts.purchase_state import Purchase
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregate import Context
from authorizer.domain.outcomes import HOLDS, Decision, Done, Refusal, RefusalKind, unknown


def put_limit(account: Account, command: PutLimit, context: Context, now_us: int) -> Decision:
    """Put a limit, or change it. The same again changes nothing; other ceilings keep the count."""
    closed = refuse_closed(account)
    if closed is not None:
        return closed
    known = limits_of(account, command.is_global).get(command.name)
    if known is not None and known.terms == command.terms:
        return HOLDS
    if known is not None and known.terms.counts_like(command.terms):
        return Decision(Done(created=False), (_changed(command, now_us),))
    history = _up_to_now(account, command)
    if history is None:
        return Decision(Refusal(RefusalKind.CHANGED, "the account has moved on: ask again"))
    event = _begun(command._replace(history=history), context, now_us)
    return Decision(Done(created=known is None), (event,))


def _up_to_now(account: Account, command: PutLimit) -> tuple[Counted, ...] | None:
    """What counts of the account's purchases; None where the command knows too little of them."""
    if command.as_of is None or command.as_of == account.position:
        return command.history
    log = account.spending_log
    if log is None or log.position != command.as_of or log.is_full:
        return None
    return log.added_to(command.history)


def _changed(command: PutLimit, now_us: int) -> LimitCeilingsChanged:
    terms = command.terms
    head = (now_us, command.by, command.account_id, command.name, command.is_global)
    return LimitCeilingsChanged(*head, terms.max_amount_cents, terms.max_count, terms.mode.value)


def _begun(command: PutLimit, context: Context, now_us: int) -> LimitPut:
    terms = command.terms
    bounds = (0, 0)
    since_us, until_us = 0, 0
    if terms.window in CALENDAR_WINDOWS:
        bounds = since_us, until_us = context.window_of(terms.window, now_us)
    elif terms.trailing_us is not None:
        since_us, until_us = now_us - terms.trailing_us + 1, now_us + 1
    counted = tuple(counted_in(terms, command.history, since_us, until_us))
    return LimitPut(
        at_us=now_us,
        by=command.by,
        account_id=command.account_id,
        name=command.name,
        is_global=command.is_global,
        window=terms.window,
        trailing_us=terms.trailing_us,
        max_amount_cents=terms.max_amount_cents,
        max_count=terms.max_count,
        scope=terms.scope,
        mode=terms.mode.value,
        starts_at_us=bounds[0],
        ends_at_us=bounds[1],
        used_cents=sum(each.amount_cents for each in counted),
        used_count=len(counted),
        entries=tuple(map(_entry, counted)) if terms.trailing_us is not None else (),
    )


def parts_to_come(
    account: Account,
    histories: Mapping[str, tuple[Counted, ...]],
    context: Context,
    now_us: int,
) -> dict[str, Limit]:
    """What the account would count of limits for every account, if it began to now."""
    terms, parts = context.policy.global_limits.terms, dict[str, Limit]()
    for name in terms.keys() & histories.keys():
        command = PutLimit(
            account.account_id, name, True, terms[name], histories[name], None, now_us, "limits"
        )
        parts[name] = _limit_of(_begun(command, context, now_us))
    return parts


def _entry(counted: Counted) -> LimitEntry:
    return LimitEntry(counted.key, counted.made_at_us, counted.amount_cents)


def remove_limit(account: Account, command: RemoveLimit, _: Context, now_us: int) -> Decision:
    """Take one of the account's own limits away."""
    if command.name not in account.limits:
        return Decision(unknown("limit", command.name))
    event = LimitRemoved(now_us, command.by, command.account_id, command.name, False)
    return Decision(Done(), (event,))


def limits_of(account: Account, is_global: bool) -> dict[str, Limit]:
    """The account's own limits by name, or its parts of those for every account."""
    return account.global_limits if is_global else account.limits


def limits_to_count(account: Account, of_all: Mapping[str, LimitTerms]) -> bool:
    """Whether there is a limit for every account for which this one has not begun to count."""
    ready = account.ready_limits
    if ready is not None and ready.of_all is of_all and ready.all_count:
        return False
    counted = account.global_limits
    return any(
        name not in counted or not counted[name].terms.counts_like(terms)
        for name, terms in of_all.items()
    )


def limit_changes_due(
    account: Account, context: Context, now_us: int
) -> Iterator[LimitRemoved | LimitWindowBegan]:
    """What has become of the account's limits since they were counted last.

    Its parts of limits that are for every account no more go; calendar windows that have ended
    begin anew for the others.
    """
    bounds: dict[str, tuple[int, int]] = {}
    terms = context.policy.global_limits.terms
    for is_global in (False, True):
        for name, limit in limits_of(account, is_global).items():
            if is_global and name not in terms:
                yield LimitRemoved(now_us, "limits", account.account_id, name, True)
                continue
            window = limit.terms.window
            if window not in CALENDAR_WINDOWS or now_us < limit.ends_at_us:
                continue
            if window not in bounds:
                bounds[window] = context.window_of(window, now_us)
            head = (now_us, "limits", account.account_id, name, is_global)
            yield LimitWindowBegan(*head, *bounds[window])


def recount(account: Account, purchase: Purchase, before_cents: int, at_us: int) -> None:
    """Count what has changed of a purchase's present amount, in the window it was made in."""
    after_cents = purchase.counted_cents
    if after_cents == before_cents or not account.counts:
        return
    assert purchase.source is not None
    terms = purchase.terms
    spending = Spending(
        purchase.source, terms.override_mcc or terms.mcc, terms.merchant, terms.card_id
    )
    if account.spending_log is not None:
        now = Counted(purchase.purchase_id, purchase.created_at_us, after_cents, spending)
        account.spending_log.note(now)
    count = (after_cents > 0) - (before_cents > 0)
    change = Change(purchase.purchase_id, purchase.created_at_us, after_cents - before_cents, count)
    count_change(account, spending, change, at_us)


def count_change(account: Account, spending: Spending, change: Change, at_us: int) -> None:
    """Count a purchase, or a change of one, for every limit that has it in its scope."""
    for limit in account.counting:
        if limit.applies_to(spending):
            limit.count(change, at_us)


def limit_put(account: Account, event: LimitPut) -> None:
    """The limit counts, with what is used of it."""
    limits_of(account, event.is_global)[event.name] = _limit_of(event)
    account.limits_changed()
    account.special = True


def _limit_of(event: LimitPut) -> Limit:
    terms = LimitTerms(
        event.window,
        event.trailing_us,
        event.max_amount_cents,
        event.max_count,
        event.scope,
        LimitMode(event.mode),
    )
    limit = Limit(event.name, terms, event.entries)
    limit.starts_at_us, limit.ends_at_us = event.starts_at_us, event.ends_at_us
    if limit.trailing is None:
        limit.used_cents, limit.used_count = event.used_cents, event.used_count
    return limit


def limit_ceilings_changed(account: Account, event: LimitCeilingsChanged) -> None:
    """The limit counts on, up to other ceilings."""
    limit = limits_of(account, event.is_global)[event.name]
    limit.terms = limit.terms._replace(
        max_amount_cents=event.max_amount_cents,
        max_count=event.max_count,
        mode=LimitMode(event.mode),
    )
    account.limits_changed()


def limit_removed(account: Account, event: LimitRemoved) -> None:
    """The limit is gone."""
    del limits_of(account, event.is_global)[event.name]
    account.limits_changed()


def limit_window_began(account: Account, event: LimitWindowBegan) -> None:
    """The limit counts from nothing in its new window."""
    limit = limits_of(account, event.is_global)[event.name]
    limit.begin_window(event.starts_at_us, event.ends_at_us)
    account.limits_changed()
