"""A journal's segments on their way into a store: what is there already is not read again."""

from collections.abc import Callable, Sequence

from authorizer.persistence.backup.manifest import StoredFile, StoredSegment, sha256_of
from authorizer.persistence.backup.reading import NewestUs, ReadSegment, segments_from
from authorizer.persistence.disk import Disk
from authorizer.persistence.journal import frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.segments import JournalDamagedError, segment_name

Put = Callable[[str, bytes], StoredFile]
"""Stores a file under its name in the data folder."""


class BackupRefusedError(Exception):
    """A place has backups that this folder does not go on from, or there is nothing to back up."""


class JournalCopy:
    """The segments of a journal, stored one after the other.

    The last segment of the backup before may have grown since. It is read from its beginning, and
    must begin with what was stored.
    """

    def __init__(
        self, disk: Disk, put: Put, previous: Sequence[StoredSegment], newest_us: NewestUs
    ) -> None:
        self._disk = disk
        self._put = put
        self._newest_us = newest_us
        self._segments = list(previous[:-1])
        self._before = previous[-1] if previous else None
        """What was stored of the next segment before."""
        self._tail: ReadSegment | None = None
        """The newest segment, which is stored at the end."""
        self.identity = ""
        """The hash chain's head after the first batch, if that was read."""

    def advance(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """Read on to the journal's end. Segments that are full are stored.

        Raises:
            BackupRefusedError: the journal does not go on from what was stored of it before.
            JournalDamagedError: it is damaged, or begins too late.
        """
        for read in segments_from(self._disk, self._next(), self._newest_us):
            self._check(read)
            if self._tail is not None and self._tail.name != read.name:
                self._segments.append(self._store(self._tail))
            self._tail = read
            progress(len(read.data))
        if self._before is not None:
            raise BackupRefusedError(
                f"{self._disk.path(journal.FOLDER)} does not have position "
                f"{self._before.first_position}, which was backed up from it"
            )

    def finish(self) -> tuple[StoredSegment, ...]:
        """Store the newest segment; all that there are."""
        if self._tail is not None:
            self._segments.append(self._store(self._tail))
            self._tail = None
        return tuple(self._segments)

    def _next(self) -> str:
        """The segment that is read first: the newest one that is known."""
        if self._tail is not None:
            return self._tail.name
        return segment_name(self._ends()[0] + 1)

    def _ends(self) -> tuple[int, str]:
        """Where the full segments end: the position, and the hash chain's head."""
        if not self._segments:
            return 0, frame.GENESIS.hex()
        return self._segments[-1].last_position, self._segments[-1].chain

    def _check(self, read: ReadSegment) -> None:
        if self._tail is not None:
            return  # the reader has come from there
        position, chain = self._ends()
        if read.first_position != position + 1:
            text = f"the journal begins at position {read.first_position}, too late: "
            text += f"what follows {position} is needed, from where it was archived to (--archived)"
            raise JournalDamagedError(self._disk.path(read.name), 0, text)
        before, self._before = self._before, None
        if position == 0:
            self.identity = read.first_batch_chain
        if read.chain_before != chain or (
            before is not None and sha256_of(read.data[: before.size_bytes]) != before.sha256
        ):
            raise BackupRefusedError(
                f"{self._disk.path(read.name)} does not go on from what was backed up of it: "
                "another folder's journal, or one that lost its end or was restored to an "
                "earlier position since. Back it up to another place"
            )

    def _store(self, read: ReadSegment) -> StoredSegment:
        return StoredSegment(
            **self._put(read.name, read.data).model_dump(),
            first_position=read.first_position,
            last_position=read.last_position,
            chain=read.chain,
            newest_at_us=read.newest_at_us,
        )
