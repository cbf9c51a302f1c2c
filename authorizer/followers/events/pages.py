"""Pages of the journal's events, read from its files from any position on."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import Final, NamedTuple

import orjson

from authorizer.domain.messages import Event
from authorizer.followers.events.documents import document
from authorizer.persistence.journal.place import OtherJournalError, Place
from authorizer.persistence.journal.protocol import SearchableSource
from authorizer.persistence.journal.segments import Batch, JournalDamagedError
from authorizer.persistence.state.history import Wanted as Filter
from authorizer.persistence.state.record import records_of

MAX_PAGE_BYTES: Final = 512 << 10
"""A page ends with the event that brings it to so many bytes: the server's loop passes it on."""
MAX_PAGE_RECORDS: Final = 50_000
"""Records that are looked at for a page: where few are wanted it ends with fewer than asked for."""
MAX_PLACES: Final = 1_000
"""Places that are known: who goes on from a page begins where that ended."""


_LINE_ENDS: Final = tuple(
    (sign.encode(), f"\\u{ord(sign):04x}".encode()) for sign in ("\x85", "\u2028", "\u2029")
)
"""What JSON leaves as it is and Unicode ends lines at, as several clients for streams do."""

Read = Callable[[Batch, Filter | None, int], Iterable[tuple[int, Event]]]


class Wanted(NamedTuple):
    """Which events somebody wants."""

    types: frozenset[str] | None
    """By their names; None: all."""
    account: str | None
    """Those about this account only; None: all."""

    def filter(self) -> Filter | None:
        """What tells by a record's bytes whether it may be one of them; None: all are."""
        if self.account is not None:
            spells = records_of((), self.account)
            if self.types is None:
                return spells
            named = records_of(self.types)
            return lambda record: spells(record) and named(record)
        return None if self.types is None else records_of(self.types)

    def takes(self, event: Event) -> bool:
        """Whether an event that the filter lets pass is one of them."""
        return self.account is None or getattr(event, "account_id", None) == self.account


class Told(NamedTuple):
    """An event as it is told: its position, and its document as JSON."""

    position: int
    text: bytes


class Page(NamedTuple):
    """Some events behind a position, in the order of the journal."""

    events: tuple[Told, ...]
    next: int
    """The position that was looked at last: the next page is what comes after it."""


class _Page:
    """A page that is being made."""

    def __init__(self, after: int, limit: int) -> None:
        self.next = after
        """The position that was looked at last."""
        self.is_full = False
        self._limit = limit
        self._events: list[Told] = []
        self._bytes = 0
        self._records = 0

    def ends_with(self, event: Told) -> bool:
        """Take an event in; whether the page is full with it."""
        self._events.append(event)
        self._bytes += len(event.text)
        self.next = event.position
        self.is_full = len(self._events) == self._limit or self._bytes >= MAX_PAGE_BYTES
        return self.is_full

    def ends_behind(self, batch: Batch) -> bool:
        """Go on behind a batch, all of which was looked at; whether that was enough."""
        self.next = batch.last_position
        self._records += batch.header.records
        return self.is_full or self._records >= MAX_PAGE_RECORDS

    def page(self) -> Page:
        """The page as it is by now."""
        return Page(tuple(self._events), self.next)


class Pages:
    """The events of a journal, a page at a time. Called by several threads at once.

    `read` gives the events of a batch behind a position, as `events_of` does.
    """

    def __init__(self, journal: SearchableSource, read: Read) -> None:
        self._journal = journal
        self._read = read
        self._lock = Lock()
        self._places: OrderedDict[int, Place] = OrderedDict()
        """By a position where pages ended: the place of a batch that ends there or before."""

    def oldest(self) -> int:
        """The oldest position that is there: 1, unless segments were moved away."""
        return self._journal.oldest()

    def page(self, after: int, until: int, limit: int, wanted: Wanted) -> Page:
        """At most `limit` of the wanted events behind `after`, up to `until`, which is durable.

        What lies before damage is a page; the next one is refused.

        Raises:
            JournalBeginsLateError: what comes after `after` is not there any more.
            JournalDamagedError: what is durable is missing or unsound.
            OSError: it can't be read.
        """
        building = _Page(after, limit)
        with self._lock:
            place = self._places.get(after)
        may_be_wanted = wanted.filter()
        try:
            for batch in self._batches(after, until, place):
                for position, event in self._read(batch, may_be_wanted, after):
                    if wanted.takes(event) and building.ends_with(told(position, event)):
                        break
                if building.is_full and building.next < batch.last_position:
                    break
                place = Place.of(batch)
                if building.ends_behind(batch):
                    break
        except (JournalDamagedError, OSError):
            if building.next == after:
                raise
        self._remember(building.next, place)
        return building.page()

    def _batches(self, after: int, until: int, place: Place | None) -> Iterator[Batch]:
        """The batches from the one with the position behind `after` on."""
        if after >= until:
            return
        if place is not None:
            try:
                yield from self._journal.batches(place, until)
            except OtherJournalError:  # raised before the first batch: it is not where it was
                place = None
        if place is None:
            yield from self._journal.batches_from(after + 1, until)

    def _remember(self, position: int, place: Place | None) -> None:
        if place is None:
            return
        with self._lock:
            self._places[position] = place
            self._places.move_to_end(position)
            if len(self._places) > MAX_PLACES:
                self._places.popitem(last=False)


def told(position: int, event: Event) -> Told:
    """An event as JSON in one line, whatever its reader takes for the end of one."""
    text = orjson.dumps(document(position, event))
    if not text.isascii():
        for sign, escaped in _LINE_ENDS:
            text = text.replace(sign, escaped)
    return Told(position, text)
