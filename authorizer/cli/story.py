"""The history of one account: its events one by one, and what it held after each."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from authorizer.cli.points import Point
from authorizer.cli.reveal import hide
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.idempotency import IdRetention
from authorizer.domain.accounts.state import Account, forget_id_pages
from authorizer.domain.aggregates import AGGREGATE_OF_EVENT
from authorizer.domain.messages import Event
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.history import REPLAY_ERRORS, events_of, replay_error
from authorizer.persistence.state.record import describe

_NO_IDS: Final = IdRetention(0, 0)


class HistoryLine(NamedTuple):
    """One event of an account, and what the account held after it."""

    position: int
    at_us: int
    event: str
    """Its name on disk."""
    fields: Mapping[str, Any]
    """What else the event says, the account apart."""
    wallets_cents: Mapping[str, int]
    available_cents: Mapping[str, int]
    """What is left of the limit of each card that has one."""


def story(
    disk: Disk, reader: JournalReader, account_id: str, until: Point | None
) -> Iterator[HistoryLine]:
    """The history of an account, up to a point; nothing if there is no such account.

    Raises:
        JournalDamagedError: the journal is damaged.
    """
    account = Account(account_id)
    for batch in reader:
        for position, event in events_of(disk, batch):
            if until is not None and until.is_before(position, event.at_us):
                return
            if AGGREGATE_OF_EVENT[type(event)] is not ACCOUNTS:
                continue
            if ACCOUNTS.id_of(event) != account_id:
                continue
            try:
                ACCOUNTS.evolve(account, event, position)
            except REPLAY_ERRORS as error:
                raise replay_error(disk, batch, position, error) from error
            forget_id_pages(account, event.at_us, _NO_IDS)  # no purchase is decided here
            yield _line(account, event, position)


def _line(account: Account, event: Event, position: int) -> HistoryLine:
    described = describe(event)
    hide(described)
    return HistoryLine(
        position,
        described.pop("at_us"),
        described.pop("event"),
        {name: value for name, value in described.items() if name != ACCOUNTS.id_field},
        dict(account.wallets_cents),
        {
            card.card_id: card.available_cents
            for card in account.cards.values()
            if card.limit_total_cents is not None
        },
    )
