"""`backup` and `restore`, and `verify --backup`."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.access import DataAccess
from authorizer.domain.accounts.events import AccountCredited
from authorizer.domain.customers.events import PersonalDataErased
from authorizer.persistence.backup import key_copies
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy import vault as vaults
from authorizer.persistence.privacy.access_log import AccessLog, read_accesses
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.record import encode
from authorizer.persistence.stores.folder_store import FolderStore
from tests.support.backups import backed_up, digest_at, digest_of_a_start, keys_of, restored
from tests.support.command_line import (
    batches,
    command_line,
    done,
    everything,
    flip,
    head,
    journal_files,
    refused,
    run,
    take_snapshot,
    write_batch,
    write_events,
)

LATER_US = 4_000_000_000_000_000


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


@pytest.fixture
def back(tmp_path: Path) -> Path:
    """Where a folder is restored to."""
    return tmp_path / "back"


def credit(number: int) -> AccountCredited:
    return AccountCredited(LATER_US + number, "t", "123", f"c{number}", "CASH", 1)


def grow(data: Path, *numbers: int) -> None:
    """Add a batch with a credit to the journal, in a segment of its own, for each number."""
    for number in numbers:
        write_batch(data, [encode(credit(number))], segment_bytes=1)


def log_access(data: Path) -> None:
    log = AccessLog(LocalDisk(data / "access-log"))
    log.write([DataAccess(1, "auditor:x", "k", ("c",), "r")])
    log.close()


def objects(place: Path, folder: str = "journal") -> set[str]:
    return {path.name for path in (place / folder).iterdir()}


def whole(place: Path, *flags: object) -> dict[str, Any]:
    """What `verify` finds of a backup that must be whole."""
    words = ("--backup", place, "--keys-from", keys_of(place), "--json", *flags)
    return dict(json.loads(done("verify", *words)))


def amiss(place: Path) -> list[str]:
    """The problems that `verify` finds of a backup."""
    result = run("verify", "--backup", place, "--keys-from", keys_of(place), "--json")
    assert result.exit_code == 1
    return [found["problem"] for found in json.loads(result.stdout)["problems"]]


# --- there and back ------------------------------------------------------------------------------


def test_what_is_restored_equals_what_was_backed_up(demo: Path, place: Path, back: Path) -> None:
    grow(demo, 1, 2, 3)
    log_access(demo)
    done("keys", "create", "--role", "operador", "--name", "caixa", "--data", demo)
    done("users", "create", "ana", "--role", "auditor", "--name", "Ana", "--data", demo)
    taken = backed_up(demo, place)
    assert (f"{taken['position']}:{taken['chain']}", taken["segments"]) == (head(demo), 4)
    assert whole(place)["position"] == taken["position"]
    assert restored(place, back)["ok"]
    for folder in ("journal", "keys", "access-log/journal"):
        names = {name for name in everything(demo / folder) if name != "clean-shutdown"}
        assert everything(back / folder) == {
            name: everything(demo / folder)[name] for name in names
        }
    for file in ("access/api-keys.json", "access/users.json"):
        assert (back / file).read_bytes() == (demo / file).read_bytes()
    assert digest_of_a_start(back) == digest_at(demo, taken["position"])
    done("verify", "--data", back, "--expect", head(demo))
    done("snapshot", "--data", back)


def test_a_second_backup_stores_what_is_new(demo: Path, place: Path, back: Path) -> None:
    grow(demo, 1, 2)
    first = backed_up(demo, place)
    assert (first["segments"], first["new_files"]) == (3, 3)
    again = backed_up(demo, place)
    assert (again["new_files"], again["new_bytes"]) == (0, 0)
    write_events(demo, credit(3))
    grow(demo, 4)
    assert backed_up(demo, place)["new_files"] == 2, (
        "the last segment has grown, and there is another"
    )
    restored(place, back)
    assert head(back) == head(demo)
    assert len(list((place / "manifests").iterdir())) == 3


def test_full_segments_are_not_read_again(demo: Path, place: Path) -> None:
    grow(demo, 1, 2)
    backed_up(demo, place)
    flip(journal_files(demo)[0], 100)
    grow_behind_damage = backed_up(demo, place)
    assert grow_behind_damage["segments"] == 3


def test_a_snapshot_comes_along_if_wished(demo: Path, place: Path, back: Path) -> None:
    take_snapshot(demo)
    assert not (place / "snapshots").exists()
    backed_up(demo, place, "--snapshot")
    (checked,) = whole(place)["snapshots"]
    assert checked["makes_the_same_state"]
    restored(place, back)
    assert everything(back / "snapshots") == everything(demo / "snapshots")


def test_older_backups_go_with_what_only_they_have(demo: Path, place: Path, back: Path) -> None:
    grow(demo, 0)
    for number in range(1, 5):
        write_events(demo, credit(number))
        backed_up(demo, place)
    assert len(objects(place)) == 5
    told = backed_up(demo, place, "--keep", 2)
    assert (told["taken_away"], len(objects(place, "manifests"))) == (3, 2)
    assert len(objects(place)) == 2, "all have the first segment, and both the journal's end"
    assert restored(place, back)["position"] == told["position"]


# --- to a position, or a time --------------------------------------------------------------------


@pytest.fixture
def grown(demo: Path) -> Path:
    """Four credits, each in a segment, then two in one batch."""
    grow(demo, 1, 2, 3, 4)
    write_events(demo, credit(5), credit(6))
    return demo


@pytest.mark.parametrize(
    ("at", "behind"),
    [("end-6", 6), ("end-5", 5), ("end-2", 2), ("end-1", 2), ("end-0", 0)],
    ids=["before all", "a segment", "before the last batch", "within it", "the end"],
)
def test_to_a_position(grown: Path, place: Path, back: Path, at: str, behind: int) -> None:
    ends = backed_up(grown, place)["position"]
    told = restored(place, back, "--at", ends - int(at[4:]))
    assert (told["position"], told["left_out"]) == (ends - behind, behind)
    assert digest_of_a_start(back) == digest_at(grown, told["position"])


def test_to_a_time(grown: Path, place: Path, back: Path) -> None:
    ends = backed_up(grown, place)["position"]
    third = json.loads(done("inspect", "--data", grown, "--from", ends - 3, "--limit", 1))
    told = restored(place, back, "--at", third["at"])
    assert (told["position"], told["newest_event_at"]) == (ends - 3, third["at"])
    assert told["left_out"] == 3


def test_a_position_that_no_backup_has_is_refused(demo: Path, place: Path, back: Path) -> None:
    ends = backed_up(demo, place)["position"]
    words = ("--from", place, "--without-keys", "--data", back)
    assert f"ends at position {ends}" in refused("restore", *words, "--at", ends + 1)
    assert not back.exists()


def test_a_time_before_everything_restores_nothing(demo: Path, place: Path, back: Path) -> None:
    backed_up(demo, place)
    words = ("--from", place, "--without-keys", "--data", back)
    assert "no batch" in refused("restore", *words, "--at", "2001-01-01T00:00:00Z")


def test_an_older_backup_by_its_name(demo: Path, place: Path, back: Path) -> None:
    first = backed_up(demo, place)
    grow(demo, 1)
    backed_up(demo, place)
    assert restored(place, back, "--name", first["backup"])["position"] == first["position"]
    words = ("--from", place, "--without-keys", "--data", back / "other")
    assert "no backup 'x'" in refused("restore", *words, "--name", "x")


# --- keys and erasure ----------------------------------------------------------------------------


def erase(data: Path, customer_id: str) -> None:
    """What an erasure does to a folder: its event, then the key."""
    write_events(data, PersonalDataErased(LATER_US, "t", customer_id))
    vault = Vault(LocalDisk(data), "keys")
    vault.destroy([customer_id])
    vault.close()


def test_an_erasure_reaches_the_keys_of_earlier_backups(
    demo: Path, place: Path, back: Path
) -> None:
    before = backed_up(demo, place)
    (stored,) = keys_of(place).rglob("*.keys")
    secret = stored.read_bytes()[64:]
    erase(demo, "12345")
    backed_up(demo, place)
    assert secret.strip(b"\0") not in stored.read_bytes()
    assert [path for path in keys_of(place).rglob("*") if path.is_file()] == [stored]
    told = restored(place, back, "--at", before["position"])
    assert told["erase_again"] == ["12345"]
    assert whole(place)["keys"]["destroyed"] == 1


def test_the_keys_of_another_folder_are_not_replaced(demo: Path, place: Path) -> None:
    backed_up(demo, place)
    vault = Vault(LocalDisk(demo), "other")
    vault.create(["somebody"])
    vault.close()
    shutil.copyfile(demo / "other/customers.keys", demo / "keys/customers.keys")
    before = everything(keys_of(place))
    words = ("--data", demo, "--to", place, "--keys-to", keys_of(place))
    assert "nothing was put in their place" in refused("backup", *words)
    assert everything(keys_of(place)) == before


def test_a_key_that_is_destroyed_meanwhile_is_in_the_journal_too(
    demo: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is read anew where a key was destroyed while it was read."""
    real = vaults.read_key_file
    reads = 0

    def read(*arguments: Any) -> bytes:
        nonlocal reads
        reads += 1
        if reads == 2:
            erase(demo, "12345")
        return real(*arguments)

    monkeypatch.setattr(key_copies, "read_key_file", read)
    backed_up(demo, place)
    monkeypatch.undo()
    assert whole(place)["position"] == batches(demo)[-1].last_position
    assert reads == 4


def test_it_must_be_said_what_becomes_of_the_keys(demo: Path, place: Path, back: Path) -> None:
    for words in (
        ("backup", "--data", demo, "--to", place),
        ("backup", "--data", demo, "--to", place, "--keys-to", place, "--without-keys"),
        ("restore", "--data", back, "--from", place),
        ("verify", "--backup", place),
    ):
        assert "--without-keys" in refused(*words, status=2)
    done("backup", "--data", demo, "--to", place, "--without-keys")
    assert "not checked" in done("verify", "--backup", place, "--without-keys")
    done("restore", "--data", back, "--from", place, "--without-keys")
    assert not (back / "keys").exists()


def test_keys_that_are_missing_are_told(demo: Path, place: Path, back: Path) -> None:
    backed_up(demo, place)
    shutil.rmtree(keys_of(place))
    assert "the key file is missing" in amiss(place)
    words = ("--from", place, "--keys-from", keys_of(place), "--data", back)
    assert ".keys" in refused("restore", *words)
    assert not back.exists()


# --- what is refused -----------------------------------------------------------------------------


def test_another_journal_does_not_go_to_the_same_place(
    demo: Path, place: Path, tmp_path: Path
) -> None:
    backed_up(demo, place)
    other = tmp_path / "other"
    done("init", "--demo", "--data", other)
    before = everything(place)
    words = ("--to", place, "--without-keys")
    assert "another place" in refused("backup", "--data", other, *words)
    assert everything(place) == before


def test_a_journal_that_lost_its_end_does_not_either(demo: Path, place: Path) -> None:
    write_events(demo, credit(1))
    backed_up(demo, place)
    (file,) = journal_files(demo)
    file.write_bytes(file.read_bytes()[: batches(demo)[-1].offset])
    words = ("--data", demo, "--to", place, "--without-keys")
    assert "lost its end" in refused("backup", *words)
    write_events(demo, credit(2), credit(3))
    assert "lost its end" in refused("backup", *words), "it has gone on otherwise"


def test_a_journal_without_its_newest_segment_does_not_either(demo: Path, place: Path) -> None:
    grow(demo, 1)
    backed_up(demo, place)
    journal_files(demo)[-1].unlink()
    words = ("--data", demo, "--to", place, "--without-keys")
    assert "which was backed up from it" in refused("backup", *words)


def test_a_damaged_journal_is_not_backed_up(demo: Path, place: Path) -> None:
    backed_up(demo, place)
    first = batches(demo)[0]
    flip(journal_files(demo)[0], first.offset + 80)
    before = everything(place)
    words = ("--data", demo, "--to", place, "--without-keys")
    assert "is damaged at byte" in refused("backup", *words)
    assert everything(place) == before


def test_a_missing_beginning_is_told(demo: Path, place: Path) -> None:
    grow(demo, 1)
    journal_files(demo)[0].unlink()
    assert "too late" in refused("backup", "--data", demo, "--to", place, "--without-keys")


def test_an_empty_journal_has_nothing_to_back_up(data: Path, place: Path) -> None:
    done("init", "--data", data)
    words = ("--data", data, "--to", place, "--without-keys")
    assert "no records yet" in refused("backup", *words)


def test_a_folder_that_is_not_empty_is_not_restored_into(demo: Path, place: Path) -> None:
    backed_up(demo, place)
    before = everything(demo)
    words = ("--from", place, "--keys-from", keys_of(place), "--data", demo)
    assert "is not empty" in refused("restore", *words)
    assert everything(demo) == before


def test_a_new_file_system_is_empty(demo: Path, place: Path, back: Path) -> None:
    backed_up(demo, place)
    (back / "lost+found").mkdir(parents=True)
    assert restored(place, back)["ok"]


# --- damage --------------------------------------------------------------------------------------


def test_every_file_that_changed_or_went_is_found(demo: Path, place: Path, back: Path) -> None:
    grow(demo, 1)
    done("keys", "create", "--role", "operador", "--name", "caixa", "--data", demo)
    log_access(demo)
    take_snapshot(demo)
    backed_up(demo, place, "--snapshot")
    files = [name for name in everything(place) if not name.startswith("manifests")]
    assert {name.split("/")[0] for name in files} == {
        "journal", "snapshots", "access", "access-log",
    }  # fmt: skip
    breaks: dict[str, Callable[[Path], None]] = {
        "does not match its SHA-256": lambda path: flip(path, 70),
        "were stored": lambda path: os.truncate(path, 71),
        "is missing": Path.unlink,
    }
    words = ("--from", place, "--keys-from", keys_of(place), "--data", back)
    for name in files:
        sound = (place / name).read_bytes()
        for told, break_it in breaks.items():
            break_it(place / name)
            assert any(told in one for one in amiss(place)), (name, told, amiss(place))
            assert Path(name).stem in refused("restore", *words)
            assert (back / "restoring").exists()
            shutil.rmtree(back)
            (place / name).write_bytes(sound)
    assert restored(place, back)["ok"]


def test_a_changed_manifest_is_told(demo: Path, place: Path, back: Path) -> None:
    backed_up(demo, place)
    (manifest,) = (place / "manifests").iterdir()
    manifest.write_bytes(manifest.read_bytes().replace(b"first_position", b"first_pOsition"))
    words = ("--from", place, "--without-keys", "--data", back)
    assert "no manifest" in refused("restore", *words)
    assert "no manifest" in refused("backup", "--data", demo, "--to", place, "--without-keys")


def test_a_restore_that_was_broken_off_is_not_started(demo: Path, place: Path, back: Path) -> None:
    backed_up(demo, place)
    (stored,) = (place / "journal").iterdir()
    flip(stored, 100)
    words = ("--from", place, "--keys-from", keys_of(place), "--data", back)
    refused("restore", *words)
    assert "was not restored to its end" in refused("init", "--data", back)
    serve = command_line("serve", "--port", "0", "--data", back)
    ended = subprocess.run(serve, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "was not restored to its end" in ended.stderr) == (1, True)
    assert "is not empty" in refused("restore", *words)


def test_a_backup_that_was_broken_off_is_none(
    demo: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the place fails: the one before stays the newest, and the next goes on."""
    backed_up(demo, place)
    grow(demo, 1, 2)
    log_access(demo)
    before, put = objects(place, "manifests"), FolderStore.put
    words = ("--data", demo, "--to", place, "--keys-to", keys_of(place))
    failed = 0
    while True:
        left = failed

        def failing(store: FolderStore, name: str, data: bytes) -> None:
            nonlocal left
            if left == 0:
                raise OSError(errno.ENOSPC, "no room")
            left -= 1
            put(store, name, data)

        with monkeypatch.context() as patch:
            patch.setattr(FolderStore, "put", failing)
            if run("backup", *words).exit_code == 0:
                break
            assert run("backup", *words).exit_code == 74
        assert objects(place, "manifests") == before
        whole(place)
        failed += 1
    assert failed > 2
    assert whole(place)["position"] == batches(demo)[-1].last_position


def test_a_place_without_backups_is_told(place: Path, back: Path) -> None:
    words = ("--from", place, "--without-keys", "--data", back)
    assert "there is no backup" in refused("restore", *words)
    assert "there is no backup" in refused("verify", "--backup", place, "--without-keys")


def test_the_access_log_comes_back(demo: Path, place: Path, back: Path) -> None:
    log_access(demo)
    backed_up(demo, place)
    restored(place, back)
    found = list(read_accesses(LocalDisk(back / "access-log")))
    assert [access.access.by for access in found] == ["auditor:x"]
