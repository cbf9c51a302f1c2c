"""Keeps the tables up with the journal, one run of batches after another."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, Protocol

import structlog
from sqlalchemy import Engine

from authorizer.domain.messages import Event
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.store import (
    add_up_anew,
    days_fit,
    make_anew,
    read_standing,
    store_events,
)
from authorizer.persistence.journal.follow import BEGINNING, OtherJournalError, Place
from authorizer.persistence.journal.segments import Batch

RUN_RECORDS: Final = 4_000
"""A transaction of the database ends behind the batch with which it has so many events."""

log = structlog.get_logger()


class Journal(Protocol):
    """The journal behind a place, as `persistence.journal.follow.Follower` reads it."""

    def batches(self, durable: int) -> Iterator[Batch]:
        """The batches behind the place, up to the one that ends at `durable`."""


class Projector:
    """The one who moves the tables on. `position` is how far they are.

    `follow` opens the journal behind a place; `events_of` gives the events of a batch. `days` are
    those by which purchases are added up; tables with the days of another zone are changed to them,
    or with `keep_days` left with theirs.
    """

    def __init__(
        self,
        engine: Engine,
        follow: Callable[[Place], Journal],
        events_of: Callable[[Batch], Iterable[tuple[int, Event]]],
        days: LocalDays,
        keep_days: bool = False,
        run_records: int = RUN_RECORDS,
    ) -> None:
        self._engine = engine
        self._follow = follow
        self._events_of = events_of
        self._days = days
        self._keep_days = keep_days
        self._run_records = run_records
        self._journal: Journal | None = None
        self._place = BEGINNING
        self._opened = False
        """Whether the tables were those of this journal. If somebody else moves them further than
        is known here, they are so still."""

    @property
    def position(self) -> int:
        """The newest position of the journal that is in the tables, as far as is known here."""
        return self._place.position

    def make_anew(self) -> None:
        """Empty the tables and begin with the journal's first event."""
        make_anew(self._engine, BEGINNING, self._days)
        self._begin(BEGINNING)

    def catch_up(self, durable: int, moved: Callable[[int], None] = lambda _: None) -> None:
        """Bring the tables up to `durable`; `moved` is told the position after each transaction.

        A failure leaves the tables as they were after the last transaction, and the next call goes
        on from there, whoever has moved them in between.
        """
        try:
            if self._journal is None:
                self._open(durable)
            self._follow_to(durable, moved)
        except OtherJournalError as error:
            log.warning("the tables belong to another journal: made anew", problem=str(error))
            self.make_anew()
            self._follow_to(durable, moved)
        except BaseException:
            self._journal = None
            raise

    def _open(self, durable: int) -> None:
        with self._engine.connect() as connection:
            standing = read_standing(connection)
        if standing is None:
            self.make_anew()
            return
        place = standing.place
        if place.position > durable and not self._opened:
            raise OtherJournalError(
                f"the tables are at {place.position}, the journal ends at {durable}"
            )
        self._bring_days_up_to_date(standing.time_zone)
        self._begin(place)

    def _bring_days_up_to_date(self, time_zone: str) -> None:
        if self._keep_days:
            self._days = LocalDays(time_zone)
        with self._engine.begin() as connection:
            if time_zone == self._days.time_zone and days_fit(connection, self._days):
                return
            log.info(
                "purchases are added up anew by other days",
                before=time_zone,
                time_zone=self._days.time_zone,
            )
            add_up_anew(connection, self._days)

    def _begin(self, place: Place) -> None:
        self._place = place
        self._journal = self._follow(place)
        self._opened = True

    def _follow_to(self, durable: int, moved: Callable[[int], None]) -> None:
        assert self._journal is not None
        for run in _runs(self._journal.batches(durable), self._run_records):
            self._store(run)
            moved(self._place.position)

    def _store(self, run: list[Batch]) -> None:
        after = Place.of(run[-1])
        found = list(chain.from_iterable(map(self._events_of, run)))
        with self._engine.begin() as connection:
            store_events(connection, self._place, after, found, self._days)
        self._place = after


def _runs(batches: Iterator[Batch], run_records: int) -> Iterator[list[Batch]]:
    run: list[Batch] = []
    records = 0
    for batch in batches:
        run.append(batch)
        records += batch.header.records
        if records >= run_records:
            yield run
            run, records = [], 0
    if run:
        yield run
