"""Takes snapshots while the accounts go on: by size, by time, and on command."""

import errno
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from authorizer.actors.directory import BrokenEntityError
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.entity import ActorContext, OffLoop, durable
from authorizer.domain.aggregate import Aggregate
from authorizer.persistence.disk import Disk, DiskFile
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.population import PackedEntity
from authorizer.persistence.state.snapshot import SnapshotEnd


class SnapshotPolicy(NamedTuple):
    """When a snapshot is due, and how many are kept. The journal is always kept."""

    every_bytes: int
    every_seconds: float
    kept: int


class SnapshotTaken(NamedTuple):
    """A snapshot that was taken."""

    path: str
    position: int
    seconds: float
    longest_slice_seconds: float
    file_bytes: int


class Snapshots:
    """Takes one snapshot at a time."""

    def __init__(
        self,
        around: ActorContext,
        dispatcher: Dispatcher,
        disk: Disk,
        policy: SnapshotPolicy,
        off_loop: OffLoop,
        seconds: Callable[[], float],
    ) -> None:
        self._state = around.state
        self._commit = around.commit
        self._clock = around.clock
        self._dispatcher = dispatcher
        self._disk = disk
        self._policy = policy
        self._off_loop = off_loop
        self._seconds = seconds
        self._disk_room = around.disk_room
        self._expected_bytes = 0
        self._running = False
        self._last_seconds = seconds()
        self._last_bytes = self._commit.durable_bytes

    def due(self) -> bool:
        """Whether the policy asks for a snapshot now, and the disk has room for it.

        As much as the newest one took, as far as one was looked at; more, if that was too little.
        """
        if self._running or not self._disk_room.has(self._expected_bytes):
            return False
        journaled = self._commit.durable_bytes - self._last_bytes
        waited = self._seconds() - self._last_seconds
        return journaled >= self._policy.every_bytes or (
            journaled > 0 and waited >= self._policy.every_seconds
        )

    async def take(self) -> SnapshotTaken | None:
        """Take a snapshot; None while another one is being taken.

        Raises:
            BrokenEntityError: a bug has broken an entity; the journal alone tells its state.
            OSError: the disk refused, or there is no room but the journal's reserve. The snapshots
                before are as they were.
        """
        if self._running:
            return None
        self._running = True
        try:
            return await self._take()
        except Exception:
            await self._off_loop(_remove_unfinished, self._disk)
            raise
        finally:
            self._running = False
            self._last_seconds = self._seconds()
            self._last_bytes = self._commit.durable_bytes

    async def _take(self) -> SnapshotTaken:
        if self._dispatcher.merchants.broken:
            raise BrokenEntityError("the merchant table is broken since a bug")
        started = self._seconds()
        from_position = self._commit.appended
        name = snapshot.snapshot_name(from_position)
        file = await self._off_loop(self._begin_where_it_fits, snapshot.header(from_position))
        longest, written = 0.0, 0
        try:
            chunks = snapshot.slices(self._state, self._look, self._seconds)
            while True:
                slice_started = self._seconds()
                chunk = next(chunks, None)
                longest = max(longest, self._seconds() - slice_started)
                if chunk is None:
                    break
                if not self._disk_room.has(len(chunk)):
                    self._expected_bytes = max(self._expected_bytes, 2 * (written + len(chunk)))
                    raise self._no_room()
                await self._off_loop(_write, file, chunk)
                written += len(chunk)
            await durable(self._commit, self._commit.appended)
            end = snapshot.archive_chunk(self._dispatcher.recall.archive.mark) + snapshot.end_chunk(
                self._end()
            )
            await self._off_loop(_write, file, end)
        finally:
            await self._off_loop(file.close)
        await self._off_loop(self._disk.rename, snapshot.TEMPORARY, name)
        file_bytes = await self._off_loop(self._disk.size, name)
        self._expected_bytes = file_bytes
        await self._off_loop(self._remove_old)
        return SnapshotTaken(
            self._disk.path(name),
            from_position,
            self._seconds() - started,
            longest,
            file_bytes,
        )

    def _look(self, aggregate: Aggregate[Any], entity_id: str) -> PackedEntity:
        return self._dispatcher.directories[aggregate].packed(entity_id)

    def _end(self) -> SnapshotEnd:
        return SnapshotEnd(
            self._commit.durable,
            self._commit.chain.hex(),
            self._clock.newest_us,
            tuple(map(len, self._state.stores.values())),
        )

    def _begin_where_it_fits(self, header: bytes) -> DiskFile:
        newest = snapshot.snapshots(self._disk)[:1]
        self._expected_bytes = max([self._expected_bytes, *map(self._disk.size, newest)])
        if not self._disk_room.has(self._expected_bytes):
            raise self._no_room()
        return _begin(self._disk, header)

    def _no_room(self) -> OSError:
        text = "what is left of the disk is kept for the journal"
        return OSError(errno.ENOSPC, text, self._disk.path(snapshot.FOLDER))

    def _remove_old(self) -> None:
        for name in snapshot.snapshots(self._disk)[self._policy.kept :]:
            with suppress(FileNotFoundError):
                self._disk.remove(name)


def _remove_unfinished(disk: Disk) -> None:
    with suppress(OSError):
        disk.remove(snapshot.TEMPORARY)


def _begin(disk: Disk, header: bytes) -> DiskFile:
    disk.make_folder(snapshot.FOLDER)
    if snapshot.TEMPORARY.rpartition("/")[2] in disk.names(snapshot.FOLDER):
        disk.remove(snapshot.TEMPORARY)
    file = disk.append(snapshot.TEMPORARY)
    try:
        file.write(header)
    except OSError:
        file.close()
        raise
    return file


def _write(file: Any, chunk: bytes) -> None:
    """Write and sync each chunk: one large sync at the end would hold up the journal's syncs."""
    file.write(chunk)
    file.sync()
