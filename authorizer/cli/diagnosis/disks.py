"""The disk under the data folder: is there room, and how long does a sync take?"""

import os
import time
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from authorizer.cli.diagnosis.finding import Finding, error, ok, size_text, warning
from authorizer.persistence.disk import Disk, remove_if_there

PROBE: Final = "doctor.tmp"
"""The file that the syncs are tried with."""
SYNCS: Final = 30
_PROBE_BYTES: Final = 4096
_SLOW_SYNC_MS: Final = 10
_FEW_INODES: Final = 1000
_NAME_ROOM: Final = "room on the disk"
_NAME_SPEED: Final = "speed of the disk"


class Room(NamedTuple):
    """The room on a file system."""

    free_bytes: int
    total_bytes: int
    free_inodes: int
    """Files that can be made; -1 where the file system does not count them."""

    @classmethod
    def of(cls, path: str) -> "Room":
        """The room there is for others than root."""
        found = os.statvfs(path)
        inodes = found.f_favail if found.f_files else -1
        return cls(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, inodes)


def check_room(room: Room, segment_bytes: int, snapshot_bytes: int) -> Finding:
    """Whether there is room for what a server writes before anything is taken away."""
    needed = 2 * segment_bytes + 2 * snapshot_bytes
    found = f"{size_text(room.free_bytes)} of {size_text(room.total_bytes)} are free"
    told = f"two segments and two snapshots take {size_text(needed)}"
    if room.free_bytes < needed:
        return error(_NAME_ROOM, found, f"make room: {told}")
    if 0 <= room.free_inodes < _FEW_INODES:
        return warning(_NAME_ROOM, f"{room.free_inodes} files can be made", "make room for more")
    if room.free_bytes < room.total_bytes / 10 or room.free_bytes < 5 * needed:
        return warning(_NAME_ROOM, found, f"see to more before it is full; {told}")
    return ok(_NAME_ROOM, found)


def sync_seconds(disk: Disk) -> list[float]:
    """How long it took to write a few kilobytes and sync them, again and again."""
    taken = []
    remove_if_there(disk, PROBE)
    file = disk.append(PROBE)
    try:
        for _ in range(SYNCS):
            file.write(bytes(_PROBE_BYTES))
            started = time.perf_counter()
            file.sync()
            taken.append(time.perf_counter() - started)
    finally:
        file.close()
        disk.remove(PROBE)
    return taken


def check_speed(seconds: Sequence[float], deadline_ms: int) -> Finding:
    """Whether answers, which wait for up to two syncs, come in time."""
    usual_ms, slowest_ms = median(seconds) * 1000, max(seconds) * 1000
    found = f"a sync takes {usual_ms:.2f} ms, the slowest of {len(seconds)} took {slowest_ms:.2f}"
    if 2 * usual_ms >= deadline_ms:
        text = f"purchases have {deadline_ms} ms, and wait for up to two syncs: use a faster disk"
        return error(_NAME_SPEED, found, text)
    if usual_ms >= _SLOW_SYNC_MS:
        return warning(_NAME_SPEED, found, "answers wait for up to two syncs: use a faster disk")
    return ok(_NAME_SPEED, found)
