"""A history, played on a simulated machine beside a bank that cannot fail."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Final

from authorizer.persistence.state.digest import state_digest
from authorizer.simulation.asking import Asking
from authorizer.simulation.checks import (
    Follower,
    check_journal,
    check_state,
    must,
    same,
)
from authorizer.simulation.decay import Decay
from authorizer.simulation.machine import Machine, Task
from authorizer.simulation.memory_disk import MachineDied
from authorizer.simulation.naive_account import CREDIT_ID_DAYS, CREDIT_ID_US, HOUR_US
from authorizer.simulation.workload import Step

SEGMENT_BYTES: Final = 6000
SLOT_US: Final = 250_000
"""How exactly the timers know when a hold runs out."""


class Player(Asking):
    """Plays steps, each by the method of its name.

    Of every other thousand of seeds the loop writes the journal, and only its syncs are steps.
    """

    def __init__(self, seed: int) -> None:
        machine = Machine(
            seed,
            segment_bytes=SEGMENT_BYTES,
            max_resident_accounts=2,
            snapshots_kept=2,
            id_retention_days=366,
            credit_id_retention_days=CREDIT_ID_DAYS,
            closed_in_memory_hours=0.0001,
            on_loop=seed // 1000 % 2 == 1,
        )
        super().__init__(machine)
        self.decay = Decay(machine)
        self.follower = Follower()
        self.crashes = 0
        self.snapshot_task: Task | None = None
        self.snapshot_refused = False
        """Whether the disk has refused something of the snapshot under way."""
        self._start()

    def play(self, steps: Sequence[Step]) -> None:
        """Play steps, one behind the other."""
        for step in steps:
            getattr(self, step.what)(*step.how)
            same("the end of the journal", self.machine.appended, self.bank.position)
            self.take_answers()

    def finish(self) -> None:
        """End in order, start again, and have everything checked once more."""
        self.restart()

    # --- people --------------------------------------------------------------------------------

    def register(self, account_id: str, number: int) -> None:
        """A customer's data is put."""
        self._be_quiet(account_id)
        self.people.register(account_id, number)

    def open_ticket(self, account_id: str) -> None:
        """A customer complains."""
        self._be_quiet(account_id)
        self.people.open_ticket(account_id)

    def resolve_ticket(self, number: int) -> None:
        """A ticket is resolved."""
        self.commit()
        self.people.resolve_ticket(number)

    def erase(self, account_id: str, dies_after: int | None, power: int | None) -> None:
        """A customer is forgotten; perhaps the machine dies meanwhile."""
        self._be_quiet(account_id)
        if self.people.erase(account_id, dies_after):
            self._die(power)

    def _be_quiet(self, account_id: str) -> None:
        """Have nothing under way, and nothing overdue on an account."""
        self.tell_expiry(account_id)
        self.commit()

    # --- time, the writer, what goes on off the loop -------------------------------------------

    def wait(self, passed_us: int) -> None:
        """Time passes."""
        self.machine.let_pass(passed_us * 1000)

    def set_clock(self, hours: int) -> None:
        """The wall clock is set, and not the other one."""
        self.machine.wall_ns += hours * HOUR_US * 1000

    def confirm_clock(self) -> None:
        """An operator says that the wall clock is right."""
        self.machine.running.clock.confirm()

    def tick(self) -> None:
        """The timers look at the clock."""
        due = self.machine.running.around.timers.due()
        expected = {name for name in self.bank.accounts if self._is_due(name)}
        same("accounts with holds that are due", set(due), expected)
        for account_id in due:
            self.tell_expiry(account_id)
        due = self.machine.running.around.ticket_timers.due()
        same("tickets that are due", set(due), self.people.tickets_due(self.now_us))
        if due:
            self.commit()
        for ticket_id in due:
            self.people.escalate(ticket_id)

    def _is_due(self, account_id: str) -> bool:
        purchases = self.bank.accounts[account_id].purchases.values()
        times = [each.expires_at_us for each in purchases if each.expires_at_us is not None]
        return bool(times) and -(-min(times) // SLOT_US) <= self.now_us // SLOT_US

    def commit_once(self) -> None:
        """The writer writes a batch."""
        self.machine.commit_once()

    def begin_batch(self) -> None:
        """The writer takes what has gathered, and is not done with it yet."""
        assert self.machine.writer is not None
        self.machine.writer.begin()

    def commit(self) -> None:
        """The writer writes all there is: everything is answered."""
        self.machine.commit()
        self.take_answers()
        must(not self.questions, "not answered, though all is durable", self.questions)

    def work(self, steps: int) -> None:
        """What waits off the loop goes on for some steps."""
        for _ in range(steps):
            self.machine.step()
        self._look_at_snapshot()

    def archive(self) -> None:
        """Closed purchases leave memory."""
        for account_id in self.bank.accounts:
            self.machine.running.around.crowded(account_id)
        self.machine.ask(self.machine.running.archiving.work())

    def snapshot(self) -> None:
        """A snapshot is begun."""
        self._look_at_snapshot()
        if self.snapshot_task is None:
            self.snapshot_task = self.machine.snapshot()

    def fail_snapshot(self, operation: str, steps: int) -> None:
        """The disk refuses what belongs to a snapshot: it costs the snapshot only."""
        self.snapshot()
        self.machine.disk.fail(operation, "snapshots/*", errno.ENOSPC, written_bytes=3)
        refused = len(self.machine.disk.refused)
        for _ in range(steps):
            self.machine.step()
        self.machine.disk.mend()
        self.snapshot_refused |= len(self.machine.disk.refused) > refused
        self._look_at_snapshot()

    def _look_at_snapshot(self) -> None:
        """A snapshot fails where the disk has refused, and only there."""
        task = self.snapshot_task
        if task is not None and task.done():
            error = task.exception()
            must(error is None or isinstance(error, OSError), "a snapshot failed", error)
            same("a snapshot failed", error is not None, self.snapshot_refused)
            self.snapshot_task, self.snapshot_refused = None, False

    # --- who looks on --------------------------------------------------------------------------

    def follow(self) -> None:
        """A follower reads on."""
        self.follower.follow(self.machine.running.journal, self.machine.durable)

    def check_books(self) -> None:
        """Every account in memory is the bank's."""
        for account_id in self.bank.accounts:
            self._of_account("read", account_id)
            del self.requests[-1]

    # --- death ---------------------------------------------------------------------------------

    def restart(self) -> None:
        """An orderly end, and a start."""
        self.machine.gated = False
        while self.machine.step() or self.machine.commit_once():
            pass
        self._look_at_snapshot()
        self.take_answers()
        must(not self.questions, "not answered at an orderly end", self.questions)
        self.promised = self.bank.position
        self.machine.stop()
        self._start()

    def kill(self) -> None:
        """The process ends."""
        self._die(None)

    def lose_power(self, power: int) -> None:
        """The machine ends."""
        self._die(power)

    def die_amid(self, steps: int, power: int | None) -> None:
        """It ends at some step on the disk."""
        self.machine.memory.die_after(steps)
        with suppress(MachineDied):
            while self.machine.step() or self.machine.commit_once():
                pass
        self.take_answers()
        self._die(power)

    def die_amid_start(self, steps: int, power: int | None) -> None:
        """It ends, and again at some step of the next start."""
        self._end(power)
        self.machine.memory.die_after(steps)
        with suppress(MachineDied):
            self.machine.start()
        self._end(power)
        self._start()

    def fail_journal(
        self, operation: str, written_bytes: int, is_full: bool, power: int | None
    ) -> None:
        """A write or a sync fails: nothing more is answered, and the process ends."""
        error = errno.ENOSPC if is_full else errno.EIO
        refused = len(self.machine.disk.refused)
        self.machine.disk.fail(operation, "journal/*", error, written_bytes=written_bytes)
        with suppress(OSError):
            self.machine.commit()
        self.take_answers()
        refuses = len(self.machine.disk.refused) > refused
        same("the journal has failed", self.machine.failure is not None, refuses)
        self._die(power)

    def rot(self, where: str, at: float, in_order: bool) -> None:
        """While nothing runs, a bit of a file that was synced long ago is another one."""
        if in_order:
            self.machine.gated = False
            while self.machine.step() or self.machine.commit_once():
                pass
            self.take_answers()
            self.machine.stop()
        else:
            self._end(None)
        self.decay.befall(where, at)
        self._start()

    def _die(self, power: int | None) -> None:
        self._end(power)
        self._start()

    def _end(self, power: int | None) -> None:
        """The process is killed, or the machine loses power, with a seed for what is lost."""
        self.crashes += 1
        if power is None:
            self.machine.kill()
        else:
            self.machine.lose_power(Random(power))  # noqa: S311 - to be guessed again
        self.machine.disk.mend()
        self.questions.clear()

    def _start(self) -> None:
        """Recover: what is there is the bank behind some request, and nothing promised is lost."""
        self.snapshot_task, self.snapshot_refused = None, False
        machine, bank = self.machine, self.bank
        checksums = check_journal(machine.disk)
        position = len(checksums)
        must(self.promised <= position, "answered, and lost", self.promised, position)
        must(bank.go_back(position), "a request is half done", position, bank.position)
        self.people.go_back(position)
        self.follower.check(checksums)
        alone = machine.recover(use_snapshots=False)
        found = machine.start()
        self.decay.check(found)
        check_state(found.state, machine.archive, bank, self.now_us)
        credits_since_us = max(found.state.at_us, alone.state.at_us) - CREDIT_ID_US
        same(
            "state from snapshot and journal, and from the journal alone",
            state_digest(found.state, 0, machine.archive, credits_since_us=credits_since_us),
            state_digest(alone.state, 0, credits_since_us=credits_since_us),
        )
        machine.gated = True
        for account_id in bank.accounts:
            self._be_quiet(account_id)
        self.people.check()
        same("the end of the journal", machine.appended, bank.position)
