"""A journal in memory and the tables that are made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Engine

from authorizer.domain.messages import Event
from authorizer.followers.feed import Consumer, Feed
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.queries import make_queries
from authorizer.followers.reports.tables.projector import Projector
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.state.history import RawBatch
from authorizer.persistence.state.record import encode
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support.tables import Tables, columns_of, tables_of

SMALL_SEGMENT: Final = 2_000
FEW_UNLISTED: Final = 2
"""So that purchases of an account are found in the list and behind it."""


class House:
    """Events go in at `happen`, rows come out at `tables` and `ask`."""

    def __init__(
        self,
        engine: Engine,
        segment_bytes: int = SMALL_SEGMENT,
        time_zone: str = "UTC",
        most_unlisted: int = FEW_UNLISTED,
    ) -> None:
        self.engine = engine
        self.time_zone = time_zone
        self.most_unlisted = most_unlisted
        self.disk = MemoryDisk()
        self.journal = FileJournal(self.disk, _end_of(self.disk), segment_bytes)
        self.queries = make_queries()
        self.feed = self.new_feed()
        self.feed.begin_anew()

    @property
    def durable(self) -> int:
        return self.journal.position

    def new_feed(
        self, run_records: int = 4_000, time_zone: str | None = None, keep_days: bool = False
    ) -> Feed[RawBatch]:
        """A process that has just started, and knows nothing but what is in the tables."""
        days = LocalDays(time_zone or self.time_zone)
        projector = Projector(self.engine, days, keep_days, self.most_unlisted)
        return self.feed_of(projector, run_records)

    def feed_of(self, consumer: Consumer[RawBatch], run_records: int = 4_000) -> Feed[RawBatch]:
        """The journal for a consumer of it."""
        return Feed(
            consumer,
            JournalFiles(self.disk),
            lambda batch: (RawBatch(self.disk, batch),),
            run_records,
        )

    def happen(self, *events: Event) -> None:
        """Have events happen, in one batch of the journal."""
        self.journal.write(self.journal.position + 1, list(map(encode, events)))

    def project(self, *events: Event) -> None:
        """Have events happen, each in a batch of its own, and be in the tables."""
        for event in events:
            self.happen(event)
        self.feed.catch_up(self.durable)

    def ask(self, query: str, **params: Any) -> Any:
        """The result of a query."""
        with self.engine.connect() as connection:
            return self.queries[query](connection, params)

    def tables(self) -> Tables:
        """All rows of all tables, in an order that does not depend on how they came in."""
        return tables_of(self.engine)


def rows_of(name: str, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Rows as `tables` gives them."""
    columns = columns_of(name)
    return sorted((tuple(row[column] for column in columns) for row in rows), key=repr)


def _end_of(disk: MemoryDisk) -> JournalReader:
    reader = JournalReader(disk)
    for _ in reader:
        pass
    return reader
