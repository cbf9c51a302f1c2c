"""The journal in files: append-only segments in the data folder."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from typing_extensions import override

from authorizer.persistence.disk import Disk, DiskFile, FilePlace, is_there, replace
from authorizer.persistence.journal import clean_shutdown, frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.place import Place
from authorizer.persistence.journal.protocol import TwoStepJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import Batch

_ASIDE: Final = f"{journal.FOLDER}/torn.tmp"
_NEW_SEGMENT: Final = f"{journal.FOLDER}/new-segment.tmp"


class FileJournal(TwoStepJournal):
    """Writes behind what a `JournalReader` has read to the end.

    One write and one sync a batch. A segment that has grown past `segment_bytes` is followed by a
    new one, which is there, header and directory entry synced, before anything is written to it.

    All that was read is on the device before the first write. The newest segment is written anew,
    through another file, unless the last process that wrote it has ended in order: its last sync
    may have failed, and what was read may be in the system's memory only.
    """

    def __init__(self, disk: Disk, read: JournalReader, segment_bytes: int) -> None:
        self._disk = disk
        self._limit_bytes = segment_bytes
        self._position = read.position
        self._chain = read.chain
        self._sound = True
        """Whether every write so far is on the device."""
        self._begun: tuple[bytes, int, int]
        """Of the batch that is written and not yet synced: its chain, its bytes, its records."""
        disk.make_folder(journal.FOLDER)
        newest = read.take_newest()
        if read.torn is not None:
            _set_aside(disk, read.torn)
        if read.segment is None:
            self._start_segment()
        else:
            self._segment = read.segment
            self._size_bytes = read.segment_bytes
            if newest is not None and not self._is_known(read):
                replace(disk, _NEW_SEGMENT, read.segment, newest[: read.segment_bytes])
            clean_shutdown.withdraw(disk, journal.FOLDER)
            for name in journal.segments(disk):
                disk.sync(name)  # what was read may be what a killed process never synced
            disk.sync_folder(journal.FOLDER)
            self._open()

    @property
    @override
    def position(self) -> int:
        return self._position

    @property
    @override
    def chain(self) -> bytes:
        return self._chain

    @override
    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        self.begin(first_position, records)
        self._file.sync()
        return self.complete()

    @property
    @override
    def is_full(self) -> bool:
        return self._size_bytes >= self._limit_bytes

    @override
    def start_segment(self) -> None:
        self._sound = False
        self._file.close()
        self._start_segment()

    @property
    @override
    def file(self) -> DiskFile:
        return self._file

    @override
    def begin(self, first_position: int, records: Sequence[bytes]) -> None:
        if first_position != self._position + 1:
            raise ValueError(f"position {first_position} does not follow {self._position}")
        self._sound = False
        if self.is_full:
            self.start_segment()
        data, chain = frame.batch(first_position, records, self._chain)
        self._file.write(data)
        self._begun = chain, len(data), len(records)

    @override
    def complete(self) -> bytes:
        self._chain, size_bytes, records = self._begun
        self._size_bytes += size_bytes
        self._position += records
        self._sound = True
        return self._chain

    @override
    def close(self) -> None:
        """Unless a write failed, the next start may believe what it reads."""
        self._file.close()
        if self._sound:
            clean_shutdown.say(self._disk, journal.FOLDER, self._end())

    @override
    def batches(self, after: Place, until: int) -> Iterator[Batch]:
        return JournalFiles(self._disk).batches(after, until)

    @override
    def check(self) -> None:
        """OSError if the newest segment is not the file at its path."""
        self._place.check()

    def _is_known(self, read: JournalReader) -> bool:
        """Whether the journal's previous process ended in order, with exactly what was read."""
        return read.torn is None and clean_shutdown.said(self._disk, journal.FOLDER) == self._end()

    def _end(self) -> str:
        file = self._segment.rpartition("/")[2]
        return f"{self._position}:{self._chain.hex()} {file} {self._size_bytes}"

    def _start_segment(self) -> None:
        header = frame.segment_header(self._position + 1, self._chain)
        self._segment = journal.segment_name(self._position + 1)
        replace(self._disk, _NEW_SEGMENT, self._segment, header)
        self._open()
        self._size_bytes = len(header)

    def _open(self) -> None:
        self._file = self._disk.append(self._segment)
        self._place = FilePlace(self._disk, self._segment)


def _set_aside(disk: Disk, torn: journal.TornTail) -> None:
    """Keep a torn tail's bytes beside the journal: an audit may want to see them.

    The segment is written anew without them; one that has not even a whole header goes.
    """
    data = disk.read(torn.segment)[torn.offset :]
    name = _name_aside(disk, torn, data)
    if name is not None:
        replace(disk, _ASIDE, name, data)
    if torn.offset == 0:
        disk.remove(torn.segment)
        disk.sync_folder(journal.FOLDER)


def _name_aside(disk: Disk, torn: journal.TornTail, data: bytes) -> str | None:
    """The file for the bytes; None if a crash came after they were set aside, before the cut."""
    for number in itertools.count(1):
        name = f"{torn.segment}.torn-{torn.offset}" + (f"-{number}" if number > 1 else "")
        if not is_there(disk, name):
            return name
        if disk.read(name) == data:
            return None
    return None
