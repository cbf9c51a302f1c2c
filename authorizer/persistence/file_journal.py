"""The journal in files: append-only segments in the data folder."""

import itertools
from collections.abc import Sequence
from typing import Final

from authorizer.persistence import frame, journal
from authorizer.persistence.disk import Disk

_ASIDE: Final = f"{journal.FOLDER}/torn.tmp"
_NEW_SEGMENT: Final = f"{journal.FOLDER}/new-segment.tmp"


class FileJournal:
    """Writes behind what a `JournalReader` has read to the end.

    One write and one sync a batch. A segment that has grown past `segment_bytes` is followed by a
    new one, which is there, header and directory entry synced, before anything is written to it.
    """

    def __init__(self, disk: Disk, read: journal.JournalReader, segment_bytes: int) -> None:
        self._disk = disk
        self._limit_bytes = segment_bytes
        self._chain = read.chain
        self.position = read.position
        disk.make_folder(journal.FOLDER)
        if read.torn is not None:
            _set_aside(disk, read.torn)
        if read.segment is None:
            self._start_segment()
        else:
            self._file = disk.append(read.segment)
            self._size_bytes = read.segment_bytes
            self._file.sync()  # what was read may be what a killed process never synced
            disk.sync_folder(journal.FOLDER)

    @property
    def chain(self) -> bytes:
        """The hash chain's head after the newest durable batch."""
        return self._chain

    def write(self, first_position: int, records: Sequence[bytes]) -> bytes:
        """See `Journal`."""
        if first_position != self.position + 1:
            raise ValueError(f"position {first_position} does not follow {self.position}")
        if self._size_bytes >= self._limit_bytes:
            self._file.close()
            self._start_segment()
        data, chain = frame.batch(first_position, records, self._chain)
        self._file.write(data)
        self._file.sync()
        self._chain = chain
        self._size_bytes += len(data)
        self.position += len(records)
        return chain

    def close(self) -> None:
        """See `Journal`."""
        self._file.close()

    def _start_segment(self) -> None:
        header = frame.segment_header(self.position + 1, self._chain)
        _remove_if_there(self._disk, _NEW_SEGMENT)
        new = self._disk.append(_NEW_SEGMENT)
        new.write(header)
        new.sync()
        new.close()
        name = journal.segment_name(self.position + 1)
        self._disk.rename(_NEW_SEGMENT, name)
        self._file = self._disk.append(name)
        self._size_bytes = len(header)


def _set_aside(disk: Disk, torn: journal.TornTail) -> None:
    """Cut a torn tail, keeping its bytes beside the journal: an audit may want to see them."""
    data = disk.read(torn.segment)[torn.offset :]
    name = _name_aside(disk, torn, data)
    if name is not None:
        _remove_if_there(disk, _ASIDE)
        aside = disk.append(_ASIDE)
        aside.write(data)
        aside.sync()
        aside.close()
        disk.rename(_ASIDE, name)
    if torn.offset == 0:
        disk.remove(torn.segment)
        disk.sync_folder(journal.FOLDER)
    else:
        disk.truncate(torn.segment, torn.offset)


def _name_aside(disk: Disk, torn: journal.TornTail, data: bytes) -> str | None:
    """Where the bytes go; None where a crash came after they were set aside and before the cut."""
    for number in itertools.count(1):
        name = f"{torn.segment}.torn-{torn.offset}" + (f"-{number}" if number > 1 else "")
        if not _is_there(disk, name):
            return name
        if disk.read(name) == data:
            return None
    return None


def _is_there(disk: Disk, name: str) -> bool:
    return name.rpartition("/")[2] in disk.names(journal.FOLDER)


def _remove_if_there(disk: Disk, name: str) -> None:
    if _is_there(disk, name):
        disk.remove(name)
