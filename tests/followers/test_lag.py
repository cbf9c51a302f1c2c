"""How long a follower is behind, and that it stops yielding when that is too long."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from authorizer.followers import lag as lag_module
from authorizer.followers.feed import Feed
from authorizer.followers.lag import Lag
from authorizer.followers.troubles import Trouble
from authorizer.followers.worker import MAX_LAG_SECONDS, Follower, Worker
from authorizer.persistence.journal.memory_journal import MemoryJournal
from authorizer.persistence.journal.place import BEGINNING, Place
from tests.support.waiting import until


class Time:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_durable_is_no_lag() -> None:
    assert Lag(Time()).behind_seconds(0) == 0.0


def test_the_lag_is_that_of_the_oldest_record() -> None:
    time = Time()
    lag = Lag(time)
    lag.grown(5)
    time.now += 2
    lag.grown(9)
    time.now += 1
    assert lag.behind_seconds(0) == 3.0
    assert lag.behind_seconds(4) == 3.0
    assert lag.behind_seconds(5) == 1.0
    lag.grown(9)
    assert len(lag._samples) == 1
    assert lag.behind_seconds(9) == 0.0


def test_a_long_lag_takes_little_memory() -> None:
    time = Time()
    lag = Lag(time)
    for position in range(1, 5 * lag_module.MAX_SAMPLES):
        lag.grown(position)
        time.now += 1
    assert len(lag._samples) <= lag_module.MAX_SAMPLES + 1
    assert lag.behind_seconds(0) == 5 * lag_module.MAX_SAMPLES - 1


class Slow(Follower[int]):
    """Takes as long for each run as it is told to, and notes in which threads."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.run_seconds = 0.0
        self.at = BEGINNING
        self.yielding: set[int] = set()
        self.yielded: list[bool] = []

    def yield_to_others(self) -> None:
        self.yielding.add(threading.get_ident())

    @override
    def take(self, read: Sequence[int], before: Place, after: Place) -> None:
        self.at = after
        self.yielded.append(threading.get_ident() in self.yielding)
        self.time.now += self.run_seconds

    @override
    def place(self) -> Place | None:
        return self.at

    @override
    def resume(self) -> None:
        pass

    @override
    def begin_anew(self) -> None:
        pass

    @override
    def caught_up(self) -> None:
        pass

    @override
    def answer(self, query: str, params: Mapping[str, Any]) -> Any:
        return threading.get_ident() in self.yielding

    @override
    def feed_trouble(self, error: Exception) -> Trouble | None:
        return None

    @override
    def query_trouble(self, error: Exception) -> Trouble | None:
        return None


class Following:
    """A worker that follows a journal, a run a batch."""

    def __init__(self) -> None:
        self.time = Time()
        self.slow = Slow(self.time)
        self.journal = MemoryJournal()
        self.told: list[bytes] = []
        feed: Feed[int] = Feed(self.slow, self.journal, lambda batch: [batch.last_position], 1)
        self.worker = Worker(
            self.slow, feed, self.told.append, self.time, self.slow.yield_to_others
        )
        self.thread = threading.Thread(target=self.worker.run, daemon=True)
        self.thread.start()

    def follow(self, batches: int) -> list[bool]:
        """Have so many more batches followed; which of them by a thread that yields."""
        before = len(self.slow.yielded)
        for _ in range(batches):
            self.journal.write(self.journal.position + 1, [b"x"])
        self.worker.take({"durable": self.journal.position})
        until(lambda: len(self.slow.yielded) == before + batches)
        return self.slow.yielded[before:]

    def end(self) -> None:
        self.worker.end()
        self.thread.join()


def test_it_yields_until_it_is_late() -> None:
    following = Following()
    assert following.follow(1) == [True]
    following.slow.run_seconds = MAX_LAG_SECONDS / 2
    assert following.follow(6) == [True, True, True, False, False, False]
    following.slow.run_seconds = 0.0
    until(lambda: following.follow(1) == [True])
    following.slow.run_seconds = MAX_LAG_SECONDS + 1
    assert following.follow(3) == [True, False, False]
    following.end()


def test_it_yields_while_it_is_new_to_the_journal() -> None:
    following = Following()
    following.slow.run_seconds = MAX_LAG_SECONDS
    assert following.follow(6) == [True] * 6
    following.end()


def test_who_answers_yields() -> None:
    following = Following()
    asked = {"id": 1, "query": "any", "params": {}, "at_least": 0, "timeout_ms": 10**6}
    following.worker.take(asked)
    until(lambda: b'{"id":1,"result":true}\n' in following.told)
    following.end()
