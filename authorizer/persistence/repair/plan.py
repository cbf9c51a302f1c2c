"""A plan of what a repair would do to a journal, step by step; nothing is changed by making it."""

from typing import NamedTuple

from authorizer.persistence.backup.stored_disk import StoredDisk
from authorizer.persistence.disk import Disk
from authorizer.persistence.repair.damage import (
    Behind,
    Damage,
    Records,
    find_damage,
    what_is_behind,
)
from authorizer.persistence.repair.mending import (
    Patched,
    damaged_snapshots,
    end_before,
    keep_snapshot_aside,
    missing_segments,
    put_in_place,
    with_backup,
)


class Plan(NamedTuple):
    """What would be done to a journal and the snapshots beside it."""

    from_backup: dict[str, bytes]
    """The segments that a backup makes sound again, with their bytes; nothing is lost by it."""
    damage: Damage | None
    """The damage that is left then, if any."""
    behind: Behind | None
    """What goes if the journal ends before it; None where it can't end there."""
    snapshots: dict[str, str]
    """The damaged snapshots, and how; nothing is lost by putting them aside."""

    @property
    def is_possible(self) -> bool:
        """Whether the journal can be started then."""
        return self.damage is None or self.behind is not None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be done."""
        return not self.from_backup and self.damage is None and not self.snapshots


def plan(disk: Disk, records: Records, backup: StoredDisk | None) -> Plan:
    """Find out what a repair would take."""
    patches = {} if backup is None else missing_segments(disk, backup)
    view = Patched(disk, patches)
    while (damage := find_damage(view, records)) is not None and backup is not None:
        data = with_backup(view, damage, backup, records)
        if data is None:
            break
        patches[damage.segment] = data
    behind = None
    if damage is not None and damage.can_end_before:
        behind = what_is_behind(view, damage, records)
    return Plan(patches, damage, behind, damaged_snapshots(disk))


def carry_out(disk: Disk, planned: Plan) -> list[str]:
    """Do it; the files under whose names the originals are kept.

    Raises:
        OSError: the disk refused. Every original is in its place, or under such a name.
    """
    assert planned.is_possible, "a journal that can't be started is left as it is"
    kept = [keep_snapshot_aside(disk, name) for name in planned.snapshots]
    for name, data in planned.from_backup.items():
        aside = put_in_place(disk, name, data)
        kept += [aside] if aside else []
    if planned.damage is not None:
        aside, put_aside = end_before(disk, planned.damage)
        kept += [aside, *put_aside]
    return kept
