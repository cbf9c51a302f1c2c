"""`authorizer inspect`."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import click

from authorizer.cli import offline
from authorizer.cli.options import event_option, settings_options
from authorizer.cli.points import Point, PointType, time_text
from authorizer.cli.reveal import Revealer, hide
from authorizer.domain.accounts.events import CardOpened, CardReplaced
from authorizer.domain.customers.events import OperationsImported
from authorizer.domain.messages import Event
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.access_log import FOLDER as ACCESS_LOG
from authorizer.persistence.privacy.access_log import read_accesses
from authorizer.persistence.state.history import events_of
from authorizer.persistence.state.record import describe
from authorizer.settings.model import Settings


class Wanted(NamedTuple):
    """Which events are looked for; what is None matches every one."""

    account: str | None
    customer: str | None
    card: str | None
    ticket: str | None
    by: str | None
    """The whole of an event's `by`, or its role or key id alone."""
    events: tuple[str, ...]
    since: Point | None
    until: Point | None

    def takes(self, position: int, event: Event) -> bool:
        """Whether an event is looked for."""
        return (
            self.account in (None, getattr(event, "account_id", None))
            and self.customer in (None, getattr(event, "customer_id", None))
            and (self.card is None or self.card in _cards(event))
            and self.ticket in (None, getattr(event, "ticket_id", None))
            and self.by in (None, event.by, *event.by.split(":"))
            and (not self.events or describe(event)["event"] in self.events)
            and not (self.since is not None and self.since.is_after(position, event.at_us))
        )

    def is_over(self, position: int, event: Event) -> bool:
        """Whether neither this event nor a later one is looked for: positions and times grow."""
        return self.until is not None and self.until.is_before(position, event.at_us)


@click.command()
@click.option("--account", metavar="ID", help="Events of this account.")
@click.option("--customer", metavar="ID", help="Events that name this customer.")
@click.option("--card", metavar="ID", help="Events that name this card.")
@click.option("--ticket", metavar="PROTOCOL", help="Events of this ticket.")
@click.option(
    "--by",
    metavar="WHO",
    help="Events that they asked for: ROLE:KEY-ID, a role or a key id alone, local, import, ….",
)
@event_option
@click.option("--from", "since", type=PointType(), help="From this position or time on.")
@click.option("--to", "until", type=PointType(), help="Up to this position or time, included.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many lines.")
@click.option("--batches", is_flag=True, help="A line for each batch that holds such an event.")
@click.option(
    "--accesses",
    is_flag=True,
    help="Who read whose data, from the access log; takes --customer, --by, --from, --to, --limit.",
)
@click.option("--show-personal-data", is_flag=True, help="Open personal texts with their keys.")
@settings_options("data", "archived", "personal_keys")
def inspect(
    limit: int | None,
    batches: bool,
    accesses: bool,
    show_personal_data: bool,
    settings: Settings,
    **wanted: Any,
) -> None:
    """Print the journal's records as JSON lines.

    Oldest first. A line has the record's position, its time, the fields of its event, and where its
    batch lies. Filters narrow each other down. Personal text is shown sealed, as it is; with
    --show-personal-data it is opened with the keys, and null where its key was destroyed. Every
    byte that is passed is checked; nothing is changed, and a server may be at work.

    With --batches a line is a batch: its positions, where it lies, and the hash chain's head after
    it, which is what `verify --expect` takes.

    Examples:
      authorizer inspect --data data --account 123 --from 2025-02-24T00:00:00Z
      authorizer inspect --data data --event card_blocked --event card_unblocked
      authorizer inspect --data data --by atendente --from 2025-02-24T00:00:00Z
      authorizer inspect --data data --batches --from 1000 --to 2000
      authorizer inspect --data data --accesses --customer 12345
      authorizer inspect --data data | jq -r 'select(.amount_cents > 100000) | .position'

    Exit status: 0 printed, 1 the journal is damaged (what lies before is printed) or missing,
    2 wrong usage.
    """
    if accesses:
        for line in islice(_accesses(settings, Wanted(**wanted)), limit):
            click.echo(json.dumps(line, ensure_ascii=False))
        return
    offline.journal_to_read(settings)
    disk = offline.joined(settings)
    offline.tell_of_a_late_beginning(disk)
    reader = JournalReader(disk)
    look = Wanted(**wanted)
    revealer = Revealer(settings) if show_personal_data else None
    lines = _batches(disk, reader, look) if batches else _records(disk, reader, look, revealer)
    for line in islice(lines, limit):
        if revealer is None:
            hide(line)
        click.echo(json.dumps(line, ensure_ascii=False))
    if reader.torn is not None:
        click.echo(
            f"{disk.path(reader.torn.segment)}: an incomplete batch follows at byte "
            f"{reader.torn.offset}",
            err=True,
        )


def _records(
    disk: Disk, reader: JournalReader, wanted: Wanted, revealer: Revealer | None
) -> Iterator[dict[str, Any]]:
    for batch in reader:
        for position, event in events_of(disk, batch):
            if wanted.is_over(position, event):
                return
            if revealer is not None:
                revealer.pass_by(event)
            if wanted.takes(position, event):
                line = describe(event)
                if revealer is not None:
                    revealer.reveal(line)
                yield {
                    "position": position,
                    "at": time_text(event.at_us),
                    **line,
                    "segment": batch.segment,
                    "batch_offset": batch.offset,
                }


def _accesses(settings: Settings, wanted: Wanted) -> Iterator[dict[str, Any]]:
    for position, access in read_accesses(LocalDisk(settings.data / ACCESS_LOG)):
        if wanted.until is not None and wanted.until.is_before(position, access.at_us):
            return
        if (
            (wanted.customer is None or wanted.customer in access.customer_ids)
            and wanted.by in (None, access.by, *access.by.split(":"))
            and not (wanted.since is not None and wanted.since.is_after(position, access.at_us))
        ):
            yield {
                "position": position,
                "at": time_text(access.at_us),
                "by": access.by,
                "kind": access.kind,
                "customers": list(access.customer_ids),
                "request_id": access.request_id,
            }


def _batches(disk: Disk, reader: JournalReader, wanted: Wanted) -> Iterator[dict[str, Any]]:
    for batch in reader:
        found = list(events_of(disk, batch))
        inside = [event for event in found if not wanted.is_over(*event)]
        if any(wanted.takes(*event) for event in inside):
            yield _batch(batch, found[-1][1])
        if len(inside) < len(found):
            return


def _batch(batch: Batch, newest: Event) -> dict[str, Any]:
    return {
        "first_position": batch.first_position,
        "last_position": batch.last_position,
        "at": time_text(newest.at_us),
        "segment": batch.segment,
        "batch_offset": batch.offset,
        "bytes": batch.size_bytes,
        "chain": batch.header.chain.hex(),
    }


def _cards(event: Event) -> tuple[str | None, ...]:
    if isinstance(event, CardOpened):
        return (event.terms.card_id,)
    if isinstance(event, CardReplaced):
        return (event.card_id, event.terms.card_id)
    if isinstance(event, OperationsImported):
        return tuple(operation.card_id for operation in event.operations)
    return (getattr(event, "card_id", None), *getattr(event, "card_ids", ()))
