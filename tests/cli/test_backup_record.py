"""What `backup` and `verify --backup` note in the data folder."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from authorizer.domain.backups import PlaceOfBackups, VerifiedBackup
from authorizer.persistence.backup.record import (
    FILE,
    MAX_PLACES,
    note_taken,
    read_places,
)
from authorizer.persistence.local_disk import LocalDisk
from tests.support.backups import backed_up, keys_of, restored
from tests.support.command_line import done, everything, run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def noted(data: Path) -> tuple[PlaceOfBackups, ...]:
    return read_places(LocalDisk(data))


def verified(place: Path, data: Path) -> int:
    return run("verify", "--backup", place, "--keys-from", keys_of(place), "--data", data).exit_code


def test_a_backup_is_noted_with_its_place_and_what_verify_found(demo: Path, place: Path) -> None:
    first = backed_up(demo, place)
    (one,) = noted(demo)
    assert (one.place, one.keys_at) == (str(place), str(keys_of(place)))
    assert (one.name, one.position) == (first["backup"], first["position"])
    assert (one.verified, one.is_verified) == (None, False)
    assert verified(place, demo) == 0
    (one,) = noted(demo)
    assert one.verified is not None
    assert (one.verified.name, one.is_verified) == (first["backup"], True)
    done("backup", "--data", demo, "--to", place, "--without-keys")
    (one,) = noted(demo)
    assert one.keys_at is None
    assert one.name != first["backup"]
    assert (one.verified.name if one.verified else "", one.is_verified) == (first["backup"], False)


def test_a_backup_that_is_damaged_is_noted_so(demo: Path, place: Path) -> None:
    backed_up(demo, place)
    segment = next((place / "journal").iterdir())
    segment.write_bytes(segment.read_bytes()[:-1] + b"x")
    assert verified(place, demo) == 1
    (one,) = noted(demo)
    assert one.verified is not None
    assert not one.verified.is_whole
    assert not one.is_verified


def test_each_place_is_noted_and_another_folder_s_backups_are_not(
    demo: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(demo, place)
    monkeypatch.chdir(tmp_path)
    done("backup", "--data", demo, "--to", "elsewhere", "--without-keys")
    assert [one.place for one in noted(demo)] == [str(place), str(tmp_path / "elsewhere")]
    assert verified(place, demo) == 0
    assert [one.verified is not None for one in noted(demo)] == [True, False]
    other = tmp_path / "other"
    done("init", "--data", other)
    assert verified(place, other) == 0
    assert noted(other) == ()
    assert not (other / FILE).exists()
    assert verified(place, tmp_path / "nothing") == 0
    assert not (tmp_path / "nothing").exists()


def test_a_restored_folder_knows_of_no_backup(demo: Path, place: Path, tmp_path: Path) -> None:
    backed_up(demo, place)
    assert restored(place, tmp_path / "back")["ok"]
    assert noted(tmp_path / "back") == ()


def test_a_record_that_can_t_be_read_is_none_and_written_anew(demo: Path, place: Path) -> None:
    backed_up(demo, place)
    for content in (b"", b"{}", b'{"version": 2, "places": []}'):
        (demo / FILE).write_bytes(content)
        assert noted(demo) == ()
    backed_up(demo, place)
    assert [one.place for one in noted(demo)] == [str(place)]


def test_a_backup_counts_though_it_can_t_be_noted(demo: Path, place: Path) -> None:
    (demo / "backups").write_text("a file in the way")
    result = run("backup", "--data", demo, "--to", place, "--without-keys")
    assert result.exit_code == 0
    assert "not noted in" in result.stderr
    assert verified(place, demo) in (0, 1)
    assert json.loads(done("verify", "--backup", place, "--without-keys", "--json"))["ok"]


def test_places_are_bounded_and_the_oldest_goes_first(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    looked = VerifiedBackup("n", 5, is_whole=True)
    for number in range(MAX_PLACES + 1):
        note_taken(disk, PlaceOfBackups(str(number), "n", number, 1, None, looked))
    found = read_places(disk)
    assert [one.place for one in found] == [str(number) for number in range(1, MAX_PLACES + 1)]
    note_taken(disk, PlaceOfBackups("1", "n", 99, 1, None, None))
    assert read_places(disk)[-1].place == "1"
    assert len(read_places(disk)) == MAX_PLACES


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_root_notes_belongs_to_the_folder_s_owner(demo: Path, place: Path) -> None:
    for path in (demo, *demo.rglob("*")):
        os.chown(path, 1234, 1234)
    backed_up(demo, place)
    told = {name: (demo / "backups" / name).stat().st_uid for name in ("places.json", "lock")}
    assert told == {"places.json": 1234, "lock": 1234}
    assert everything(demo / "backups").keys() == {"places.json", "lock"}
    shutil.rmtree(demo)
