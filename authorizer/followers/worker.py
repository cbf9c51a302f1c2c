"""The work of a follower's process: following the journal, and answering queries beside that."""

import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, Protocol

import structlog

from authorizer.followers.feed import Consumer, ReadT_contra
from authorizer.followers.troubles import Trouble, Troubles
from authorizer.followers.wire import NoAnswer, line
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.state.history import REPLAY_ERRORS

QUERY_THREADS: Final = 4
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 10.0
TICK_SECONDS: Final = 0.2
END_SECONDS: Final = 5.0
MAX_LAG_SECONDS: Final = 5.0
"""A follower that was up with the journal and is further behind stops yielding to purchases."""

JOURNAL_FAILURES: Final = (OSError, JournalDamagedError, *REPLAY_ERRORS)
"""The exceptions of a journal that can't be read, or whose events do not fit each other."""

log = structlog.get_logger()


class Following(Protocol):
    """How far a follower has come, and how it is brought up with the journal. See `Feed`."""

    @property
    def position(self) -> int:
        """The newest position that the follower has, as far as is known here."""

    def catch_up(self, durable: int, moved: Callable[[int], None]) -> None:
        """Bring the follower up to `durable`; `moved` may be told positions on the way."""


class Answerer(Protocol):
    """Whoever is asked, once what is durable has been followed."""

    def answer(self, query: str, params: Mapping[str, Any]) -> Any:
        """The answer to a query, as JSON values. Called by several threads at once."""

    def feed_trouble(self, error: Exception) -> Trouble | None:
        """The trouble that an exception of its feed tells of; None for a bug."""

    def query_trouble(self, error: Exception) -> Trouble | None:
        """The trouble that an exception of `answer` tells of; None for a bug."""


class Follower(Consumer[ReadT_contra], Answerer, Protocol[ReadT_contra]):
    """A consumer of the journal that is asked about what it has stored."""


class Question(NamedTuple):
    """A query, and the deadline of its answer."""

    identity: int
    query: str
    params: dict[str, Any]
    at_least: int
    deadline: float


class _EndedError(Exception):
    """The process is to end: leave off between two runs."""


class _LateError(Exception):
    """The follower is too far behind to go on yielding: leave off between two runs."""


class Worker:
    """`take` is called with every message that comes in, by one thread; `run` belongs to another.

    `say` sends a line; it is called by several threads, one at a time. `yield_to_others` gives the
    thread that calls it less of the processor, for good: all have it that work here, until the
    follower is too far behind.
    """

    def __init__(
        self,
        follower: Answerer,
        feed: Following,
        say: Callable[[bytes], None],
        seconds: Callable[[], float],
        yield_to_others: Callable[[], None] = lambda: None,
    ) -> None:
        self._follower = follower
        self._feed = feed
        self._say = say
        self._seconds = seconds
        self._yield_to_others = yield_to_others
        self._yields = True
        """Whether the thread that follows yields to others."""
        self._current_at: float | None = None
        """When it was known last that all was in which was durable then; None: never yet."""
        self._saying = threading.Lock()
        self._changed = threading.Condition()
        self._durable: int | None = None
        self._position = -1
        self._waiting: list[Question] = []
        self._ready: SimpleQueue[Question | None] = SimpleQueue()
        self._ending = False
        self._troubles = Troubles()

    def take(self, message: dict[str, Any]) -> None:
        """Take in a message of the server."""
        with self._changed:
            if "query" in message:
                self._ask(message)
                self._grown(message["at_least"])
            else:
                self._grown(message["durable"])
            self._changed.notify()

    def end(self) -> None:
        """Have `run` return, after the run of batches that is under way."""
        with self._changed:
            self._ending = True
            self._changed.notify()

    def run(self) -> None:
        """Follow the journal and answer until `end`. An exception out of it is a bug."""
        threads = [
            threading.Thread(target=self._answer_queries, name="query", daemon=True)
            for _ in range(QUERY_THREADS)
        ]
        for thread in threads:
            thread.start()
        while not self._ending:
            self._in_a_thread_that_yields(self._follow_on)
            self._yields = False
            self._follow_on()
            self._yields = True
        for _ in threads:
            self._ready.put(None)
        for thread in threads:
            thread.join(END_SECONDS)

    def _follow_on(self) -> None:
        """Follow until the end; or until it is too late to go on yielding, or not any more."""
        pause = FIRST_PAUSE_SECONDS
        while not self._ending:
            try:
                self._follow()
                pause = FIRST_PAUSE_SECONDS
                if not self._yields and self._durable == self._position:
                    return
            except (_EndedError, _LateError):
                return
            except Exception as error:
                trouble = self._follower.feed_trouble(error)
                if trouble is None:
                    raise
                self._stay(trouble, pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _in_a_thread_that_yields(self, work: Callable[[], None]) -> None:
        """Do some work. A thread that yields can't stop it, so there is one for each time."""
        bugs: list[Exception] = []

        def yielding() -> None:
            self._yield_to_others()
            try:
                work()
            except Exception as bug:  # noqa: BLE001 - raised where the work is waited for
                bugs.append(bug)

        thread = threading.Thread(target=yielding, name="yielding feed", daemon=True)
        thread.start()
        thread.join()
        if bugs:
            raise bugs[0]

    def _follow(self) -> None:
        with self._changed:
            self._changed.wait_for(self._something_to_do, TICK_SECONDS)
            self._expire()
            durable = self._durable
        now = self._seconds()
        if durable is not None and durable != self._position:
            self._feed.catch_up(durable, self._moved)
            self._moved(self._feed.position)
            self._troubles.over()
        if durable is not None:
            self._current_at = now

    def _something_to_do(self) -> bool:
        return self._ending or (self._durable is not None and self._durable != self._position)

    def _grown(self, durable: int) -> None:
        self._durable = durable if self._durable is None else max(durable, self._durable)

    def _ask(self, message: dict[str, Any]) -> None:
        question = Question(
            message["id"],
            message["query"],
            message["params"],
            message["at_least"],
            self._seconds() + message["timeout_ms"] / 1000,
        )
        if question.at_least <= self._position:
            self._ready.put(question)
        else:
            self._waiting.append(question)

    def _moved(self, position: int) -> None:
        with self._changed:
            if position != self._position:
                self._position = position
                self._send({"position": position})
            waiting, self._waiting = self._waiting, []
            for question in waiting:
                if question.at_least <= position:
                    self._ready.put(question)
                else:
                    self._waiting.append(question)
            self._expire()
            if self._ending:
                raise _EndedError
        if self._yields and self._is_late() and position != self._durable:
            raise _LateError

    def _is_late(self) -> bool:
        at = self._current_at
        return at is not None and self._seconds() - at > MAX_LAG_SECONDS

    def _expire(self) -> None:
        now = self._seconds()
        for question in [found for found in self._waiting if found.deadline <= now]:
            self._waiting.remove(question)
            self._refuse(question, NoAnswer.BEHIND)

    def _stay(self, trouble: Trouble, pause: float) -> None:
        """Refuse the questions that wait for a position, and pause."""
        self._troubles.began(trouble)
        with self._changed:
            waiting, self._waiting = self._waiting, []
            for question in waiting:
                self._refuse(question, NoAnswer.UNAVAILABLE)
            self._changed.wait_for(lambda: self._ending, pause)

    def _answer_queries(self) -> None:
        self._yield_to_others()
        while (question := self._ready.get()) is not None:
            if question.deadline <= self._seconds():
                self._refuse(question, NoAnswer.BEHIND)
            else:
                self._answer(question)

    def _answer(self, question: Question) -> None:
        try:
            result = self._follower.answer(question.query, question.params)
            self._troubles.over(outages_only=True)
            self._send({"id": question.identity, "result": result})
        except Exception as error:
            trouble = self._follower.query_trouble(error)
            if trouble is None:
                log.exception("a bug in a query", query=question.query)
            elif trouble.is_outage:
                self._troubles.began(trouble)
            else:
                log.error("a query failed", query=question.query, problem=trouble.problem)
            self._refuse(question, NoAnswer.UNAVAILABLE if trouble else NoAnswer.BUG)

    def _refuse(self, question: Question, reason: NoAnswer) -> None:
        self._send({"id": question.identity, "error": reason.value})

    def _send(self, message: dict[str, Any]) -> None:
        told = line(message)
        with self._saying:
            self._say(told)
