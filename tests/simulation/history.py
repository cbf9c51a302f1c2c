"""A history on a simulated machine that a seed decides, with crashes in it."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from random import Random

from authorizer.simulation.memory_disk import MachineDied
from tests.support import commands
from tests.support.builders import terms
from tests.support.machine import Machine

ACCOUNTS = [f"a{number}" for number in range(6)]


def after_history(seed: int, crashes: int = 3) -> Machine:
    """The machine behind a history, at work again. With odd seeds the loop writes the journal."""
    machine = Machine(
        seed,
        segment_bytes=2000,
        max_resident_accounts=3,
        snapshots_kept=2,
        on_loop=seed % 2 == 1,
    )
    machine.start()
    for account in ACCOUNTS:
        machine.ask(machine.dispatcher.ask(commands.opening(account, FOOD=10_000, CASH=5_000)))
    for life in range(crashes):
        machine.memory.die_after(machine.random.randrange(20, 200))
        with suppress(MachineDied):
            live(machine, machine.random, f"life-{life}")
        machine.lose_power(machine.random)
        machine.let_pass(1_000_000_000)
        machine.start()
    live(machine, machine.random, "last")
    return machine


def live(machine: Machine, random: Random, name: str) -> None:
    """Customers come, together; money is spent; a ticket is opened; snapshots are taken."""
    coming = [f"{name}-{number}" for number in range(4)]
    for customer in coming:
        cards = commands.opening_cards(random.choice(ACCOUNTS), customer, terms(customer))
        machine.ask(machine.dispatcher.ask(cards))
    machine.commit()
    documents = [commands.registration(each, each, [], phone=f"+55 31 {each}") for each in coming]
    register = machine.actors.onboarding.register
    for task in machine.ask_together(*[register(document, ()) for document in documents]):
        machine.answer(task)
    for number in range(40):
        machine.let_pass(random.randrange(10_000_000))
        purchase = commands.purchase(
            random.randrange(1, 20_00),
            "5411",
            transaction_id=f"{name}-{number}",
            account_id=random.choice(ACCOUNTS),
        )
        machine.authorize(purchase)
        if random.random() < 0.3:
            machine.commit_once()
    machine.commit()
    opened = machine.actors.tickets.open(commands.ticket(coming[0], name, None, None))
    machine.answer(machine.ask(opened))
    machine.take_snapshot()


def digest_of(machine: Machine) -> str:
    """SHA-256 of every file on the machine's disk: journal, snapshots, keys."""
    digest = hashlib.sha256()
    for name, content in sorted(machine.memory.files().items()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


if __name__ == "__main__":
    told = after_history(int(sys.argv[1]))
    print(digest_of(told))  # noqa: T201 - what it is run for
    told.close()
