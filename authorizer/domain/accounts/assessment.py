"""The ordered rules of one purchase, each with what it saw: the first decline wins.

Holds, increments and dry runs are decided here, and so is a purchase of one message wherever its
account has limits, controls or a standing of its own. The order: the account, the deadline, the
card, its controls, the source, the limits.
"""

from collections.abc import Iterator, Mapping

from authorizer.domain.accounts.assessment_values import NO_PARTS, Assessment, Request, Rules
from authorizer.domain.accounts.books import available_cents
from authorizer.domain.accounts.cards import CardStatus
from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.deciders import (
    ACCOUNT,
    CONTROLS,
    GLOBAL,
    LIMIT,
    PRODUCT,
    Decider,
    limit_name,
    shadow_hits,
)
from authorizer.domain.accounts.limit_counters import Limit
from authorizer.domain.accounts.limits import (
    Held,
    LimitCheck,
    Spending,
    first_exceeded,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_state import Purchase
from authorizer.domain.accounts.ready_limits import limits_in_force
from authorizer.domain.accounts.state import Account, AccountStatus
from authorizer.domain.outcomes import Reason


def assess(
    account: Account,
    request: Request,
    policy: Policy,
    now_us: int,
    only: Purchase | None = None,
    parts: Mapping[str, Limit] = NO_PARTS,
) -> Assessment:
    """Run along the rules.

    `only`: the hold that is added to, whose source alone may pay. `parts`: what the account would
    count of limits for every account, by name, where it has not begun to.
    """
    rules = Rules(account, request, policy, now_us, parts)
    obstacle = _standing(rules) or _deadline(rules) or _card(rules)
    if obstacle is not None:
        return rules.decline(obstacle)
    control = _controls(rules, 0 if only is None else only.amount_cents)
    if control is not None:
        return rules.decline(Reason.CARD_CONTROL, Decider(CONTROLS, control, None))
    return _funds_and_limits(rules, only)


def forced_source(account: Account, request: Request, policy: Policy) -> str:
    """The source that pays what is booked whatever the rules say: the first that covers it.

    Where none does it is the first wallet. Without an MCC that is the fallback, and only the limit
    of a card that is named may pay in its place. Where the product does not go with the merchant
    it is as if there were none.
    """
    rules = Rules(account, request, policy, 0)
    if not rules.mcc:
        fallback = policy.categories.fallback
        own = (fallback,) if request.card_id is None else (fallback, CREDIT_LIMIT)
        return _covering(rules, own) or fallback
    sources = _sources(rules) or policy.sources_by_mcc.get(rules.mcc, policy.sources_elsewhere)
    return _covering(rules, sources) or sources[0]


def _standing(rules: Rules) -> Reason | None:
    status = rules.account.status
    active = status is AccountStatus.ACTIVE
    if active and not rules.told:
        return None
    rules.see("account", "pass" if active else "decline", status=status.value)
    if active:
        return None
    return Reason.ACCOUNT_FROZEN if status is AccountStatus.FROZEN else Reason.ACCOUNT_CLOSED


def _deadline(rules: Rules) -> Reason | None:
    if rules.request.waited_ns < rules.policy.deadline_ns:
        return None
    rules.see("deadline", "decline", waited_ms=rules.request.waited_ns // 1_000_000)
    return Reason.TOO_LATE


def _card(rules: Rules) -> Reason | None:
    card_id = rules.request.card_id
    if card_id is None:
        return None
    card = rules.account.cards.get(card_id)
    if card is None:
        rules.see("card", "decline", card=card_id, status=None)
        return Reason.CARD_NOT_FOUND
    active = card.status is CardStatus.ACTIVE
    rules.see("card", "pass" if active else "decline", card=card_id, status=card.status.value)
    return None if active else Reason.CARD_BLOCKED


def _controls(rules: Rules, before_cents: int) -> str | None:
    request = rules.request
    if request.card_id is None:
        return None
    card = rules.account.cards[request.card_id]
    control = card.control_against(before_cents + request.amount_cents, rules.mcc, request.merchant)
    if control is not None:
        rules.see(CONTROLS, "decline", card=request.card_id, control=control)
    return control


def _funds_and_limits(rules: Rules, only: Purchase | None) -> Assessment:
    request = rules.request
    if rules.told:
        _see_override(rules)
    if only is None:
        sources = _sources(rules)
    else:
        assert only.source is not None
        sources = (only.source,)
    if not sources:
        assert request.product is not None
        product = Decider(PRODUCT, request.product, None)
        return rules.decline(Reason.MERCHANT_NOT_ELIGIBLE, product)
    amount_cents = request.amount_cents
    source = _covering(rules, sources)
    if source is None and request.partial:
        source = sources[0]
        amount_cents = available_cents(rules.account, source, request.card_id)
    if source is None or amount_cents == 0:
        return rules.decline(Reason.INSUFFICIENT_FUNDS)
    spending = Spending(source, rules.mcc, request.merchant, request.card_id)
    checks = tuple(_checks(rules, spending, amount_cents, only))
    exceeded, shadow = (first_exceeded(checks), shadow_hits(checks)) if checks else (None, ())
    if exceeded is not None:
        assert exceeded.exceeded is not None
        return rules.decline(exceeded.exceeded, Decider(LIMIT, *limit_name(exceeded)), shadow)
    partly = amount_cents < request.amount_cents
    reason = Reason.PARTIALLY_APPROVED if partly else Reason.APPROVED
    steps = tuple(rules.steps)
    return Assessment(reason, source, amount_cents, rules.override_mcc, None, steps, shadow)


def _see_override(rules: Rules) -> None:
    found = "applies" if rules.override_mcc else "none"
    rules.see("override", found, merchant=rules.request.merchant, mcc=rules.override_mcc)


def _sources(rules: Rules) -> tuple[str, ...]:
    """The sources that may pay, in order; none where the product does not go with the merchant."""
    policy, request = rules.policy, rules.request
    sources = policy.sources_by_mcc.get(rules.mcc, policy.sources_elsewhere)
    rules.see("category", sources[0], mcc=rules.mcc)
    if request.product is not None:
        product, names = request.product, policy.wallet_by_product
        if product in names:
            own = policy.sources_of_product(product, sources)
            result = "pass" if own else "decline"
            rules.see(PRODUCT, result, product=product, wallet=names[product])
            return own
        rules.see(PRODUCT, "free", product=product)
    fallback = sources[1] if len(sources) > 1 else None
    rules.see("fallback", fallback or "none", wallet=sources[0])
    return sources if request.card_id is None else (*sources, CREDIT_LIMIT)


def _covering(rules: Rules, sources: tuple[str, ...]) -> str | None:
    """The first source that covers the whole amount."""
    needed_cents = rules.request.amount_cents
    for source in sources:
        there_cents = available_cents(rules.account, source, rules.request.card_id)
        covers = there_cents >= needed_cents
        if rules.told:
            rules.see(
                "source",
                "pays" if covers else "insufficient",
                source=source,
                available_cents=there_cents,
                needed_cents=needed_cents,
            )
        if covers:
            return source
    return None


def _checks(
    rules: Rules, spending: Spending, amount_cents: int, only: Purchase | None
) -> Iterator[LimitCheck]:
    """What each limit says that has the purchase in its scope; only those exceeded if not told."""
    adds_count = 1 if only is None else 0
    held = None if only is None else Held(only.created_at_us, only.amount_cents, only.counted_cents)
    account, of_all = rules.account, rules.policy.global_limits.terms
    in_force = limits_in_force(account.limits, account.global_limits, of_all)
    for name, counting, terms, is_global in in_force:
        counted = counting or rules.parts.get(name)
        # where what was spent before is not known, it holds for the purchase alone
        limit = counted or Limit(name, terms)
        if not limit.applies_to(spending):
            continue
        needed_cents = amount_cents + limit.beside(held, rules.now_us)
        if not (rules.told or limit.exceeded(terms, needed_cents, adds_count, rules.now_us)):
            continue
        check = limit.check(terms, needed_cents, adds_count, rules.now_us)
        check = check._replace(is_global=is_global)
        if counted is None and check.exceeded is None:
            rules.see(LIMIT, "counting", name=name, scope=GLOBAL)
            continue
        rules.see(
            LIMIT,
            "pass" if check.exceeded is None else check.exceeded.name_on_wire,
            name=check.name,
            scope=GLOBAL if is_global else ACCOUNT,
            mode=check.terms.mode.value,
            window=check.terms.window,
            used_cents=check.used_cents,
            used_count=check.used_count,
            needed_cents=check.needed_cents,
            max_amount_cents=check.terms.max_amount_cents,
            max_count=check.terms.max_count,
        )
        yield check
