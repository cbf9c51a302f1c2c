"""`authorizer init`."""

import sys
import time

import click

from authorizer.cli import offline
from authorizer.cli.demo import StoryClock, another_card, demo_lines, tell
from authorizer.cli.import_lines import (
    AccountEntry,
    BadLine,
    CustomerEntry,
    Entry,
    Line,
    LineSource,
)
from authorizer.cli.importer import PLURALS, Importer
from authorizer.cli.options import settings_options
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.persistence.state.recovery import Recovered
from authorizer.persistence.state.state import State
from authorizer.runtime.running import Running
from authorizer.runtime.world import World
from authorizer.settings.model import Settings


@click.command()
@click.option("--demo", is_flag=True, help="Put demo accounts, merchants and a customer in.")
@settings_options("data", "personal_keys")
def init(demo: bool, settings: Settings) -> None:
    """Make a data folder, with demo data if wished.

    `serve` makes an empty one by itself; this is for --demo, or to have the folder made at a
    known time. What is there already stays as it is, so the command may be run again and again. No
    server may run on the folder.

    --demo puts in, where they are missing:
      accounts   123, 456 and 789, with balances for FOOD, MEAL and CASH
      merchants  UBER TRIP and UBER EATS of SAO PAULO, PAG*JoseDaSilva, PICPAY*BILHETEUNICO
      customer   12345 with an account of the same name, a blocked card (987654321) and an active
                 one (123987654)

    An empty journal also gets two weeks of history, up to yesterday: another active card of that
    customer (555666777), credits, purchases approved and declined, and tickets in every state.
    Account 123 has no part in it.

    Examples:
      authorizer init --data data
      authorizer init --demo --data demo && authorizer serve --data demo

    Exit status: 0 done, 1 the folder is in use, can't be made, or holds something that demo data
    can't be added to, 2 wrong usage, 74 the journal could not be written.
    """
    clock = StoryClock(time.time_ns() // 1000, settings.time_zone)

    def world(real: World, recovered: Recovered) -> World:
        return clock.in_world(real) if demo and _is_empty(recovered) else real

    async def job(running: Running) -> Importer:
        importer = Importer(running.actors, "init", _refused)
        if demo:
            begins = _is_empty(running.recovered)
            await running.record_policy(settings, "init")
            await importer.take(_missing(running.recovered.state))
            if begins:
                await importer.take(another_card())
                await tell(running, clock, importer.refuse)
        return importer

    importer = offline.work(settings, job, world)
    click.echo(f"{settings.data} is ready")
    if demo:
        for kind, count in importer.counts.items():
            click.echo(f"{PLURALS[kind]:<10} {count.created} new")
    if importer.refused:
        sys.exit(1)


def _is_empty(recovered: Recovered) -> bool:
    return recovered.journal.position == 0


def _missing(state: State) -> list[Line]:
    return [
        line
        for line in demo_lines()
        if isinstance(line, BadLine) or not _is_there(line.entry, state)
    ]


def _is_there(entry: Entry, state: State) -> bool:
    if isinstance(entry, AccountEntry):
        return entry.account in state[ACCOUNTS]
    if isinstance(entry, CustomerEntry):
        # A crash can have come between a customer and the account with the cards.
        known = entry.cliente_id in state[CUSTOMERS]
        return known and state[CUSTOMERS].load(entry.cliente_id).account_id in state[ACCOUNTS]
    return state.single(MERCHANTS).get(entry.name) is not None


def _refused(source: LineSource, problem: str) -> None:
    click.echo(f"demo data, {source}: {problem}", err=True)
