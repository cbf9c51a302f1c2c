"""Which purchases are taken: those that would be answered in time, by what is still to come.

Nothing here waits, schedules or reads a clock: whoever runs the steps of the loop tells what they
did. So a simulated queue can hold the estimates to what then happens.
"""

from collections.abc import Callable
from typing import Final

USUAL_NS: Final = 50_000
"""What a purchase takes of the loop, until that has been measured."""
DECLINE: Final = 0.5
"""What a decline takes, as a share of a purchase: it is read and written, and nothing else."""
DOUBTFUL_NS: Final = 25_000_000
"""A round of reading that takes longer leaves too much in doubt of what it held up."""
WINDOW: Final = 256
"""Purchases that one measurement takes in."""
_LEAST_NS: Final = 5_000
_SLOWER_AT_MOST: Final = 4
"""How much longer than expected a step may count: a pause of the machine is no service time."""
_WEIGHT: Final = 4
"""A measurement moves the estimate by its share of this."""
_EASE: Final = 1 / 16


class Admission:
    """Estimates when a purchase that joins the others would be answered, and so takes it or not.

    The loop answers in order. So a purchase waits for all that are under way, each of which takes
    its share of the loop's time (`each_ns`); for the declines that may come between them; and for
    the disk: the batch under way, and its own. What it has waited already counts too.

    One that finds nobody under way is always taken. It is in nobody's way, its account says whether
    it comes too late, and its answer shows when things are better.
    """

    def __init__(self, deadline_ns: int, ask_disk_ns: Callable[[], int]) -> None:
        """`ask_disk_ns` says how long what is appended now waits for the disk, as far as known."""
        self.deadline_ns = deadline_ns
        self._ask_disk_ns = ask_disk_ns
        self.disk_ns = 0
        """What it said last."""
        self.sure = 0
        """With fewer than so many under way one that came in the last `DOUBTFUL_NS` is taken."""
        self.under_way = 0
        """Purchases that were taken and are not yet answered."""
        self.each_ns = float(USUAL_NS)
        """What a purchase takes of the loop's time while the loop is busy."""
        self.declines_between = 1.0
        """Declines that are answered for each purchase while the loop is busy."""
        self._turned_away = False
        self._stepped_ns: int | None = None
        self._work = 0.0
        self._busy_ns = 0.0
        self._busy_work = 0.0

    def look_at_disk(self) -> None:
        """Ask anew how long the disk takes: at the beginning of every round of reading."""
        self.disk_ns = self._ask_disk_ns()
        room_ns = self.deadline_ns - self.disk_ns - DOUBTFUL_NS
        self.sure = int(room_ns / (self.each_ns * (1 + DECLINE * self.declines_between)))

    def expected_ns(self) -> int:
        """How long a purchase that joins now would wait for its answer."""
        each_ns = self.each_ns * (1 + DECLINE * self.declines_between)
        return int(self.under_way * each_ns) + self.disk_ns

    def room_ns(self) -> int:
        """How long a purchase may have waited already to be taken now; below 0: none is taken."""
        return self.deadline_ns - (self.expected_ns() if self.under_way else 0)

    def turn_away(self) -> None:
        """Note that a purchase was not taken."""
        self._turned_away = True

    def answered(self) -> None:
        """A purchase that was taken is answered."""
        self.under_way -= 1
        self._work += 0.5

    def declined(self, count: int) -> None:
        """So many that were not taken are answered."""
        self._work += DECLINE * count

    def stepped(self, now_ns: int, handled: int, more: bool) -> None:
        """A step of the loop has handled so many messages, and has left more, or not.

        After a step that left more the loop does not rest, so all the time up to the next one is
        what the work in it took. A message is half of a purchase, its answer the other half.
        """
        work, self._work = self._work + handled / 2, 0.0
        before_ns, self._stepped_ns = self._stepped_ns, now_ns if more else None
        if before_ns is None:
            if self._turned_away and not more and self.disk_ns * 2 < self.deadline_ns:
                self.each_ns = max(_LEAST_NS, self.each_ns * (1 - _EASE))  # it could do more
            self._turned_away = False
            return
        at_most_ns = _SLOWER_AT_MOST * self.each_ns * max(work, WINDOW / 4)
        self._busy_ns += min(now_ns - before_ns, at_most_ns)
        self._busy_work += work
        if self._busy_work >= WINDOW:
            measured_ns = self._busy_ns / self._busy_work
            self.each_ns += (measured_ns - self.each_ns) / _WEIGHT
            self.each_ns = max(_LEAST_NS, self.each_ns)
            self._busy_ns = self._busy_work = 0.0
