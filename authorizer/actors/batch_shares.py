"""A batch's purchases on one account, decided by its actor in one stretch."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from authorizer.actors.entity import ActorContext, EntityActor
from authorizer.domain.accounts.events import PurchaseApproved
from authorizer.domain.accounts.plain_purchases import (
    Approving,
    PurchaseColumns,
    approve_plain,
    is_plain_account,
)
from authorizer.domain.accounts.state import Account
from authorizer.domain.outcomes import OUTCOMES, Outcome, Reason
from authorizer.persistence.state.record import encode_fields, head_of

UNAVAILABLE: Final = OUTCOMES[Reason.UNAVAILABLE]

_APPROVED: Final = head_of(PurchaseApproved)


class Window:
    """Some lines of a batch that are decided together."""

    __slots__ = ("purchases", "shares")

    def __init__(self) -> None:
        self.purchases = PurchaseColumns()
        """Those that can be read."""
        self.shares: dict[str, list[int]] = {}
        """By account: where its purchases stand among them, in their order."""

    def parts(self, most: int) -> Iterator[tuple[str, Sequence[int]]]:
        """The shares, those of more than so many in parts, one behind the other."""
        for account_id, places in self.shares.items():
            if len(places) <= most:
                yield account_id, places
            else:
                for at in range(0, len(places), most):
                    yield account_id, places[at : at + most]


class Decisions:
    """The decisions on a window, share by share.

    What is approved in a slice of the loop's time is one event time and one append. `begin` and
    `end` stand around a slice, and nobody else appends between them.
    """

    def __init__(self, around: ActorContext, window: Window, by: str) -> None:
        self._around = around
        self._policy = around.context.policy
        self._row = Approving(window.purchases, self._policy, by, _APPROVED, encode_fields)
        self._began_ns = 0
        self._outcomes = self._row.outcomes

    def begin(self, began_ns: int) -> None:
        """A slice begins: the time of what is decided in it counts from then (monotonic)."""
        around, row = self._around, self._row
        self._began_ns = began_ns
        row.now_us = around.clock.now_us()
        row.position = around.commit.appended

    def end(self) -> None:
        """A slice is over: append what was approved."""
        around, row = self._around, self._row
        if row.records:
            around.commit.append(row.records)
            around.clock.happened(row.now_us)
            row.records = []

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of all purchases, which are decided."""
        return cast("list[Outcome]", self._outcomes)

    def answer(self, places: Iterable[int], outcome: Outcome) -> None:
        """Have purchases answered as somebody else says."""
        for place in places:
            self._outcomes[place] = outcome

    def decide(self, actor: EntityActor[Account], places: Sequence[int]) -> None:
        """Decide purchases of one account as its actor would one by one, in their order."""
        state, outcomes = actor.state, self._outcomes
        may_append = not self._around.disk_room.is_short
        while True:
            if may_append and is_plain_account(state, self._policy) and not actor.broken:
                try:
                    approve_plain(state, places, self._row)
                except Exception as bug:  # noqa: BLE001 - the others go on, and this is answered
                    self._around.on_bug(actor.entity_id, bug)
                    outcomes[_next(outcomes, places)] = UNAVAILABLE
            if outcomes[places[-1]] is not None:
                return
            self._by_the_rules(actor, _next(outcomes, places))

    def _by_the_rules(self, actor: EntityActor[Account], place: int) -> None:
        """Have the actor decide one, whose event comes behind what was approved."""
        around, row = self._around, self._row
        self.end()
        command = row.purchases.command(place, actor.entity_id, row.by, self._began_ns)
        self._outcomes[place] = actor.on_receive(command)
        row.position = around.commit.appended
        row.now_us = max(row.now_us, around.clock.newest_us)


def _next(outcomes: Sequence[object], places: Sequence[int]) -> int:
    """The first place that has no outcome yet."""
    return next(place for place in places if outcomes[place] is None)
