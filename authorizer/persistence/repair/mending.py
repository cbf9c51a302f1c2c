"""Mending a journal: by what a backup has of it, or by ending it before the damage."""

import itertools
from collections.abc import Mapping
from typing import Final

from typing_extensions import override

from authorizer.persistence.backup.stored_disk import StoredDisk
from authorizer.persistence.disk import Disk, is_there, replace
from authorizer.persistence.disk_view import DiskView
from authorizer.persistence.journal import clean_shutdown, frame
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.repair.damage import Damage, Records, find_damage
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.recovery import ASIDE as AHEAD
from authorizer.persistence.state.recovery import put_aside
from authorizer.persistence.state.snapshot import SnapshotDamagedError, SnapshotVersionError

ASIDE: Final = ".damaged"
"""What follows a file's name where the original was put aside."""
_TEMPORARY: Final = f"{journal.FOLDER}/repaired.tmp"


class Patched(DiskView):
    """A folder as it would be if some segments had other bytes."""

    def __init__(self, disk: Disk, patches: Mapping[str, bytes]) -> None:
        super().__init__(disk)
        self._patches = patches

    @override
    def names(self, folder: str) -> list[str]:
        patched = {name.rpartition("/")[2] for name in self._patches}
        own = super().names(folder)
        return sorted({*own, *patched}) if folder == journal.FOLDER else own

    @override
    def read(self, name: str) -> bytes:
        return self._patches[name] if name in self._patches else super().read(name)

    @override
    def drop_cache(self, name: str) -> None:
        if name not in self._patches:
            super().drop_cache(name)


def missing_segments(disk: Disk, backup: StoredDisk) -> dict[str, bytes]:
    """What a backup has of segments that are missing between, or behind, the folder's own.

    Those before the oldest may have been archived.
    """
    own = journal.segments(disk)
    names = [name for name in journal.segments(backup) if own and name > own[0] and name not in own]
    return {name: backup.read(name) for name in names}


def with_backup(disk: Disk, damage: Damage, backup: StoredDisk, records: Records) -> bytes | None:
    """Sound bytes for the damaged segment; None where the backup does not help.

    The backup's come first, and then those that the folder's file has behind them. So a backup
    from before the newest batches takes nothing away.
    """
    if not backup.has(damage.segment):
        return None
    stored = backup.read(damage.segment)
    data = stored + disk.read(damage.segment)[len(stored) :]
    left = find_damage(Patched(disk, {damage.segment: data}), records)
    return data if left is None or left.segment > damage.segment else None


def put_in_place(disk: Disk, name: str, data: bytes) -> str | None:
    """Have a segment hold these bytes; the name under which the original is kept, if there was one.

    OSError leaves the original as it was.
    """
    aside = None
    if is_there(disk, name):
        aside = _keep(disk, name)
    replace(disk, _TEMPORARY, name, data)
    clean_shutdown.withdraw(disk, journal.FOLDER)
    return aside


def end_before(disk: Disk, damage: Damage) -> tuple[str, list[str]]:
    """Have the journal end before the damage; where the original is, and the snapshots put aside.

    Snapshots that know what goes would bring it back: they are kept under another name.
    """
    data = disk.read(damage.segment)
    aside = _keep(disk, damage.segment)
    put = put_aside(disk, damage.position)
    if damage.offset < frame.SEGMENT_HEADER_BYTES:
        disk.remove(damage.segment)
        disk.sync_folder(journal.FOLDER)
    else:
        replace(disk, _TEMPORARY, damage.segment, data[: damage.offset])
    clean_shutdown.withdraw(disk, journal.FOLDER)
    return aside, [f"{name}{AHEAD}{damage.position}" for name in put]


def damaged_snapshots(disk: Disk) -> dict[str, str]:
    """The snapshots that are damaged, and how. Those of another version of the program are not."""
    found = {}
    for name in snapshot.snapshots(disk):
        try:
            snapshot.load(disk, name)
        except SnapshotVersionError:
            continue
        except SnapshotDamagedError as error:
            found[name] = str(error).removeprefix(f"{disk.path(name)}: ")
    return found


def keep_snapshot_aside(disk: Disk, name: str) -> str:
    """Have a snapshot be one no more; its name then."""
    aside = _free_name(disk, name)
    disk.rename(name, aside)
    return aside


def _keep(disk: Disk, name: str) -> str:
    aside = _free_name(disk, name)
    replace(disk, _TEMPORARY, aside, disk.read(name))
    return aside


def _free_name(disk: Disk, name: str) -> str:
    for number in itertools.count(1):
        aside = f"{name}{ASIDE}" + (f"-{number}" if number > 1 else "")
        if not is_there(disk, aside):
            return aside
    raise AssertionError
