"""Imports entries, many at once, by the same commands as requests."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, NamedTuple

from authorizer.actors.assembly import Actors
from authorizer.actors.dispatcher import Answer
from authorizer.cli.import_lines import (
    AccountEntry,
    BadLine,
    CustomerEntry,
    Entry,
    GoodLine,
    Line,
    LineSource,
)
from authorizer.domain.accounts.commands import OpenAccount
from authorizer.domain.merchants.commands import RegisterMerchant
from authorizer.domain.outcomes import Refusal
from authorizer.http.customer_document import registration

WAVE_ENTRIES: Final = 4096
"""The most that is under way at once."""
_WAVE_BYTES: Final = 4 << 20

PLURALS: Final = {"account": "accounts", "merchant": "merchants", "customer": "customers"}


class Count(NamedTuple):
    """The imported entries of one kind."""

    created: int = 0
    known: int = 0
    """Entries of which something was there before; some may have added to it."""


class Importer:
    """Imports entries in waves.

    No two entries of a wave concern the same account, card or customer, so the outcome is the same
    as that of the lines one by one, in their order.
    """

    def __init__(self, actors: Actors, by: str, refused: Callable[[LineSource, str], None]) -> None:
        """`by` is the `by` of every event. `refused` is called for each line that is refused."""
        self._actors = actors
        self._by = by
        self._on_refused = refused
        self._wave: list[GoodLine] = []
        self._wave_bytes = 0
        self._concerned: set[str] = set()
        self.refused = 0
        self.counts = dict.fromkeys(PLURALS, Count())

    async def take(
        self, lines: Iterable[Line], progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Import lines; all of it is durable when this returns. `progress` is told of bytes."""
        for line in lines:
            if isinstance(line, BadLine):
                self.refuse(line.source, line.problem)
                progress(line.size_bytes)
                continue
            concerned = _concerned(line.entry)
            if self._is_full() or not self._concerned.isdisjoint(concerned):
                await self._flush(progress)
            self._wave.append(line)
            self._wave_bytes += line.size_bytes
            self._concerned.update(concerned)
        await self._flush(progress)

    def _is_full(self) -> bool:
        return len(self._wave) >= WAVE_ENTRIES or self._wave_bytes >= _WAVE_BYTES

    async def _flush(self, progress: Callable[[int], None]) -> None:
        answers = [self._ask(line.entry) for line in self._wave]
        for line, waiting in zip(self._wave, answers, strict=True):
            answer = await waiting
            if isinstance(answer, Refusal):
                self.refuse(line.source, answer.detail)
            else:
                self._count(line.entry.kind, answer[0].created)
        progress(self._wave_bytes)
        self._wave.clear()
        self._wave_bytes = 0
        self._concerned.clear()

    def _ask(self, entry: Entry) -> Awaitable[Answer[Any]]:
        """Ask for an entry now, and return what becomes its answer.

        A task for each of a million entries takes long, so a command for one entity has none.
        """
        dispatcher = self._actors.dispatcher
        if isinstance(entry, AccountEntry):
            opening = OpenAccount(entry.account, entry.balances, entry.cliente_id, self._by)
            return dispatcher.send(opening)
        if isinstance(entry, CustomerEntry):
            cards = tuple(card.terms() for card in entry.cartoes)
            customer = registration(entry, self._by)
            return asyncio.ensure_future(self._actors.onboarding.register(customer, cards))
        override = RegisterMerchant(entry.name, entry.mcc, self._by)
        return dispatcher.send(override)

    def refuse(self, source: LineSource, problem: str) -> None:
        """Count and report a refused line."""
        self.refused += 1
        self._on_refused(source, problem)

    def _count(self, kind: str, created: bool) -> None:
        count = self.counts[kind]
        self.counts[kind] = Count(count.created + created, count.known + (not created))


def _concerned(entry: Entry) -> tuple[str, ...]:
    """The entities that an entry may change. Merchants share one actor, which keeps their order."""
    if isinstance(entry, AccountEntry):
        return (f"account {entry.account}",)
    if isinstance(entry, CustomerEntry):
        return (
            f"account {entry.conta or entry.cliente_id}",
            f"customer {entry.cliente_id}",
            *(f"card {card.cartao_id}" for card in entry.cartoes),
        )
    return ()
