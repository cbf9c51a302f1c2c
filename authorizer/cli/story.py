"""One account's story: its events one by one, and what it held after each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeGuard

from authorizer.cli.points import Point
from authorizer.domain.accounts import state as accounts
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountEvent,
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
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregates import Event
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.history import MISFITS, events_of, misfit


class Told(NamedTuple):
    """An event in short. Facts that are None are left out."""

    what: str
    amount_cents: int | None
    facts: Mapping[str, str | None]


class Chapter(NamedTuple):
    """One event of an account, and what the account held after it."""

    position: int
    at_us: int
    by: str
    told: Told
    wallets_cents: Mapping[str, int]
    available_cents: Mapping[str, int]
    """What is left of the limit of each card that has one."""


def story(
    disk: Disk, reader: JournalReader, account_id: str, until: Point | None
) -> Iterator[Chapter]:
    """The story of an account, up to a point; nothing if there is no such account.

    Raises:
        JournalDamagedError: the journal is damaged.
    """
    account = Account(account_id)
    for batch in reader:
        for position, event in events_of(disk, batch):
            if until is not None and until.is_before(position, event.at_us):
                return
            if not (_is_account_event(event) and event.account_id == account_id):
                continue
            try:
                accounts.evolve(account, event, position)
            except MISFITS as error:
                raise misfit(disk, batch, position, error) from error
            accounts.forget_old_ids(account, event.at_us)  # nobody asks for them here
            yield _chapter(account, event, position)


def _is_account_event(event: Event) -> TypeGuard[AccountEvent]:
    return type(event) in _TELL


def _chapter(account: Account, event: AccountEvent, position: int) -> Chapter:
    return Chapter(
        position,
        event.at_us,
        event.by,
        _TELL[type(event)](event),
        dict(account.wallets_cents),
        {
            card.card_id: card.available_cents
            for card in account.cards.values()
            if card.limit_total_cents is not None
        },
    )


def _opened(event: AccountOpened) -> Told:
    return Told("opened", None, {"customer": event.customer_id})


def _linked(event: AccountLinked) -> Told:
    return Told("linked", None, {"customer": event.customer_id})


def _credited(event: AccountCredited) -> Told:
    return Told("credited", event.amount_cents, {"wallet": event.wallet, "id": event.credit_id})


def _approved(event: PurchaseApproved) -> Told:
    source = event.wallet or "credit limit"
    return Told("approved", event.amount_cents, {"source": source, **_purchase(event)})


def _declined(event: PurchaseDeclined) -> Told:
    return Told("declined", event.amount_cents, {"reason": event.reason, **_purchase(event)})


def _purchase(
    event: PurchaseApproved | PurchaseDeclined,
) -> dict[str, str | None]:
    return {
        "merchant": event.merchant,
        "mcc": event.mcc,
        "override_mcc": event.override_mcc,
        "card": event.card_id,
        "id": event.transaction_id,
    }


def _card_opened(event: CardOpened) -> Told:
    terms = event.terms
    return Told("card opened", None, {"card": terms.card_id, "status": terms.status})


def _card_blocked(event: CardBlocked) -> Told:
    return Told(
        "card blocked",
        None,
        {"card": event.card_id, "reason": event.block_reason, "channel": event.channel},
    )


def _card_unblocked(event: CardUnblocked) -> Told:
    return Told(
        "card unblocked",
        None,
        {"card": event.card_id, "channel": event.channel},
    )


def _card_replaced(event: CardReplaced) -> Told:
    return Told(
        "card replaced",
        None,
        {
            "card": event.card_id,
            "by_card": event.terms.card_id,
            "reason": event.block_reason,
            "channel": event.channel,
        },
    )


def _limit_changed(event: LimitChanged) -> Told:
    facts = {"card": event.card_id, "channel": event.channel}
    return Told("limit changed", event.limit_total_cents, facts)


def _limit_queried(event: LimitQueried) -> Told:
    facts = {"card": event.card_id, "channel": event.channel}
    return Told("limit queried", event.available_cents, facts)


_TELL: Final[dict[type[Event], Callable[[Any], Told]]] = {
    AccountOpened: _opened,
    AccountLinked: _linked,
    AccountCredited: _credited,
    PurchaseApproved: _approved,
    PurchaseDeclined: _declined,
    CardOpened: _card_opened,
    CardBlocked: _card_blocked,
    CardUnblocked: _card_unblocked,
    LimitQueried: _limit_queried,
    CardReplaced: _card_replaced,
    LimitChanged: _limit_changed,
}
