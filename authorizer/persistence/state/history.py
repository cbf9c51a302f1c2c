"""The events of the journal, one by one, for whoever looks at history instead of state."""

from collections.abc import Callable, Iterator
from typing import Final

from authorizer.domain.messages import Event
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal.segments import Batch, JournalDamagedError
from authorizer.persistence.state.record import UnknownRecordError, decode

REPLAY_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What applying an event raises where it does not fit the state before it."""


Wanted = Callable[[bytes], bool]
"""Whether a record may be one that is looked for, told by its bytes."""


def events_of(
    disk: Disk, batch: Batch, wanted: Wanted | None = None
) -> Iterator[tuple[int, Event]]:
    """The events of a batch with their positions, or those that may be wanted.

    Raises:
        JournalDamagedError: a record is none that this program can read.
    """
    try:
        for position, record in enumerate(batch.records(), batch.first_position):
            if wanted is None or wanted(record):
                yield position, decode(record)
    except (UnknownRecordError, ValueError) as error:
        raise JournalDamagedError(disk.path(batch.segment), batch.offset, str(error)) from error


def replay_error(disk: Disk, batch: Batch, position: int, error: Exception) -> JournalDamagedError:
    """The error for an event that does not fit the state made by the events before it."""
    problem = f"the record {position} does not fit those before it ({error!r})"
    return JournalDamagedError(disk.path(batch.segment), batch.offset, problem)
