"""`repair`: what can be repaired honestly, told before it is done, and nothing is thrown away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from authorizer.domain.access import DataAccess
from authorizer.domain.accounts.events import AccountCredited
from authorizer.persistence.journal import frame
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.access_log import AccessLog
from authorizer.persistence.state.record import encode
from tests.support.backups import backed_up, digest_at, digest_of_a_start
from tests.support.command_line import (
    batches,
    command_line,
    done,
    everything,
    flip,
    head,
    journal_files,
    json_lines,
    refused,
    run,
    take_snapshot,
    write_batch,
    write_events,
)
from tests.support.server import PATIENT, MakeServer

LATER_US = 4_000_000_000_000_000


def credit(number: int) -> AccountCredited:
    return AccountCredited(LATER_US + number, "t", "123", f"c{number}", "CASH", 1)


@pytest.fixture
def grown(demo: Path) -> Path:
    """Three segments; the newest has three batches."""
    for number in (1, 2):
        write_batch(demo, [encode(credit(number))], segment_bytes=1)
    for number in (3, 4):
        write_events(demo, credit(number))
    return demo


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def harm(data: Path, batch: int) -> None:
    """Change a byte in the body of a batch, counted from the journal's end."""
    found = batches(data)[batch]
    flip(data / found.segment, found.offset + 80)


# --- the newest segment --------------------------------------------------------------------------


def test_a_sound_folder_has_nothing_to_repair(grown: Path) -> None:
    take_snapshot(grown)
    before = everything(grown)
    assert "nothing to repair" in done("repair", "--data", grown)
    assert "nothing to repair" in done("repair", "--data", grown, "--yes")
    assert everything(grown) == before


def test_an_incomplete_batch_is_the_starts_matter(grown: Path) -> None:
    newest = journal_files(grown)[-1]
    newest.write_bytes(newest.read_bytes()[:-5])
    before = everything(grown)
    assert "nothing to repair" in done("repair", "--data", grown, "--yes")
    assert everything(grown) == before


def test_what_would_go_is_told_event_by_event_and_nothing_is_changed(grown: Path) -> None:
    ends = batches(grown)[-1].last_position
    harm(grown, -2)
    before = everything(grown)
    result = run("repair", "--data", grown)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert f"the journal ends at position {ends - 2}" in result.stdout
    (event,) = json_lines("\n".join(line for line in lines if line.startswith("{")))
    assert (event["position"], event["event"], event["credit_id"]) == (
        ends,
        "account_credited",
        "c4",
    )
    assert "1 records that can be read, as above, and 1 or more that can't" in result.stdout
    assert lines[-1] == "nothing was changed; --yes does it"
    assert everything(grown) == before


def test_a_damaged_end_is_cut_and_the_original_kept(grown: Path) -> None:
    ends = batches(grown)[-1].last_position
    digest = digest_at(grown, ends - 2)
    harm(grown, -2)
    newest = journal_files(grown)[-1]
    damaged = newest.read_bytes()
    told = done("repair", "--data", grown, "--yes")
    kept = newest.with_name(f"{newest.name}.damaged")
    assert f"kept           {kept}" in told
    assert kept.read_bytes() == damaged
    assert damaged.startswith(newest.read_bytes())
    assert digest_of_a_start(grown) == digest
    done("verify", "--data", grown)
    write_events(grown, credit(9))
    harm(grown, -1)
    done("repair", "--data", grown, "--yes")
    assert kept.read_bytes() == damaged
    assert kept.with_name(f"{kept.name}-2").exists()


def test_a_header_of_the_newest_segment(grown: Path) -> None:
    newest = journal_files(grown)[-1]
    flip(newest, 3)
    told = done("repair", "--data", grown, "--yes")
    assert told.count('"account_credited"') == 3, "all that were in it"
    assert not newest.exists()
    done("verify", "--data", grown)


def test_a_snapshot_that_knows_what_goes_is_put_aside(grown: Path) -> None:
    taken = take_snapshot(grown)
    harm(grown, -1)
    told = done("repair", "--data", grown, "--yes")
    assert f"{taken}.ahead-of-" in told
    done("verify", "--data", grown)
    done("snapshot", "--data", grown)


# --- what can't be cut ---------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["changed", "missing", "shortened", "foreign"])
def test_damage_before_the_newest_segment_is_not_cut(grown: Path, what: str) -> None:
    if what == "changed":
        harm(grown, -5)
    elif what == "shortened":
        last = batches(grown)[-4]
        os.truncate(grown / last.segment, last.offset)
    elif what == "foreign":
        first = batches(grown)[-3]
        header = frame.segment_header(first.first_position, b"another journal's".ljust(32))
        newest = journal_files(grown)[-1]
        newest.write_bytes(header + newest.read_bytes()[len(header) :])
    else:
        journal_files(grown)[1].unlink()
    before = everything(grown)
    told = refused("repair", "--data", grown, "--yes")
    assert "--backup PLACE" in told
    assert everything(grown) == before


def test_a_folder_in_use_is_refused(make_server: MakeServer) -> None:
    server = make_server(*PATIENT).start()
    for words in ((), ("--yes",)):
        assert "is in use" in refused("repair", "--data", server.data, *words)


# --- from a backup -------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["middle", "missing", "newest", "both", "header"])
def test_a_backup_loses_nothing(grown: Path, place: Path, what: str) -> None:
    """Not even what the newest segment got behind the backup."""
    backed_up(grown, place)
    write_events(grown, credit(5))
    whole = head(grown)
    harmed = {"middle": [-6], "newest": [-3], "both": [-3, -6]}.get(what, [])
    for batch in [batches(grown)[number] for number in harmed]:
        flip(grown / batch.segment, batch.offset + 80)
    if what == "missing":
        journal_files(grown)[1].unlink()
    if what == "header":
        flip(journal_files(grown)[-1], 3)
    assert run("verify", "--data", grown).exit_code == 1
    words = ("repair", "--data", grown, "--backup", place)
    before = everything(grown)
    told = run(*words)
    assert (told.exit_code, told.stdout.count("from backup")) == (1, 2 if what == "both" else 1)
    assert "lost" not in told.stdout
    assert everything(grown) == before
    assert (what == "missing") != ("kept" in done(*words, "--yes"))
    done("verify", "--data", grown, "--expect", whole)


def test_damage_behind_the_backups_end_is_cut(grown: Path, place: Path) -> None:
    backed_up(grown, place)
    kept = head(grown)
    write_events(grown, credit(5))
    harm(grown, -1)
    told = done("repair", "--data", grown, "--backup", place, "--yes")
    assert "from backup" not in told
    assert "1 or more that can't be" in told
    done("verify", "--data", grown, "--expect", kept)


# --- beside the journal --------------------------------------------------------------------------


def test_a_damaged_snapshot_is_put_aside(grown: Path) -> None:
    taken = take_snapshot(grown)
    flip(taken, 100)
    assert run("verify", "--data", grown).exit_code == 1
    assert "it is put aside" in run("repair", "--data", grown).stdout
    done("repair", "--data", grown, "--yes")
    assert taken.with_name(f"{taken.name}.damaged").exists()
    done("verify", "--data", grown)


def test_the_access_log_too(grown: Path, place: Path) -> None:
    log = AccessLog(LocalDisk(grown / "access-log"))
    for who in ("a", "b"):
        log.write([DataAccess(1, f"auditor:{who}", "k", ("c",), "r")])
    log.close()
    backed_up(grown, place)
    (file,) = journal_files(grown / "access-log")
    sound = file.read_bytes()
    flip(file, len(sound) - 5)
    told = run("repair", "--data", grown).stdout
    assert "the access log ends at position 1" in told
    done("repair", "--data", grown, "--backup", place, "--yes")
    assert file.read_bytes() == sound
    flip(file, len(sound) - 5)
    done("repair", "--data", grown, "--yes")
    done("verify", "--data", grown)


def test_personal_text_is_not_printed(grown: Path) -> None:
    first = batches(grown)[0]
    for path in journal_files(grown)[1:]:
        path.unlink()
    flip(grown / first.segment, first.offset + 80)
    told = run("repair", "--data", grown).stdout
    assert '"customer_registered"' in told
    assert "v1:" in told
    assert "Leonardo" not in told


def test_the_repaired_folder_is_served(grown: Path) -> None:
    harm(grown, -1)
    serve = command_line("serve", "--port", "0", "--data", grown)
    ended = subprocess.run(serve, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "is damaged at byte" in ended.stderr) == (1, True)
    done("repair", "--data", grown, "--yes")
    done("snapshot", "--data", grown)
