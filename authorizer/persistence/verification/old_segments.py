"""The part of the journal in front of the tail that a start has read: is it whole?"""

from collections.abc import Callable

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.place import BEGINNING
from authorizer.persistence.journal.segments import Batch, JournalDamagedError


def check_up_to(
    disk: Disk, until: int, chain: bytes, passed: Callable[[Batch], None] = lambda _: None
) -> None:
    """Check every byte, position and link up to a position, with which a segment ends.

    The device is read: what the system has of the segments in memory is dropped before. It is
    dropped afterwards too, for nobody else will read them soon. `passed` is told of every batch.

    Raises:
        JournalDamagedError: there is damage, or it does not lead up to the `chain` there.
        OSError: a segment can't be read.
    """
    for name in journal.segments(disk):
        if journal.first_position_of(name) <= until:
            disk.drop_cache(name)
    newest: Batch | None = None
    for batch in JournalFiles(disk).batches(BEGINNING, until):
        if newest is not None and batch.segment != newest.segment:
            disk.drop_cache(newest.segment)
        newest = batch
        passed(batch)
    if newest is None or (newest.last_position, newest.header.chain) != (until, chain):
        where = (disk.path(newest.segment), newest.offset) if newest else (disk.path("journal"), 0)
        raise JournalDamagedError(*where, "it does not lead up to the segment behind it")
    disk.drop_cache(newest.segment)
