"""The events of the journal, one by one, for whoever looks at history instead of state."""

from collections.abc import Iterator

from authorizer.domain.events import Event
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import Batch, JournalDamagedError
from authorizer.persistence.record import UnknownRecordError, decode


def events_of(disk: Disk, batch: Batch) -> Iterator[tuple[int, Event]]:
    """The events of a batch with their positions.

    Raises:
        JournalDamagedError: a record is none that this program can read.
    """
    try:
        for position, record in enumerate(batch.records(), batch.first_position):
            yield position, decode(record)
    except (UnknownRecordError, ValueError) as error:
        raise JournalDamagedError(disk.path(batch.segment), batch.offset, str(error)) from error
