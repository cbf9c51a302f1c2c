"""The journal as it is fed to a follower: a run of batches at a time, each event once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, Generic, Protocol, TypeVar

import structlog

from authorizer.persistence.journal.place import BEGINNING, OtherJournalError, Place
from authorizer.persistence.journal.protocol import BatchSource
from authorizer.persistence.journal.segments import Batch

RUN_RECORDS: Final = 16_000
"""A run ends with the batch that brings it to so many events. Shorter ones cost more an event, and
queries wait for longer ones."""

log = structlog.get_logger()

ReadT = TypeVar("ReadT")
ReadT_contra = TypeVar("ReadT_contra", contravariant=True)
"""What is read of the journal's batches: events with their positions, or whatever suits."""


class Consumer(Protocol[ReadT_contra]):
    """A consumer of the journal. It stores its place together with what it makes of the events."""

    def place(self) -> Place | None:
        """The place that was reached; None where nothing is kept yet, or nothing usable."""

    def resume(self) -> None:
        """Prepare for the batches behind the place."""

    def begin_anew(self) -> None:
        """Forget everything: the next batch is the journal's first."""

    def take(self, read: Sequence[ReadT_contra], before: Place, after: Place) -> None:
        """Take in all events between two places, and the new place with them, or nothing at all."""

    def caught_up(self) -> None:
        """Nothing more is there for now: do what was left for later. Called again and again."""


class Feed(Generic[ReadT]):
    """Brings a follower up with the journal. `position` is how far the follower is.

    `read` gives what the consumer takes of a batch of the journal.
    """

    def __init__(
        self,
        consumer: Consumer[ReadT],
        journal: BatchSource,
        read: Callable[[Batch], Iterable[ReadT]],
        run_records: int = RUN_RECORDS,
    ) -> None:
        self._consumer = consumer
        self._journal = journal
        self._read = read
        self._run_records = run_records
        self._begun = False
        """Whether the follower is known to be at the place."""
        self._place = BEGINNING
        self._opened = False
        """Whether the consumer's place was in this journal once. Another process may have moved it
        on since, past the position that is known here."""

    @property
    def position(self) -> int:
        """The newest position that the follower has, as far as is known here."""
        return self._place.position

    def begin_anew(self) -> None:
        """Have the follower forget everything, and begin with the journal's first event."""
        self._consumer.begin_anew()
        self._begin(BEGINNING)

    def catch_up(self, durable: int, moved: Callable[[int], None] = lambda _: None) -> None:
        """Bring the follower up to `durable`; `moved` is told the position after each run.

        A failure leaves the follower as it was after the last run, and the next call goes on from
        there, also where another process has moved it in between.
        """
        try:
            if not self._begun:
                self._open(durable)
            self._feed_up_to(durable, moved)
        except OtherJournalError as error:
            log.warning("the follower was fed another journal: begun anew", problem=str(error))
            self.begin_anew()
            self._feed_up_to(durable, moved)
        except BaseException:
            self._begun = False
            raise

    def _open(self, durable: int) -> None:
        place = self._consumer.place()
        if place is None:
            self.begin_anew()
            return
        if place.position > durable and not self._opened:
            raise OtherJournalError(
                f"the follower is at {place.position}, the journal ends at {durable}"
            )
        self._consumer.resume()
        self._begin(place)

    def _begin(self, place: Place) -> None:
        self._place = place
        self._begun = self._opened = True

    def _feed_up_to(self, durable: int, moved: Callable[[int], None]) -> None:
        for run in _runs(self._journal.batches(self._place, durable), self._run_records):
            after = Place.of(run[-1])
            read = list(chain.from_iterable(map(self._read, run)))
            self._consumer.take(read, self._place, after)
            self._place = after
            if after.position < durable:
                moved(after.position)
        self._consumer.caught_up()
        moved(self._place.position)


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
