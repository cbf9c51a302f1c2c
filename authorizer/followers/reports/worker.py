"""The reports' process: keeps the tables up with the journal, and answers queries beside that."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import Engine

from authorizer.followers.reports.queries import QUERIES
from authorizer.followers.reports.tables.projector import Projector
from authorizer.followers.reports.tables.store import (
    OvertakenError,
    StoreError,
    is_away,
    problem_of,
)
from authorizer.followers.reports.wire import QueryError, line
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.state.history import MISFITS

QUERY_THREADS: Final = 4
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 10.0
TICK_SECONDS: Final = 0.2
END_SECONDS: Final = 5.0
AWAY: Final = (
    "the reports' database is away; statements, lists and reports answer 503 until it is back"
)

FAILURES: Final = (StoreError, OSError, OvertakenError, JournalDamagedError, *MISFITS)
"""What keeps the tables where they are for now; it is logged once, and tried again."""

log = structlog.get_logger()


class Question(NamedTuple):
    """A query that was asked, and until when its answer is waited for."""

    identity: int
    query: str
    params: dict[str, Any]
    at_least: int
    deadline: float


class _EndedError(Exception):
    """The process is to end: leave off between two transactions."""


class Worker:
    """`take` is called with every message that comes in, by one thread; `run` belongs to another.

    `say` sends a line; it is called by several threads, one at a time.
    """

    def __init__(
        self,
        engine: Engine,
        projector: Projector,
        say: Callable[[bytes], None],
        seconds: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._projector = projector
        self._say = say
        self._seconds = seconds
        self._saying = threading.Lock()
        self._changed = threading.Condition()
        self._durable: int | None = None
        self._position = -1
        self._waiting: list[Question] = []
        self._ready: SimpleQueue[Question | None] = SimpleQueue()
        self._ending = False
        self._telling = threading.Lock()
        self._told: set[str] = set()
        """What was told since all was well, `AWAY` or a problem: each of it once."""

    def take(self, message: dict[str, Any]) -> None:
        """Take a message of the server in."""
        with self._changed:
            if "query" in message:
                self._ask(message)
                self._grown(message["at_least"])
            else:
                self._grown(message["durable"])
            self._changed.notify()

    def end(self) -> None:
        """Have `run` return, after the transaction that is under way."""
        with self._changed:
            self._ending = True
            self._changed.notify()

    def run(self) -> None:
        """Follow the journal and answer until `end`."""
        threads = [
            threading.Thread(target=self._answer_queries, name="query", daemon=True)
            for _ in range(QUERY_THREADS)
        ]
        for thread in threads:
            thread.start()
        pause = FIRST_PAUSE_SECONDS
        while not self._ending:
            try:
                self._follow()
                pause = FIRST_PAUSE_SECONDS
            except _EndedError:
                break
            except FAILURES as error:
                self._failed(error, pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        for _ in threads:
            self._ready.put(None)
        for thread in threads:
            thread.join(END_SECONDS)

    def _follow(self) -> None:
        with self._changed:
            self._changed.wait_for(self._something_to_do, TICK_SECONDS)
            self._expire()
            durable = self._durable
        if durable is not None and durable != self._position:
            self._projector.catch_up(durable, self._moved)
            self._moved(self._projector.position)
            self._well()

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

    def _expire(self) -> None:
        now = self._seconds()
        for question in [found for found in self._waiting if found.deadline <= now]:
            self._waiting.remove(question)
            self._refuse(question, QueryError.BEHIND)

    def _failed(self, error: Exception, pause: float) -> None:
        self._tell("the reports' tables can't be moved on", error)
        with self._changed:
            waiting, self._waiting = self._waiting, []
            for question in waiting:
                self._refuse(question, QueryError.UNAVAILABLE)
            self._changed.wait_for(lambda: self._ending, pause)

    def _tell(self, what: str, error: Exception) -> None:
        """Log what keeps the tables where they are, once: it is tried again every few seconds."""
        away, problem = is_away(error), problem_of(error)
        key = AWAY if away else problem
        with self._telling:
            if key in self._told:
                return
            self._told.add(key)
        log.error(AWAY if away else what, problem=problem)

    def _well(self, *gone: str) -> None:
        """Say that what was told is over: these things, or all of it where none is named."""
        with self._telling:
            over = self._told & set(gone) if gone else set(self._told)
            self._told -= over
        if AWAY in over:
            log.info("the reports' database is back")
        elif over:
            log.info("the reports' tables move on again")

    def _answer_queries(self) -> None:
        while (question := self._ready.get()) is not None:
            if question.deadline <= self._seconds():
                self._refuse(question, QueryError.BEHIND)
            else:
                self._answer(question)

    def _answer(self, question: Question) -> None:
        try:
            with self._engine.connect() as connection:
                result = QUERIES[question.query](connection, question.params)
            self._well(AWAY)
            self._send({"id": question.identity, "result": result})
        except StoreError as error:
            if is_away(error):
                self._tell(AWAY, error)
            else:
                log.error("a query failed", query=question.query, problem=problem_of(error))
            self._refuse(question, QueryError.UNAVAILABLE)
        except Exception:
            log.exception("a bug in a query", query=question.query)
            self._refuse(question, QueryError.BUG)

    def _refuse(self, question: Question, error: QueryError) -> None:
        self._send({"id": question.identity, "error": error.value})

    def _send(self, message: dict[str, Any]) -> None:
        told = line(message)
        with self._saying:
            self._say(told)
