"""A follower that counts events: the smallest there can be, over the same process as the reports.

It keeps its place and its counts in one file. `python -m tests.followers.counting DATA FILE` is
its process.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from typing_extensions import override

from authorizer.domain.messages import Event
from authorizer.followers import child
from authorizer.followers.feed import Feed
from authorizer.followers.troubles import Trouble
from authorizer.followers.worker import JOURNAL_FAILURES, Follower
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.place import BEGINNING, Place
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.history import events_of

Counted = tuple[int, Event]
"""An event and its position."""


class Counting(Follower[Counted]):
    """The number of events of each type, and of the runs in which they came."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._counts: Counter[str] = Counter()

    @override
    def place(self) -> Place | None:
        try:
            (position, chain, segment, offset), counts = json.loads(self._file.read_text())
        except FileNotFoundError:
            return None
        self._counts = Counter(counts)
        return Place(position, bytes.fromhex(chain), segment, offset)

    @override
    def resume(self) -> None:
        pass

    @override
    def begin_anew(self) -> None:
        self._keep(BEGINNING, Counter())

    @override
    def take(self, read: Sequence[Counted], before: Place, after: Place) -> None:
        self._keep(after, self._counts + Counter(type(event).__name__ for _, event in read))

    @override
    def caught_up(self) -> None:
        pass

    @override
    def answer(self, query: str, params: Mapping[str, Any]) -> Any:
        if query == "count":
            return self._counts[params["type"]]
        raise LookupError(query)

    @override
    def feed_trouble(self, error: Exception) -> Trouble | None:
        if isinstance(error, JOURNAL_FAILURES):
            return Trouble("the counts stand still", "the counts move on again", repr(error))
        return None

    @override
    def query_trouble(self, error: Exception) -> Trouble | None:
        return None

    def _keep(self, place: Place, counts: Counter[str]) -> None:
        kept = [[place.position, place.chain.hex(), place.segment, place.batch_offset], counts]
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(kept))
        new.replace(self._file)
        self._counts = counts


def main(data: str, file: str) -> None:
    """Follow the journal of a data folder until standard input ends."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    disk, counting = LocalDisk(Path(data)), Counting(Path(file))
    child.run(counting, Feed(counting, JournalFiles(disk), lambda batch: events_of(disk, batch)))


if __name__ == "__main__":
    main(*sys.argv[1:])
