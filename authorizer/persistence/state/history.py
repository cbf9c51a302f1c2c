"""The events of the journal, one by one, for whoever looks at history instead of state."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from authorizer.domain.messages import Event
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.segments import Batch, JournalDamagedError
from authorizer.persistence.state.record import (
    Fields,
    UnknownRecordError,
    decode,
    event_of,
    fields_of,
)

REPLAY_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What applying an event raises where it does not fit the state before it."""


Wanted = Callable[[bytes], bool]
"""Whether a record may be one that is looked for, told by its bytes."""


def events_of(
    disk: Disk, batch: Batch, wanted: Wanted | None = None, after: int = 0
) -> Iterator[tuple[int, Event]]:
    """The events of a batch with their positions, or those that may be wanted, behind `after`.

    Raises:
        JournalDamagedError: a record is none that this program can read.
    """
    try:
        for position, record in enumerate(batch.records(), batch.first_position):
            if position > after and (wanted is None or wanted(record)):
                yield position, decode(record)
    except (UnknownRecordError, ValueError) as error:
        raise JournalDamagedError(disk.path(batch.segment), batch.offset, str(error)) from error


class RawBatch:
    """A batch for those who need not have the event of every record: it is read in one go."""

    def __init__(self, disk: Disk, batch: Batch) -> None:
        self._disk = disk
        self._batch = batch
        self.first_position = batch.first_position
        """The position of its first record."""

    @property
    def spells_nul(self) -> bool:
        """Whether a text in it may have a NUL. It relies on the way of writing of `record`."""
        return b"\\u0000" in self._batch.body

    def fields(self) -> list[Fields]:
        """The fields of its records, in order.

        Raises:
            JournalDamagedError: a record is none.
        """
        try:
            return fields_of(self._batch.records())
        except (UnknownRecordError, ValueError) as error:
            raise self._damaged(error) from error

    def events(self, among: Iterable[tuple[int, Fields]]) -> Iterator[tuple[int, Event]]:
        """The events of fields that `fields` gave, with their positions.

        Raises:
            JournalDamagedError: a record is none that this program can read.
        """
        try:
            for position, fields in among:
                yield position, event_of(fields)
        except UnknownRecordError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> JournalDamagedError:
        batch = self._batch
        return JournalDamagedError(self._disk.path(batch.segment), batch.offset, str(error))


def replay_error(disk: Disk, batch: Batch, position: int, error: Exception) -> JournalDamagedError:
    """The error for an event that does not fit the state made by the events before it."""
    problem = f"the record {position} does not fit those before it ({error!r})"
    return JournalDamagedError(disk.path(batch.segment), batch.offset, problem)
