"""The segments of a journal: their names, and the batches that lie in them."""

import re
from typing import Final, NamedTuple

from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame

FOLDER: Final = "journal"
_NAME = re.compile(r"([0-9]{20})\.journal")


class JournalDamagedError(Exception):
    """Damage before the journal's end. Reading stops there: nothing may be skipped."""

    def __init__(self, file: str, offset: int, problem: str) -> None:
        super().__init__(
            f"{file} is damaged at byte {offset}: {problem}. Nothing was changed. Restore this "
            "file from a copy; `authorizer verify` checks a journal without starting it."
        )
        self.file = file
        self.offset = offset
        self.problem = problem


class JournalBeginsLateError(JournalDamagedError):
    """The journal begins behind position 1, and what lies before is needed."""

    def __init__(self, disk: Disk, segment: str) -> None:
        position = first_position_of(segment)
        problem = f"the journal begins at position {position}, too late"
        super().__init__(disk.path(segment), 0, problem)
        said = (
            f"{disk.path(FOLDER)} begins at position {position}, and what lies before that is "
            "needed. If `authorizer archive` has moved it, say where to: --archived PLACE. If not, "
            "segments are missing: restore them from a copy. Nothing was changed"
        )
        self.args = (said,)


class TornTail(NamedTuple):
    """The bytes of a batch that a crash left incomplete at the journal's end."""

    segment: str
    offset: int
    length: int
    problem: str


class Batch(NamedTuple):
    """A sound batch, as it lies in its segment."""

    segment: str
    offset: int
    header: frame.BatchHeader
    body: bytes

    @property
    def first_position(self) -> int:
        """The position of its first record."""
        return self.header.first_position

    @property
    def last_position(self) -> int:
        """The position of its newest record."""
        return self.header.last_position

    @property
    def size_bytes(self) -> int:
        """How many bytes of its segment it takes."""
        return frame.BATCH_HEADER_BYTES + self.header.body_bytes

    def records(self) -> list[bytes]:
        """Its records, in order."""
        return frame.records_of(self.header, self.body)


def segment_name(first_position: int) -> str:
    """The file of the segment that begins with a position."""
    return f"{FOLDER}/{first_position:020d}.journal"


def first_position_of(name: str) -> int:
    """The position with which a segment begins, by the name of its file."""
    return int(name.removeprefix(f"{FOLDER}/").split(".")[0])


def segments(disk: Disk) -> list[str]:
    """The files of the journal, oldest first."""
    return [f"{FOLDER}/{name}" for name in disk.names(FOLDER) if _NAME.fullmatch(name)]
