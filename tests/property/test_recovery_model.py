"""Whatever happens and whenever the machine dies: what was answered is there, whole, and no more.

The real authorizer is driven command by command beside a naive model, over commits, snapshots,
clean restarts, killed processes, lost power, failing disks and clocks that jump.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from authorizer.actors.ticket_file import TicketFile
from authorizer.domain.accounts import idempotency as remembered
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import BlockReason
from authorizer.domain.accounts.commands import Authorize, ReadAccount
from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD, Account
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.merchants.commands import ReadMerchants, RemoveMerchant
from authorizer.domain.outcomes import Outcome, Refusal
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.state import TICKET_OF_REQUEST, request_key
from authorizer.persistence.archive.protocol import Archive
from authorizer.persistence.archive.wholeness import make_whole
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.record import decode
from authorizer.persistence.state.state import State
from authorizer.simulation.machine import Task
from authorizer.simulation.memory_disk import MachineDied
from tests.property.naive import (
    CREDIT_RETENTION_US,
    DESCRIPTORS,
    ENTRIES,
    RETENTION_US,
    Bank,
    Ids,
    NaiveAccount,
)
from tests.property.naive_tickets import shown
from tests.property.ticket_steps import ticket_steps, words
from tests.support import commands
from tests.support.builders import terms
from tests.support.machine import Machine, contents

ACCOUNT_IDS: Final = ("a0", "a1", "a2", "a3")
ACCOUNT_OF_CUSTOMER: Final = {"c0": "a0", "c1": "a1", "c2": "a1"}
CARDS: Final = {"c0": {"k0": 50_00, "k1": 10_00}, "c1": {"k2": 30_00}, "c2": {"k3": 20_00}}
ACCOUNT_BY_CARD: Final = {
    card: ACCOUNT_OF_CUSTOMER[customer] for customer, cards in CARDS.items() for card in cards
}
LIMITS: Final = {card: limit for cards in CARDS.values() for card, limit in cards.items()}
OTHERS: Final = {"k0": "k1", "k1": "k0", "k2": "k3", "k3": "k2"}
"""Each card's neighbour on its account."""
HOUR_US: Final = 3_600_000_000

accounts = st.sampled_from(ACCOUNT_IDS)
customers = st.sampled_from(sorted(ACCOUNT_OF_CUSTOMER))
cards = st.sampled_from([*OTHERS, *OTHERS, *(f"{card}x" for card in OTHERS)])
"""The cards of documents, and those that may come in their place."""
cents = st.integers(1, 40_00)
purchase_ids = st.none() | st.sampled_from([f"t{number}" for number in range(12)])
reasons = st.sampled_from([BlockReason.OTHER, BlockReason.UNDER_REVIEW, BlockReason.ROBBED])
purchases = st.tuples(
    purchase_ids,
    cents | st.just(10**20),
    st.sampled_from(["5411", "5812", "4111"]),
    st.sampled_from(sorted(DESCRIPTORS)),
    st.none() | cards,
    st.sampled_from([0, 0, 0, 0, 79, 80, 5000]),
)
Purchase = tuple[str | None, int, str, str, str | None, int]


@dataclass
class Question:
    """Something that was asked and not yet answered."""

    task: Task
    expected: Any
    rests_on: int
    """The position of the newest event that the answer rests on."""

    @property
    def answered(self) -> bool:
        return self.task.done()


def in_words(answer: Any) -> Any:
    """An answer of the program in the words of the model."""
    if isinstance(answer, Outcome):
        return answer.reason.name_on_wire, answer.replayed
    if isinstance(answer, Refusal):
        return answer.kind.value
    return "created" if answer[0].created else "done"


def in_plain(seen: Any) -> Any:
    """What was read, in the form of the model."""
    if isinstance(seen, TicketFile):
        return shown(seen)
    return seen if isinstance(seen, list) else seen.wallets_cents


class Authorizer(RuleBasedStateMachine):
    """The authorizer and the model, side by side. A batch is taken and written in a step."""

    on_loop = False

    def __init__(self) -> None:
        super().__init__()
        self.small_pages = patch.object(remembered, "PAGE_ENTRIES", 3)
        self.small_pages.start()
        self.machine = Machine(
            segment_bytes=700, max_resident_accounts=2, snapshots_kept=2, on_loop=self.on_loop
        )
        self.bank = Bank()
        self.history = [self.bank.copy()]
        """The model as it was behind every command: a crash takes it back to one of them."""
        self.promised = 0
        """The position of the newest event that any answer has rested on."""
        self.questions: list[Question] = []
        self.reads: list[tuple[Task, Any]] = []
        self.registering: list[Callable[[], str]] = []
        """What of a customer's document the model has not done yet."""
        self.registered = ""
        """How the model answered the first step, which is the answer to the document."""
        self.registration: Task | None = None
        self.snapshot: Task | None = None
        self.snapshot_refused = False
        self.start()

    def teardown(self) -> None:
        self.machine.close()
        self.small_pages.stop()

    # --- commands ------------------------------------------------------------------------------

    @rule(account=accounts, food=st.integers(0, 2), cash=st.integers(0, 2), empty=st.booleans())
    def open(self, account: str, food: int, cash: int, empty: bool) -> None:
        opening = {} if empty else {"FOOD": food * 100_00, "CASH": cash * 100_00}
        task = self.machine.ask(self.machine.dispatcher.ask(commands.opening(account, **opening)))
        self.asked(task, self.bank.open(account, opening), self.newest(account))

    @rule(account=accounts, credit_id=st.sampled_from("xyz"), amount=st.integers(1, 3))
    def credit(self, account: str, credit_id: str, amount: int) -> None:
        wallet = ("FOOD", "MEAL", "GIFT")[amount - 1]
        command = commands.credit(account, credit_id, wallet, amount)
        task = self.machine.ask(self.machine.dispatcher.ask(command))
        expected = self.bank.credit(account, credit_id, wallet, amount, self.now_us)
        self.asked(task, expected, self.newest(account))

    @rule(account=accounts, several=st.lists(purchases, min_size=1, max_size=5))
    def buy(self, account: str, several: list[Purchase]) -> None:
        """Several at once, the same id among them perhaps: each waits for its own answer."""
        tasks = self.machine.authorize_together([self.a_purchase(account, one) for one in several])
        for task, one in zip(tasks, several, strict=True):
            expected = self.bank.authorize(account, *one, now_us=self.now_us)
            self.asked(task, expected, self.newest(account), settled=False)
        self.check_positions()

    def a_purchase(self, account: str, purchase: Purchase) -> Authorize:
        purchase_id, amount, mcc, merchant, card, waited_ms = purchase
        return commands.purchase(
            amount,
            mcc=mcc,
            merchant=merchant,
            transaction_id=purchase_id,
            card_id=card,
            account_id=account,
            received_ns=self.machine.monotonic_ns - waited_ms * 1_000_000,
        )

    @precondition(lambda self: self.registration is None)
    @rule(customer=customers, phone=st.sampled_from([None, "+55 1", "+55 2"]))
    def put_customer(self, customer: str, phone: str | None) -> None:
        """Two actors, so two steps: anything may come between them, death too."""
        account, opened = ACCOUNT_OF_CUSTOMER[customer], CARDS[customer]
        self.registering = [
            lambda: self.bank.register(customer, account, tuple(opened), phone),
            lambda: self.bank.open_cards(account, customer, opened),
        ]
        cards = tuple(terms(card, limit) for card, limit in opened.items())
        command = commands.registration(customer, account, opened, phone=phone)
        onboarding = self.machine.actors.onboarding
        self.registration = self.machine.ask(onboarding.register(command, cards))
        self.go_on_registering()

    def go_on_registering(self) -> None:
        """Do in the model what the program has done of a customer's document."""
        task = self.registration
        if task is None:
            return
        while self.registering and (self.bank.position < self.machine.appended or task.done()):
            word = self.registering.pop(0)()
            self.registered = word if self.registering else self.registered
            self.history.append(self.bank.copy())
        self.check_positions()
        if task.done():
            self.promised = max(self.promised, min(self.bank.position, self.machine.durable))
            assert in_words(task.result()) == self.registered
            self.registration = None

    @rule(card=cards, reason=reasons)
    def block(self, card: str, reason: BlockReason) -> None:
        account = ACCOUNT_BY_CARD[card[:2]]
        task = self.machine.ask(self.machine.dispatcher.ask(commands.block(account, card, reason)))
        expected = self.bank.block(account, card, reason.motivo)
        self.asked(task, expected, self.newest(account))

    @rule(card=cards)
    def unblock(self, card: str) -> None:
        account = ACCOUNT_BY_CARD[card[:2]]
        task = self.machine.ask(self.machine.actors.cards.unblock(commands.unblock(account, card)))
        self.asked(task, self.bank.unblock(account, card), self.newest(account))

    @rule(card=cards, new=st.sampled_from(["x", "x", "y", "taken"]))
    def replace(self, card: str, new: str) -> None:
        account = ACCOUNT_BY_CARD[card[:2]]
        new_card = OTHERS[card[:2]] if new == "taken" else card + new
        naive = self.bank.accounts.get(account)
        if naive is None or card not in naive.cards:
            return
        if new == "taken" and (self.registration is not None or new_card not in naive.cards):
            return
        command = commands.replacement(account, card, new_card)
        task = self.machine.ask(self.machine.actors.cards.replace(command))
        self.asked(task, self.bank.replace(account, card, new_card), self.newest(account))

    @rule(card=cards, amount=st.sampled_from([0, 5_00, 30_00, 60_00]), below=st.booleans())
    def change_limit(self, card: str, amount: int, below: bool) -> None:
        account = ACCOUNT_BY_CARD[card[:2]]
        command = commands.limit_change(account, card, amount, below)
        task = self.machine.ask(self.machine.dispatcher.ask(command))
        expected = self.bank.change_limit(account, card, amount, below)
        self.asked(task, expected, self.newest(account))

    @rule(card=cards)
    def query_limit(self, card: str) -> None:
        account = ACCOUNT_BY_CARD[card[:2]]
        task = self.machine.ask(self.machine.dispatcher.ask(commands.limit_query(account, card)))
        self.asked(task, self.bank.query_limit(account, card), self.newest(account))

    @precondition(lambda self: self.registration is None)
    @rule(
        customer=customers,
        subject=words,
        card=st.none() | cards,
        resolution=st.none() | words,
        client_id=st.none() | st.sampled_from(["r1", "r2"]),
    )
    def open_ticket(
        self,
        customer: str,
        subject: str,
        card: str | None,
        resolution: str | None,
        client_id: str | None,
    ) -> None:
        """Customer and card are asked first, so everything before is made durable: one step."""
        self.commit(once=False)
        command = commands.ticket(customer, subject, card, resolution)
        command = command._replace(client_id=client_id)
        before = self.bank.requested(customer, client_id)
        task = self.machine.ask(self.machine.actors.tickets.open(command))
        own = card if card is None or card[:2] in CARDS[customer] else "of another"
        expected = self.bank.open_ticket(customer, subject, own, resolution, self.now_us, client_id)
        rests_on = self.bank.position if expected == "created" else 0
        self.asked(task, expected, rests_on)
        if expected == "created":
            self.tell_ticket(task, max(self.bank.tickets))
        if expected == "done" and before is not None:
            self.tell_ticket(task, int(before.ticket_id[8:]))

    @rule(number=st.integers(1, 4), step=ticket_steps)
    def ask_ticket(self, number: int, step: tuple[str, dict[str, Any]]) -> None:
        known = self.bank.tickets.get(number)
        ticket_id = known.ticket_id if known else f"20250101{number:06}"
        command = commands.ticket_step(ticket_id, *step)
        task = self.machine.ask(self.machine.actors.tickets.ask(command))
        expected = self.bank.ask_ticket(number, *step, now_us=self.now_us)
        known = self.bank.tickets.get(number)
        self.asked(task, expected, known.position if known else 0)
        if expected in ("created", "done"):
            self.tell_ticket(task, number)

    def tell_ticket(self, task: Task, number: int) -> None:
        """The answer shows the ticket as it was then."""
        self.reads.append((task, self.bank.tickets[number].shown()))

    @rule(name=st.sampled_from(ENTRIES), mcc=st.sampled_from(["5411", "5812", "9999"]))
    def register_merchant(self, name: str, mcc: str) -> None:
        command = commands.merchant(name, mcc)
        task = self.machine.ask(self.machine.dispatcher.ask(command))
        expected = self.bank.register_merchant(name, mcc)
        self.asked(task, expected, self.bank.merchants_position)

    @rule(name=st.sampled_from(ENTRIES))
    def remove_merchant(self, name: str) -> None:
        task = self.machine.ask(self.machine.dispatcher.ask(RemoveMerchant(name, "test")))
        expected = self.bank.remove_merchant(name)
        self.asked(task, expected, self.bank.merchants_position)

    @rule(account=accounts)
    def read_account(self, account: str) -> None:
        """A read rests on what it shows, so it waits for that too."""
        task = self.machine.ask(self.machine.dispatcher.ask(ReadAccount(account)))
        naive = self.bank.accounts.get(account)
        self.asked(task, "not_found" if naive is None else "done", self.newest(account))
        if naive is not None:
            self.reads.append((task, dict(naive.wallets)))

    @rule()
    def read_merchants(self) -> None:
        task = self.machine.ask(self.machine.dispatcher.ask(ReadMerchants()))
        self.asked(task, "done", self.bank.merchants_position)
        self.reads.append((task, list(self.bank.merchants.items())))

    # --- answers -------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """The time of the decision that was just made."""
        return self.machine.running.clock.now_us()

    def asked(self, task: Task, expected: Any, rests_on: int, settled: bool = True) -> None:
        """Note a question, the answer it must get, and the newest event that this rests on."""
        self.questions.append(Question(task, expected, rests_on))
        self.history.append(self.bank.copy())
        if settled:
            self.check_positions()
        self.check_answers()

    def newest(self, account: str) -> int:
        """The position of an account's newest event; 0 where there is none."""
        naive = self.bank.accounts.get(account)
        return naive.position if naive else 0

    def check_positions(self) -> None:
        """The journal holds exactly the events that the model knows of."""
        assert self.machine.appended == self.bank.position

    def check_answers(self) -> None:
        """What was answered is right, and was durable before."""
        for question in self.questions:
            if question.answered:
                assert question.rests_on <= self.machine.durable
                assert in_words(question.task.result()) == question.expected
                self.promised = max(self.promised, question.rests_on)
        for task, expected in self.reads:
            if task.done():
                _, seen = task.result()
                assert in_plain(seen) == expected
        self.questions = [one for one in self.questions if not one.answered]
        self.reads = [one for one in self.reads if not one[0].done()]

    @rule(once=st.booleans())
    def commit(self, once: bool) -> None:
        """The writer comes by; whatever waited for it is answered."""
        if once:
            self.machine.commit_once()
        else:
            self.machine.commit()
        self.go_on_registering()
        self.check_positions()
        self.check_answers()
        if not once:
            assert self.machine.durable == self.machine.appended
            assert self.questions == []
            assert self.registration is None

    @rule(account=accounts)
    def archive(self, account: str) -> None:
        """What is old leaves memory, once it is durable."""
        self.machine.running.around.crowded(account)
        self.machine.ask(self.machine.running.archiving.work())

    # --- snapshots -----------------------------------------------------------------------------

    @precondition(lambda self: self.snapshot is None)
    @rule()
    def begin_snapshot(self) -> None:
        self.snapshot = self.machine.snapshot()
        self.snapshot_refused = False

    @precondition(lambda self: self.snapshot is not None)
    @rule(steps=st.integers(1, 12), failing=st.sampled_from([None, None, "write", "sync"]))
    def go_on_with_snapshot(self, steps: int, failing: str | None) -> None:
        """Some of its steps off the loop; a failure costs the snapshot only."""
        refused = len(self.machine.disk.refused)
        if failing:
            self.machine.disk.fail(failing, "snapshots/*", errno.ENOSPC, written_bytes=3)
        for _ in range(steps):
            self.machine.step()
        self.machine.disk.mend()
        self.snapshot_refused |= len(self.machine.disk.refused) > refused
        self.check_snapshot()

    @precondition(lambda self: self.snapshot is not None)
    @rule()
    def finish_snapshot(self) -> None:
        while self.snapshot is not None:
            self.machine.step()
            self.machine.commit()
            self.check_snapshot()
        self.go_on_registering()
        self.check_answers()

    def check_snapshot(self) -> None:
        """It is taken unless the disk refused."""
        if self.snapshot is not None and self.snapshot.done():
            refused = isinstance(self.snapshot.exception(), OSError)
            assert refused == self.snapshot_refused
            assert refused or self.snapshot.exception() is None
            self.snapshot = None

    # --- time ----------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([0, 1, 24, 24 * 20, 24 * 36]), us=st.integers(0, 99))
    def let_time_pass(self, hours: int, us: int) -> None:
        self.machine.wall_us += hours * HOUR_US + us
        self.machine.monotonic_ns += (hours * HOUR_US + us) * 1000

    @rule(hours=st.sampled_from([-24 * 40, -1, 1, 24, 24 * 40]))
    def set_the_clock(self, hours: int) -> None:
        self.machine.wall_us += hours * HOUR_US

    @rule()
    def confirm_the_clock(self) -> None:
        self.machine.running.clock.confirm()

    # --- death ---------------------------------------------------------------------------------

    @rule(snapshot=st.booleans())
    def restart(self, snapshot: bool) -> None:
        """In order, as SIGTERM does it: everything is answered, and is there."""
        if snapshot and self.snapshot is None:
            self.begin_snapshot()
        running = self.machine.running
        self.machine.gated = False
        while self.machine.step() or self.machine.commit_once():
            pass
        self.check_snapshot()
        self.go_on_registering()
        self.check_answers()
        assert self.questions == []
        assert self.snapshot is None
        self.machine.stop()
        assert running.commit.durable == self.bank.position
        self.promised = self.bank.position
        self.start()

    @rule(seed=st.none() | st.integers(0, 2**16))
    def die(self, seed: int | None) -> None:
        self.end(seed)
        self.start()

    @rule(steps=st.integers(0, 7), seed=st.none() | st.integers(0, 2**16))
    def die_amid_work(self, steps: int, seed: int | None) -> None:
        """At some step on the disk, of the journal or of a snapshot."""
        self.machine.memory.die_after(steps)
        try:
            while self.machine.step() or self.machine.commit_once():
                pass
        except MachineDied:
            assert self.machine.failure is not None
        self.go_on_registering_before_death()
        self.end(seed)
        self.start()

    @rule(
        operation=st.sampled_from(["write", "sync", "rename", "append"]),
        error=st.sampled_from([errno.EIO, errno.ENOSPC]),
        written_bytes=st.integers(0, 300),
    )
    def die_of_the_journal(self, operation: str, error: int, written_bytes: int) -> None:
        """A failed write or sync ends the process; nothing more is answered, nothing retried."""
        self.machine.disk.fail(operation, "journal/*", error, written_bytes=written_bytes)
        refused = len(self.machine.disk.refused)
        with suppress(OSError):
            self.machine.commit()
        failed = self.machine.failure is not None
        assert failed == (len(self.machine.disk.refused) > refused)
        self.machine.disk.mend()
        self.go_on_registering_before_death()
        self.end(None)
        self.start()

    @rule(steps=st.integers(0, 9), seed=st.none() | st.integers(0, 2**16))
    def die_amid_start(self, steps: int, seed: int | None) -> None:
        """The start itself writes: it may be cut short too, and begun anew."""
        self.end(seed)
        self.machine.memory.die_after(steps)
        with suppress(MachineDied):
            self.machine.start()
        self.end(seed)
        self.start()

    def go_on_registering_before_death(self) -> None:
        """Some steps of a document may have been done since the model last looked."""
        self.go_on_registering()
        self.check_answers()

    def end(self, seed: int | None) -> None:
        """The process is killed, or the machine loses power, with a seed for what is lost."""
        if seed is None:
            self.machine.kill()
        else:
            self.machine.lose_power(Random(seed))
        self.questions.clear()
        self.reads.clear()
        self.registering.clear()
        self.registration = None
        self.snapshot = None

    def start(self) -> None:
        """Recover: the state is that of the model behind some command, at or after all answers."""
        self.snapshot = None
        alone = self.machine.recover(use_snapshots=False)
        found = self.machine.recover()
        position = found.journal.position
        assert found.damaged_snapshots == ()
        assert self.promised <= position
        survivors = [bank for bank in self.history if bank.position == position]
        assert survivors, f"the journal ends at {position}, amid the events of a command"
        self.bank = survivors[-1]
        self.history = [bank for bank in self.history if bank.position <= position]
        newest_us = max(found.state.at_us, alone.state.at_us)
        since_us, credits_us = newest_us - RETENTION_US, newest_us - CREDIT_RETENTION_US
        assert contents(found.state, since_us, self.machine.archive, credits_us) == contents(
            alone.state, since_us, None, credits_us
        )
        check_state(found.state, self.bank, self.machine.archive)
        check_times(self.machine)
        self.machine.start()
        self.machine.gated = True
        self.check_tickets()
        self.check_people()
        self.check_positions()
        self.bank = self.bank.copy()

    def check_people(self) -> None:
        """Everybody's data can be read: the keys outlive what needs them."""
        for customer_id, naive in self.bank.customers.items():
            read = self.machine.ask(self.machine.actors.customers.read(customer_id))
            file = self.machine.answer(read)
            assert file.person.phone == naive.phone

    def check_tickets(self) -> None:
        """Every ticket is there with all that was said: the keys outlive what needs them."""
        for ticket in self.bank.tickets.values():
            read = self.machine.ask(self.machine.actors.tickets.read(ticket.ticket_id))
            self.bank.look_at(ticket, self.now_us)
            self.commit(once=False)
            _, file = read.result()
            assert shown(file) == ticket.shown()


# --- what was recovered, beside the model ------------------------------------------------------


def check_state(state: State, bank: Bank, archive: Archive) -> None:
    """The state is the model's."""
    assert set(state[ACCOUNTS]) == set(bank.accounts)
    for account_id, naive in bank.accounts.items():
        account = state[ACCOUNTS].load(account_id)
        make_whole(account, archive, 0)
        check_account(account, naive, state.at_us)
    assert {
        customer_id: (customer.account_id, customer.card_ids, customer.position)
        for customer_id in state[CUSTOMERS]
        for customer in [state[CUSTOMERS].load(customer_id)]
    } == {
        customer_id: (naive.account, naive.cards, naive.position)
        for customer_id, naive in bank.customers.items()
    }
    assert {ticket_id: state[TICKETS].load(ticket_id).position for ticket_id in state[TICKETS]} == {
        ticket.ticket_id: ticket.position for ticket in bank.tickets.values()
    }
    assert state.indexes[TICKET_OF_REQUEST] == {
        request_key(ticket.customer, ticket.request[0]): ticket.ticket_id
        for ticket in bank.tickets.values()
        if ticket.request
    }
    assert state.single(MERCHANTS).entries() == list(bank.merchants.items())
    assert state.indexes[ACCOUNT_OF_CARD] == {
        card_id: account_id
        for account_id, account in bank.accounts.items()
        for card_id in account.cards
    }


def check_account(account: Account, naive: NaiveAccount, now_us: int) -> None:
    """The account is the model's."""
    assert account.position == naive.position
    assert account.opening_cents == naive.opening
    assert account.wallets_cents == naive.wallets
    assert account.customer_id == naive.customer
    assert [(one.kind, one.card_id) for one in account.operations] == naive.operations
    assert {
        card.card_id: (
            card.limit_total_cents,
            card.limit_used_cents,
            card.block_reason.motivo if card.block_reason else None,
            card.replaced_by,
        )
        for card in account.cards.values()
    } == {
        card.card_id: (card.limit_cents, card.used_cents, card.blocked_for, card.replaced_by)
        for card in naive.cards.values()
    }
    for card in account.cards.values():
        assert card.opening.replaces == card.replaces
        if card.replaces is None:
            assert card.opening == terms(card.card_id, LIMITS[card.card_id])
    check_ids(account.purchase_keys, naive.ids, now_us, "{0}\0{1}\0{2}\0{3}")
    check_ids(account.credit_keys, naive.credits, now_us, "{1}\0{0}")


def check_ids(ids: IdempotencyKeys, naive: Ids, now_us: int, form: str) -> None:
    """Every id that is young enough is remembered with its answer, and no other one is."""
    since_us = now_us - naive.retention_us
    for key, (at_us, word, said) in naive.entries.items():
        found = ids.get(key, since_us)
        if at_us >= since_us:
            texts = ("" if part is None else part for part in said)
            assert found is not None
            assert found[:3] == (at_us, word, form.format(*texts))
        else:
            assert found is None
    for page in (*ids.sealed_pages, ids.open_page):
        assert set(page) <= set(naive.entries)


def check_times(machine: Machine) -> None:
    """The journal is whole, and no event in it is older than the one before it."""
    newest_us = 0
    for batch in JournalReader(machine.disk):
        for record in batch.records():
            event = decode(record)
            assert event.at_us >= newest_us
            newest_us = event.at_us


class AuthorizerOnLoop(Authorizer):
    """The same, where the loop writes the journal, and only its syncs are steps."""

    on_loop = True


TestAuthorizer = Authorizer.TestCase
TestAuthorizerOnLoop = AuthorizerOnLoop.TestCase
TestAuthorizer.settings = TestAuthorizerOnLoop.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    # Making a failure smaller can take longer than a run of all tests may.
    phases=[phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
