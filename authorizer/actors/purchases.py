"""The one way in for purchases: who asks only parses and renders.

A front end (HTTP, or any other protocol) hands over how its bytes are parsed, and where the answer
goes. Bounds, the guard against bugs and the counts are here, so they are the same for all of them.
"""

import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from typing_extensions import override

from authorizer.actors.admission import DOUBTFUL_NS, Admission
from authorizer.actors.arrivals import Arrivals
from authorizer.actors.clock import Clock
from authorizer.actors.counts import PurchaseCounts
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.turned_away import TurnedAway
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
    def is_full(self) -> bool:
        """Whether one more is one too many."""
        return self.count >= self.most

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

        See `take`, for a front end that has an object of its own for each purchase.
        """
        self.take(_Submitted(self, parse, reply, received_ns), self.monotonic_ns())

    def take(self, purchase: "PendingPurchase", now_ns: int) -> None:
        """Have a purchase decided, or turn it away; either way it is rendered once.

        It is parsed once it is taken, so that turning away costs little. `now_ns` is the time.
        """
        in_flight, admission = self.in_flight, self.admission
        in_flight.count += 1
        if not self.arrivals.is_reading:
            admission.look_at_disk()
        under_way = admission.under_way
        if under_way:
            age_ns = now_ns - purchase.received_ns
            doubtful = age_ns > DOUBTFUL_NS or under_way >= admission.sure
            if doubtful and age_ns > admission.room_ns():
                self._turned_away.add(purchase)
                return
        admission.under_way = under_way + 1
        try:
            if in_flight.count > in_flight.most:
                answer: Answer | None = _OVERLOADED
            else:
                command = purchase.parse()
                if isinstance(command, Authorize):
                    answer = self._dispatcher.submit(command, purchase)
                else:
                    answer = command
        except Exception as bug:  # noqa: BLE001 - the others go on, and this one is answered
            self.on_bug(bug)
            answer = _UNAVAILABLE
        if answer is not None:
            purchase.set(answer)

    def answered(self, answer: Answer, latency_ns: int) -> None:
        """Count a purchase that was taken and has its answer."""
        self.in_flight.count -= 1
        self.admission.answered()
        outcome = answer if isinstance(answer, Outcome) else OUTCOMES[answer.reason]
        self.counts.decided(outcome, latency_ns)

    def _decline(self, purchase: "PendingPurchase", now_ns: int) -> None:
        try:
            purchase.render(_OVERLOADED)
        except Exception as bug:  # noqa: BLE001 - the others must have their declines
            self.on_bug(bug)
        self.in_flight.count -= 1
        self.counts.decided(_OVERLOADED, now_ns - purchase.received_ns)


class PendingPurchase:
    """A purchase under way: a front end's object, and the `Reply` that its account answers to.

    A front end may use it again for another purchase, once it was rendered.
    """

    __slots__ = ()

    purchases: Purchases
    received_ns: int
    """When its last byte could first be read (monotonic): the deadline counts from then."""

    def parse(self) -> Authorize | Unreadable:
        """Make its command."""
        raise NotImplementedError

    def render(self, answer: Answer) -> None:
        """Give its client the answer."""
        raise NotImplementedError

    def set(self, answer: Answer, /) -> None:
        """Have it rendered, and count it."""
        purchases = self.purchases
        try:
            self.render(answer)
        except Exception as bug:  # noqa: BLE001 - the others of its batch must have their answers
            purchases.on_bug(bug)
        purchases.answered(answer, purchases.monotonic_ns() - self.received_ns)

    def set_exception(self, exc_info: Any = None) -> None:
        """Tell of the bug, and answer that the account is unavailable."""
        bug: Any = (exc_info or sys.exc_info())[1]
        self.purchases.on_bug(bug)
        self.set(_UNAVAILABLE)


class _Submitted(PendingPurchase):
    """A purchase of a front end that has only functions for it."""

    __slots__ = ("_parse", "_reply", "purchases", "received_ns")

    def __init__(self, purchases: Purchases, parse: Parse, reply: Waiter, received_ns: int) -> None:
        self.purchases = purchases
        self.received_ns = received_ns
        self._parse = parse
        self._reply = reply

    @override
    def parse(self) -> Authorize | Unreadable:
        return self._parse(self.received_ns)

    @override
    def render(self, answer: Answer) -> None:
        self._reply.set(answer)
