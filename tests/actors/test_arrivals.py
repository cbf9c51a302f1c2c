"""Since when a purchase that was just read could have been read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from authorizer.actors.admission import DOUBTFUL_NS, Admission
from authorizer.actors.arrivals import Arrivals


class Connection:
    """A connection whose last bytes came in some time ago, as the system knows."""

    def __init__(self, unread_ns: int = 0, *, is_new: bool = False) -> None:
        self.is_new = is_new
        self.asked = 0
        self._unread_ns = unread_ns

    def unread_ns(self) -> int:
        self.asked += 1
        self.is_new = False
        return self._unread_ns


class Rounds:
    """The rounds of a loop, ended by hand."""

    def __init__(self, deadline_ns: int = 10**9) -> None:
        self.steps: list[Callable[[], None]] = []
        self.looked_at_disk = 0
        self.waited_ns: list[int] = []
        self.admission = Admission(deadline_ns, self._ask_disk_ns)
        self.arrivals = Arrivals(self.steps.append, self.admission, self.waited_ns.append)

    def _ask_disk_ns(self) -> int:
        self.looked_at_disk += 1
        return 0

    def end(self) -> None:
        (step,) = self.steps
        self.steps.clear()
        step()


@pytest.fixture
def rounds() -> Rounds:
    """Rounds, the last of which began at 1000."""
    rounds = Rounds()
    rounds.arrivals.since_ns(Connection(), 1000)
    rounds.end()
    rounds.waited_ns.clear()
    return rounds


def test_what_is_read_may_have_waited_since_the_round_before_began(rounds: Rounds) -> None:
    known = Connection()
    assert rounds.arrivals.since_ns(known, 1300) == 1000
    assert rounds.arrivals.since_ns(known, 1400) == 1000, "of one round no more is known"
    rounds.end()
    assert rounds.arrivals.since_ns(known, 1500) == 1300
    assert known.asked == 0


def test_a_round_looks_at_the_disk_once_and_tells_how_long_its_purchases_waited(
    rounds: Rounds,
) -> None:
    looked = rounds.looked_at_disk
    for read_ns in (1300, 1350, 1400):
        rounds.arrivals.since_ns(Connection(), read_ns)
    assert (rounds.looked_at_disk, rounds.arrivals.is_reading) == (looked + 1, True)
    rounds.end()
    assert (rounds.waited_ns, rounds.arrivals.is_reading) == ([400], False)


def test_the_system_is_asked_about_a_new_connection(rounds: Rounds) -> None:
    """It may have waited to be accepted, however short the rounds are."""
    new = Connection(unread_ns=700, is_new=True)
    assert rounds.arrivals.since_ns(new, 1300) == 600
    assert rounds.arrivals.since_ns(new, 1400) == 1000
    assert (new.asked, rounds.waited_ns) == (1, [700])


def test_the_system_is_asked_after_a_stall(rounds: Rounds) -> None:
    read_ns, known = 1000 + DOUBTFUL_NS + 1, Connection(unread_ns=3)
    assert rounds.arrivals.since_ns(known, read_ns) == read_ns - 3
    rounds.end()
    assert rounds.waited_ns == [3], "the round itself is in doubt"


def test_the_system_is_not_asked_where_none_is_taken() -> None:
    rounds = Rounds(deadline_ns=5)
    rounds.arrivals.since_ns(Connection(), 1000)
    rounds.end()
    rounds.admission.under_way, known = 1, Connection()
    assert rounds.arrivals.since_ns(known, 1000 + DOUBTFUL_NS + 1) == 1000
    assert known.asked == 0
