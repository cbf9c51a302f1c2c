"""The demo data, and how its story is told: through the actors, while two weeks pass at once."""

import dataclasses
import io
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, time, timedelta
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.actors.reply import LoopFuture
from authorizer.cli.demo_story import FIRST_DAYS_AGO, Step, story
from authorizer.cli.import_lines import Line, LineSource, read_lines
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    ChangeLimit,
    Credit,
    QueryLimit,
    UnblockCard,
)
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, Capture, PutLimit, Refund
from authorizer.domain.moments import moment_of, us_of
from authorizer.domain.outcomes import Outcome, Refusal
from authorizer.domain.tickets.commands import OpenTicket
from authorizer.runtime.running import Running
from authorizer.runtime.world import World


def demo_lines() -> Iterator[Line]:
    """The accounts, merchants and the customer of the demo, as they come with the package."""
    for file in ("accounts.ndjson", "merchants.ndjson", "customer.json"):
        yield from _lines(file)


def another_card() -> Iterator[Line]:
    """The card that the customer gets where the story is told: one can be blocked, one goes on."""
    return _lines("another-card.json")


def _lines(file: str) -> Iterator[Line]:
    content = resources.files("authorizer").joinpath("demo", file).read_bytes()
    return read_lines(io.BytesIO(content), file)


class StoryClock:
    """The wall clock and the monotonic clock of a world in which two weeks pass at once.

    The time of events believes no wall clock that jumps alone, so both go on together.
    """

    def __init__(self, now_us: int, time_zone: str) -> None:
        """It begins so many days before now that the whole story is over now."""
        self._zone = ZoneInfo(time_zone)
        self._today = moment_of(now_us).astimezone(self._zone).date()
        self._at_us = 0
        self.go_to(FIRST_DAYS_AGO, time())

    def go_to(self, days_ago: int, at: time) -> None:
        """Let time pass up to a local time of day; it never goes back."""
        day = self._today - timedelta(days=days_ago)
        self._at_us = max(self._at_us, us_of(datetime.combine(day, at, self._zone)))

    def ns(self) -> int:
        """What both clocks say."""
        return self._at_us * 1000

    def in_world(self, world: World) -> World:
        """The same world, with these clocks."""
        return dataclasses.replace(world, wall_ns=self.ns, monotonic_ns=self.ns)


async def tell(
    running: Running, clock: StoryClock, refused: Callable[[LineSource, str], None]
) -> None:
    """Ask for every step of the story at its time; all of it is durable when this returns.

    `refused` is called for each step that is refused, which other settings can bring about.
    """
    ticket_ids: dict[str, str] = {}
    for number, scene in enumerate(story(), 1):
        clock.go_to(scene.days_ago, scene.at)
        answer = await _ask(running, scene.step, ticket_ids)
        if isinstance(answer, Refusal):
            refused(LineSource("story", number), answer.detail)


async def _ask(running: Running, step: Step, ticket_ids: dict[str, str]) -> Outcome | Answer[Any]:
    actors = running.actors
    if isinstance(step, Authorize):
        purchase = step._replace(received_ns=running.clock.monotonic_ns())
        return await _buy(actors.dispatcher, purchase)
    if isinstance(step, UnblockCard):
        return await actors.cards.unblock(step)
    if isinstance(step, AuthorizeHold):
        step = step._replace(received_ns=running.clock.monotonic_ns())
    if isinstance(
        step,
        AuthorizeHold | BlockCard | Capture | ChangeLimit | Credit | PutLimit | QueryLimit | Refund,
    ):
        return await actors.dispatcher.ask(step)
    if isinstance(step, OpenTicket):
        opened = await actors.tickets.open(step)
        if step.client_id is not None and not isinstance(opened, Refusal):
            ticket_ids[step.client_id] = opened[1].ticket.ticket_id
        return opened
    ticket_id = ticket_ids.get(step.ticket_id, step.ticket_id)
    return await actors.tickets.ask(step._replace(ticket_id=ticket_id))


async def _buy(dispatcher: Dispatcher, purchase: Authorize) -> Outcome:
    reply = LoopFuture()
    outcome = dispatcher.submit(purchase, reply)
    if outcome is not None:
        return outcome
    answered: Awaitable[Outcome] = reply
    return await answered
