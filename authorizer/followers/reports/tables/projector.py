"""The tables of one database as the feed moves them on: a run of batches is one transaction."""

import structlog
from sqlalchemy import Engine
from typing_extensions import override

from authorizer.followers.feed import Consumer, Events
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.tables.progress import make_anew, read_standing
from authorizer.followers.reports.tables.store import store_events
from authorizer.followers.reports.tables.transaction_days import add_up_anew, days_fit
from authorizer.persistence.journal.place import BEGINNING, Place

log = structlog.get_logger()


class Projector(Consumer):
    """Puts events into the tables.

    `days` are those by which purchases are added up; tables with the days of another zone are
    changed to them, or with `keep_days` left with theirs.
    """

    def __init__(self, engine: Engine, days: LocalDays, keep_days: bool = False) -> None:
        self._engine = engine
        self._days = days
        self._keep_days = keep_days
        self._kept_zone = ""
        """The zone of the tables' days, as `place` has read it."""

    @override
    def place(self) -> Place | None:
        with self._engine.connect() as connection:
            standing = read_standing(connection)
        if standing is None:
            return None
        self._kept_zone = standing.time_zone
        return standing.place

    @override
    def begin_anew(self) -> None:
        make_anew(self._engine, BEGINNING, self._days)

    @override
    def resume(self) -> None:
        time_zone = self._kept_zone
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

    @override
    def take(self, events: Events, before: Place, after: Place) -> None:
        with self._engine.begin() as connection:
            store_events(connection, before, after, events, self._days)
