"""The one way in for purchases: who asks only parses and renders.

A front end (HTTP, or any other protocol) hands over how its bytes are parsed, and where the answer
goes. Bounds, the guard against bugs and the counts are here, so they are the same for all of them.
"""

import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from authorizer.actors.admission import DOUBTFUL_NS, Admission
from authorizer.actors.arrivals import Arrivals
from authorizer.actors.clock import Clock
from authorizer.actors.counts import PurchaseCounts
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.turned_away import TurnedAway, Waiting
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import OUTCOMES, Outcome, Reason
from authorizer.persistence.journal.group_commit import Waiter


class Unreadable(NamedTuple):
    """A purchase that can't be taken as it is written."""

    reason: Reason
    detail: str
    """The member and what is wrong with it, in printable ASCII."""


Parse = Callable[[int], Authorize | Unreadable]
"""Makes the command of a purchase; it is given when the purchase could first be read."""
Answer = Outcome | Unreadable
"""What a front end renders."""

_OVERLOADED: Final = OUTCOMES[Reason.OVERLOADED]
_UNAVAILABLE: Final = OUTCOMES[Reason.UNAVAILABLE]


class InFlight:
    """Requests of every kind that came in and are not answered."""

    __slots__ = ("count", "most")

    def __init__(self, most: int) -> None:
        self.count = 0
        self.most = most
        """With more than so many in flight, each one more is turned away."""

    @property
    def is_over(self) -> bool:
        """Whether there are more than there may be."""
        return self.count > self.most


class Purchases:
    """Takes purchases, or turns them away; each gets one answer."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        admission: Admission,
        in_flight: InFlight,
        clock: Clock,
        call_soon: Callable[[Callable[[], None]], object],
        on_bug: Callable[[BaseException], object],
    ) -> None:
        """`call_soon` is the loop's. `on_bug` is told of each bug and must not raise."""
        self._dispatcher = dispatcher
        self.on_bug = on_bug
        self.monotonic_ns = clock.monotonic_ns
        self._turned_away = TurnedAway(
            self._decline, call_soon, dispatcher.is_busy, admission, clock.monotonic_ns
        )
        self.admission = admission
        self.in_flight = in_flight
        self.counts = PurchaseCounts()
        self.arrivals = Arrivals(call_soon, admission, self.counts.unread)

    @property
    def declines_waiting(self) -> int:
        """How many were turned away and are not declined yet."""
        return len(self._turned_away)

    def submit(self, parse: Parse, reply: Waiter, received_ns: int) -> None:
        """Have a purchase decided; `reply` gets its `Answer`, at once or later, and no exception.

        `received_ns` is when its last byte could first be read (monotonic): the deadline counts
        from then. A purchase is parsed once it is taken, so that turning away costs little.
        """
        in_flight, admission = self.in_flight, self.admission
        in_flight.count += 1
        if not self.arrivals.is_reading:
            admission.look_at_disk()
        under_way = admission.under_way
        if under_way:
            age_ns = self.monotonic_ns() - received_ns
            doubtful = age_ns > DOUBTFUL_NS or under_way >= admission.sure
            if doubtful and age_ns > admission.room_ns():
                self._turned_away.add((reply, received_ns))
                return
        admission.under_way = under_way + 1
        taken = _Taken(self, reply, received_ns)
        try:
            if in_flight.count > in_flight.most:
                answer: Answer | None = _OVERLOADED
            else:
                command = parse(received_ns)
                if isinstance(command, Authorize):
                    answer = self._dispatcher.submit(command, taken)
                else:
                    answer = command
        except Exception as bug:  # noqa: BLE001 - the others go on, and this one is answered
            self.on_bug(bug)
            answer = _UNAVAILABLE
        if answer is not None:
            taken.set(answer)

    def answered(self, answer: Answer, latency_ns: int) -> None:
        """Count a purchase that has its answer."""
        self.in_flight.count -= 1
        outcome = answer if isinstance(answer, Outcome) else OUTCOMES[answer.reason]
        self.counts.decided(outcome, latency_ns)

    def _decline(self, waiting: Waiting, now_ns: int) -> None:
        reply, received_ns = waiting
        try:
            reply.set(_OVERLOADED)
        except Exception as bug:  # noqa: BLE001 - the others must have their declines
            self.on_bug(bug)
        self.answered(_OVERLOADED, now_ns - received_ns)


class _Taken:
    """A purchase that was taken: the `Reply` that its account answers to."""

    __slots__ = ("_purchases", "_received_ns", "_reply")

    def __init__(self, purchases: Purchases, reply: Waiter, received_ns: int) -> None:
        self._purchases = purchases
        self._reply = reply
        self._received_ns = received_ns

    def set(self, answer: Answer, /) -> None:
        """Give the front end its answer, and count it."""
        purchases = self._purchases
        try:
            self._reply.set(answer)
        except Exception as bug:  # noqa: BLE001 - the others of its batch must have their answers
            purchases.on_bug(bug)
        purchases.admission.answered()
        purchases.answered(answer, purchases.monotonic_ns() - self._received_ns)

    def set_exception(self, exc_info: Any = None) -> None:
        """Tell of the bug, and answer that the account is unavailable."""
        bug: Any = (exc_info or sys.exc_info())[1]
        self._purchases.on_bug(bug)
        self.set(_UNAVAILABLE)
