"""What a server knows of its backups, read again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from authorizer.actors.counts import PurchaseCounts
from authorizer.domain.backups import PlaceOfBackups
from authorizer.http.metrics import Metrics
from authorizer.persistence.backup.record import note_taken
from authorizer.persistence.local_disk import LocalDisk
from authorizer.server.backups import Backups

PLACE = PlaceOfBackups("/mnt/backups", "one", 1_700_000_000_000_000, 7, None, None)


def test_what_was_read_stays_known_while_the_record_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = LocalDisk(tmp_path)
    note_taken(disk, PLACE)
    metrics = Metrics(PurchaseCounts())
    backups = Backups(disk, metrics)
    assert backups.places() == (PLACE,)

    def read(name: str) -> bytes:
        raise OSError(f"no {name} now")

    monkeypatch.setattr(disk, "read", read)
    backups.look()
    assert backups.places() == (PLACE,)
    assert b"authorizer_backup_position 7.0" in metrics.text()
    monkeypatch.undo()
    note_taken(disk, PLACE._replace(name="two", position=9))
    backups.look()
    assert b"authorizer_backup_position 9.0" in metrics.text()
