"""The requests of a simulated history, as the actors take them, and answers in the bank's words."""

from __future__ import annotations

from typing import Any, Final

from authorizer.domain.accounts import purchase_commands as asked
from authorizer.domain.accounts.cards import BlockReason, CardTerms
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    Credit,
    ReadAccount,
    UnblockCard,
)
from authorizer.domain.accounts.limits import (
    Counted,
    LimitMode,
    LimitScope,
    LimitTerms,
    Spending,
)
from authorizer.domain.accounts.purchase_state import PurchaseView
from authorizer.domain.accounts.state import AccountStatus, AccountView
from authorizer.domain.outcomes import Outcome, Refusal
from authorizer.simulation.naive_account import WALLETS, Answer, NaiveAccount
from authorizer.simulation.naive_purchase import NaiveLimit

BY: Final = "simulation"


def card_of(account_id: str) -> str:
    """The card of an account, opened or not."""
    return f"card-of-{account_id}"


def card_terms(card_id: str, limit_cents: int) -> CardTerms:
    """A new card."""
    return CardTerms(card_id, "**** 0000", "Visa", "ativo", None, None, limit_cents, 0)


def purchase(account_id: str, name: str | None, said: tuple[Any, ...], at_ns: int) -> Authorize:
    """A purchase of one message that was received at a time of the monotonic clock."""
    cents, mcc, merchant, card = said
    return Authorize(account_id, name, cents, mcc, merchant, card, at_ns, BY)


def command(account_id: str, what: str, how: tuple[Any, ...], at_ns: int) -> Any:
    """The command of anything else that an account is asked, velocity limits apart."""
    found = _of_purchase(account_id, what, how, at_ns) or _of_account(account_id, what, how)
    if found is None:
        raise ValueError(f"no such request: {what} {how}")
    return found


def _of_purchase(account_id: str, what: str, how: tuple[Any, ...], at_ns: int) -> Any:
    match what, how:
        case "hold", (name, (cents, mcc, merchant, card, partly, hours)):
            return asked.AuthorizeHold(
                account_id, name, cents, mcc, merchant, card, partly, hours, None, at_ns, BY
            )
        case "increment", (name, operation_id, cents):
            return asked.IncrementHold(account_id, name, operation_id, cents, at_ns, BY)
        case "capture", (name, operation_id, (cents, final, force)):
            members = (cents, final, force, None, None, None)
            return asked.Capture(account_id, name, operation_id, *members, BY)
        case "reverse", (name, operation_id, (cents, announces)):
            if_unknown = "decline" if announces else None
            return asked.Reverse(account_id, name, operation_id, cents, if_unknown, BY)
        case "refund", (name, operation_id, cents):
            return asked.Refund(account_id, name, operation_id, cents, BY)
    return None


def _of_account(account_id: str, what: str, how: tuple[Any, ...]) -> Any:
    found: Any = None
    match what, how:
        case "credit", (name, wallet, cents, reference):
            found = Credit(account_id, name, wallet, cents, BY, reference)
        case "adjust", (name, wallet, cents):
            found = asked.Adjust(account_id, name, wallet, cents, "count", BY)
        case "freeze", (frozen,):
            status = AccountStatus.FROZEN if frozen else AccountStatus.ACTIVE
            found = asked.SetAccountStatus(account_id, status, "check", BY)
        case "block", (True,):
            found = BlockCard(account_id, card_of(account_id), BlockReason.OTHER, "App", BY)
        case "block", (False,):
            found = UnblockCard(account_id, card_of(account_id), "App", "found again", BY)
        case "remove_limit", (name,):
            found = asked.RemoveLimit(account_id, name, BY)
        case "tick", ():
            found = asked.ExpireHolds(account_id)
        case "read", ():
            found = ReadAccount(account_id)
    return found


def put_limit(
    account_id: str, account: NaiveAccount | None, name: str, limit: NaiveLimit, now_us: int
) -> asked.PutLimit:
    """The command that puts a velocity limit, with all that the account has spent before."""
    history = () if account is None else tuple(_counted(account))
    as_of = None if account is None else account.position
    return asked.PutLimit(account_id, name, False, terms(limit), history, as_of, now_us, BY)


def _counted(account: NaiveAccount) -> list[Counted]:
    named = [
        (each.made_at_us, key, each.counted, each.source)
        for key, each in account.purchases.items()
        if each.counted and each.source
    ]
    unnamed = [
        (at_us, f"\0{number}", cents, source)
        for number, (at_us, source, cents) in enumerate(account.unnamed)
    ]
    return [
        Counted(key, at_us, cents, Spending(source, "", "", None))
        for at_us, key, cents, source in sorted(named + unnamed)
    ]


def terms(limit: NaiveLimit) -> LimitTerms:
    """A velocity limit in the words of the rules."""
    scope = LimitScope(wallets=(limit.wallet,) if limit.wallet else ())
    mode = LimitMode.SHADOW if limit.is_shadow else LimitMode.ENFORCE
    ceilings = (limit.most_cents, limit.most_count)
    return LimitTerms(limit.window, limit.trailing_us, *ceilings, scope, mode)


def in_words(what: str, answer: Any) -> Answer:
    """An answer of the program in the words of the bank."""
    if isinstance(answer, Outcome):
        word = answer.reason.name_on_wire
        return "limit" if word in ("amount_limit", "count_limit") else word, answer.replayed
    if isinstance(answer, Refusal):
        return (answer.kind.value,)
    done, shown = answer
    word = "created" if done.created else "done"
    if isinstance(shown, PurchaseView):
        figures = (shown.amount_cents, shown.held_cents, shown.captured_cents)
        return word, shown.status.value, *figures
    if what == "read" and isinstance(shown, AccountView):
        return word, *books_shown(shown)
    return (word,)


def books_shown(shown: AccountView) -> Answer:
    """What an account shows of its wallets: available, held, owed."""
    return tuple(
        (
            shown.wallets_cents.get(wallet, 0),
            shown.held_cents.get(wallet, 0),
            shown.owed_cents.get(wallet, 0),
        )
        for wallet in WALLETS
    )
