"""The tables of one database as the feed moves them on: a run of batches is one transaction."""

from collections.abc import Sequence

import structlog
from sqlalchemy import Engine
from typing_extensions import override

from authorizer.followers.feed import Consumer
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.account_lines import MOST_UNLISTED
from authorizer.followers.reports.tables.progress import Standing, make_anew, read_standing
from authorizer.followers.reports.tables.store import Store
from authorizer.followers.reports.tables.transaction_days import add_up_anew, days_fit
from authorizer.persistence.journal.place import BEGINNING, Place
from authorizer.persistence.state.history import RawBatch

log = structlog.get_logger()


class Projector(Consumer[RawBatch]):
    """Puts events into the tables.

    `days` are those by which purchases are added up; tables with the days of another zone are
    changed to them, or with `keep_days` left with theirs.
    """

    def __init__(
        self,
        engine: Engine,
        days: LocalDays,
        keep_days: bool = False,
        most_unlisted: int = MOST_UNLISTED,
    ) -> None:
        self._engine = engine
        self._days = days
        self._keep_days = keep_days
        self._standing: Standing | None = None
        """What `place` has read."""
        self._most_unlisted = most_unlisted
        self._store = self._new_store("")

    @override
    def place(self) -> Place | None:
        with self._engine.connect() as connection:
            self._standing = read_standing(connection)
        return self._standing and self._standing.place

    @override
    def begin_anew(self) -> None:
        self._store = self._new_store(make_anew(self._engine, BEGINNING, self._days))

    @override
    def resume(self) -> None:
        assert self._standing is not None
        _, edition, time_zone = self._standing
        if self._keep_days:
            self._days = LocalDays(time_zone)
        with self._engine.begin() as connection:
            if time_zone != self._days.time_zone or not days_fit(connection, self._days):
                log.info(
                    "purchases are added up anew by other days",
                    before=time_zone,
                    time_zone=self._days.time_zone,
                )
                add_up_anew(connection, self._days)
        self._store = self._new_store(edition)

    @override
    def take(self, read: Sequence[RawBatch], before: Place, after: Place) -> None:
        with self._engine.begin() as connection:
            self._store.put(connection, before, after, read)

    @override
    def caught_up(self) -> None:
        with self._engine.begin() as connection:
            self._store.make_indexes(connection)

    def _new_store(self, edition: str) -> Store:
        return Store(edition, self._days, self._most_unlisted)
