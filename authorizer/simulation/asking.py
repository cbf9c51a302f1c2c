"""Asking a simulated machine and a bank that cannot fail the same, and comparing the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from authorizer.actors.reply import LoopFuture
from authorizer.domain.accounts.commands import OpenAccount, OpenCards, UnblockCard
from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.outcomes import Outcome
from authorizer.simulation.checks import must, same
from authorizer.simulation.machine import Machine, Task
from authorizer.simulation.naive_account import Answer
from authorizer.simulation.naive_bank import NaiveBank
from authorizer.simulation.naive_purchase import NaiveLimit, Said
from authorizer.simulation.people import People
from authorizer.simulation.requests import (
    BY,
    card_of,
    card_terms,
    command,
    in_words,
    purchase,
    put_limit,
)


class Question(NamedTuple):
    """Something that was asked and is not answered."""

    what: str
    task: Task
    expected: Answer
    rests_on: int
    """The position of the newest event that the answer rests on."""


class Asking:
    """Puts requests, each to both. Whatever is wrong raises `WrongError`, or what was raised."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.bank = NaiveBank()
        self.people = People(machine, self.bank)
        self.questions: list[Question] = []
        self.promised = 0
        """The position of the newest event that an answer has rested on."""
        self.requests: list[Callable[[], None]] = []
        """What was asked so far, to be asked again."""

    @property
    def now_us(self) -> int:
        """The time of a decision that is made now."""
        return self.machine.running.clock.now_us()

    # --- requests ------------------------------------------------------------------------------

    def open(self, account_id: str, opening: dict[str, int], differs: bool) -> None:
        """An account is opened, or opened again."""
        cents = {name: each + differs for name, each in opening.items()}
        self._ask("open", OpenAccount(account_id, cents, None, BY))
        self._expect(account_id, self.bank.open(account_id, cents, self.now_us))

    def open_card(self, account_id: str, limit_cents: int) -> None:
        """A card is opened on an account, for its customer."""
        if account_id not in self.bank.accounts:
            return
        cards = (card_terms(card_of(account_id), limit_cents),)
        self.bank.expire(account_id, self.now_us)
        first, before = self.bank.accounts[account_id].card is None, self.machine.appended
        self._ask("open_card", OpenCards(account_id, f"c-{account_id}", cards, BY))
        events = self.machine.appended - self.bank.position
        must(events == (2 if first else 0), "events of a card", before, events)
        answer = self.bank.open_card(account_id, card_of(account_id), limit_cents, events)
        self._expect(account_id, answer)

    def buy(self, account_id: str, name: str | None, said: Said, waited_ms: int) -> None:
        """A purchase of one message."""
        self.requests.append(lambda: self.buy(account_id, name, said, 0))
        self._buy(account_id, ((name, said),), waited_ms)

    def buy_together(self, account_id: str, several: tuple[tuple[str | None, Said], ...]) -> None:
        """Purchases that come at once.

        One that is looked up in the archive is overtaken by those behind it: a repeated one among
        these may be answered before it is decided. The bank knows nothing of that, so where one may
        be looked up they come one by one.
        """
        may_be_archived = self.machine.running.recall.may_be_archived
        overtaken = any(may_be_archived(account_id, name) for name, _ in several)
        if overtaken:
            for one in several:
                self._buy(account_id, (one,), 0)
        else:
            self._buy(account_id, several, 0)

    def _buy(
        self, account_id: str, several: tuple[tuple[str | None, Said], ...], waited_ms: int
    ) -> None:
        at_ns, now_us = self.machine.monotonic_ns - waited_ms * 1_000_000, self.now_us
        commands = [purchase(account_id, name, said, at_ns) for name, said in several]
        tasks = self.machine.ask_together(*map(self._decided, commands))
        for task, (name, said) in zip(tasks, several, strict=True):
            expected = self.bank.buy(account_id, name, said, waited_ms, now_us)
            self.questions.append(Question("buy", task, expected, self.bank.newest(account_id)))

    async def _decided(self, asked: Any) -> Outcome:
        reply = LoopFuture()
        outcome: Outcome | None = self.machine.dispatcher.submit(asked, reply)
        return await reply if outcome is None else outcome

    def _of_account(self, what: str, account_id: str, *how: Any) -> None:
        """Anything that one command asks of an account."""
        self.requests.append(lambda: self._of_account(what, account_id, *how))
        self._ask(what, command(account_id, what, how, self.machine.monotonic_ns))
        self._expect(account_id, self.bank.ask(account_id, what, how, self.now_us))

    def hold(self, account_id: str, *how: Any) -> None:
        """A hold."""
        self._of_account("hold", account_id, *how)

    def increment(self, account_id: str, *how: Any) -> None:
        """More of a hold."""
        self._of_account("increment", account_id, *how)

    def capture(self, account_id: str, *how: Any) -> None:
        """A capture."""
        self._of_account("capture", account_id, *how)

    def reverse(self, account_id: str, *how: Any) -> None:
        """A reversal."""
        self._of_account("reverse", account_id, *how)

    def refund(self, account_id: str, *how: Any) -> None:
        """A refund."""
        self._of_account("refund", account_id, *how)

    def credit(self, account_id: str, *how: Any) -> None:
        """A credit."""
        self._of_account("credit", account_id, *how)

    def adjust(self, account_id: str, *how: Any) -> None:
        """An adjustment."""
        self._of_account("adjust", account_id, *how)

    def freeze(self, account_id: str, *how: Any) -> None:
        """An account is frozen, or made active."""
        self._of_account("freeze", account_id, *how)

    def block(self, account_id: str, *how: Any) -> None:
        """A card is blocked, or made active; who was erased can't have it made active."""
        account = self.bank.accounts.get(account_id)
        refused = not how[0] and account is not None and account.card is not None
        if refused and self.people.is_erased(f"c-{account_id}"):
            self.tell_expiry(account_id)
            self._ask("block", command(account_id, "block", how, 0))
            self._expect(account_id, ("gone",))
            return
        self._of_account("block", account_id, *how)
        self.requests[-1] = lambda: self.block(account_id, *how)

    def remove_limit(self, account_id: str, *how: Any) -> None:
        """A velocity limit goes."""
        self._of_account("remove_limit", account_id, *how)

    def read(self, account_id: str) -> None:
        """An account is read."""
        self._of_account("read", account_id)

    def put_limit(self, account_id: str, name: str, limit: NaiveLimit) -> None:
        """A velocity limit is put, or changed."""
        self.bank.expire(account_id, self.now_us)
        self.tell_expiry(account_id)
        account = self.bank.accounts.get(account_id)
        self._ask("put_limit", put_limit(account_id, account, name, limit, self.now_us))
        self._expect(account_id, self.bank.ask(account_id, "put_limit", (name, limit), self.now_us))

    def again(self, back: int) -> None:
        """An earlier request comes again."""
        if back <= len(self.requests):
            self.requests[-back]()

    def override(self, merchant: str, mcc: str | None) -> None:
        """A merchant gets an MCC of its own, or loses it."""
        asked = RemoveMerchant(merchant, BY) if mcc is None else RegisterMerchant(merchant, mcc, BY)
        task = self.machine.ask(self.machine.dispatcher.ask(asked))
        expected = self.bank.override(merchant, mcc)
        self.questions.append(Question("override", task, expected, self.bank.overrides_position))

    def _ask(self, what: str, asked: Any) -> None:
        actors = self.machine.actors
        unblocks = isinstance(asked, UnblockCard)  # whose justification is sealed by a key
        question = actors.cards.unblock(asked) if unblocks else actors.dispatcher.ask(asked)
        self.questions.append(Question(what, self.machine.ask(question), (), 0))

    def _expect(self, account_id: str, answer: Answer) -> None:
        question = self.questions.pop()
        rests_on = self.bank.newest(account_id)
        self.questions.append(question._replace(expected=answer, rests_on=rests_on))

    def tell_expiry(self, account_id: str) -> None:
        """Have overdue holds end before a request that tells what was spent."""
        self._ask("tick", command(account_id, "tick", (), 0))
        self._expect(account_id, self.bank.ask(account_id, "tick", (), self.now_us))

    def take_answers(self) -> None:
        """What was answered is right, and was durable before."""
        durable = self.machine.durable
        for what, task, expected, rests_on in self.questions:
            if task.done():
                must(rests_on <= durable, f"{what}: answered before it was durable", rests_on)
                same(f"answer to {what}", in_words(what, task.result()), expected)
                self.promised = max(self.promised, rests_on)
        self.questions = [each for each in self.questions if not each.task.done()]
