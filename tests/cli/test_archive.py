"""`archive`: old segments go to another place; who needs them says so, and finds them there."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.accounts.events import AccountCredited
from authorizer.persistence.backup import archiving
from authorizer.persistence.journal.journal_files import JournalFiles
from authorizer.persistence.journal.place import BEGINNING
from authorizer.persistence.journal.segments import JournalBeginsLateError
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.record import encode
from tests.support.backups import backed_up, digest_of_a_start, restored
from tests.support.command_line import (
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
)
from tests.support.object_store import s3
from tests.support.server import PATIENT, MakeServer, Server

LATER_US = 4_000_000_000_000_000
NO_REPORTS = ("--reports", "false")


@pytest.fixture
def cold(tmp_path: Path) -> Path:
    """Where segments are archived to."""
    return tmp_path / "cold"


def grow(data: Path, *numbers: int) -> None:
    for number in numbers:
        event = AccountCredited(LATER_US + number, "t", "123", f"c{number}", "CASH", 1)
        write_batch(data, [encode(event)], segment_bytes=1)


@pytest.fixture
def grown(demo: Path) -> Path:
    """Seven segments; a snapshot of five of them."""
    grow(demo, 1, 2, 3, 4)
    take_snapshot(demo)
    grow(demo, 5, 6)
    return demo


def archived(data: Path, place: object, *flags: object) -> dict[str, Any]:
    words = ("--data", data, "--to", place, "--json", *(flags or NO_REPORTS))
    return dict(json.loads(done("archive", *words)))


def names(data: Path) -> list[str]:
    return [path.name for path in journal_files(data)]


# --- what goes and what stays --------------------------------------------------------------------


def test_segments_that_a_snapshot_covers_go_and_a_start_does_without(
    grown: Path, cold: Path
) -> None:
    before, digest, there = everything(grown / "journal"), digest_of_a_start(grown), names(grown)
    told = archived(grown, cold)
    assert names(grown) == there[5:], "those behind the snapshot"
    assert told["segments"] == 5
    stored = {path.name.partition("-")[0]: path for path in (cold / "journal").iterdir()}
    for name in there[:5]:
        assert gzip.decompress(stored[name.removesuffix(".journal")].read_bytes()) == before[name]
    assert told["freed_bytes"] == sum(len(before[name]) for name in there[:5])
    assert digest_of_a_start(grown) == digest
    done("snapshot", "--data", grown)


def test_the_next_time_it_goes_on(grown: Path, cold: Path) -> None:
    archived(grown, cold)
    assert archived(grown, cold)["segments"] == 0
    for path in (grown / "snapshots").iterdir():
        path.unlink()
    take_snapshot_with(grown, cold)
    assert archived(grown, cold)["segments"] == 1
    assert len(names(grown)) == 1
    done("verify", "--data", grown, "--archived", cold)


def take_snapshot_with(data: Path, place: Path) -> None:
    done("snapshot", "--data", data, "--archived", place)


@pytest.mark.parametrize("snapshots", ["none", "damaged"])
def test_without_a_snapshot_nothing_goes(grown: Path, cold: Path, snapshots: str) -> None:
    (taken,) = (grown / "snapshots").iterdir()
    if snapshots == "none":
        taken.unlink()
    else:
        flip(taken, 100)
    before = everything(grown)
    assert archived(grown, cold)["segments"] == 0
    assert "nothing to archive" in done("archive", "--data", grown, "--to", cold, *NO_REPORTS)
    assert everything(grown) == before


def test_every_snapshot_that_is_kept_stays_of_use(grown: Path, cold: Path) -> None:
    take_snapshot(grown)
    assert archived(grown, cold)["segments"] == 5, "those of the older snapshot"


def test_what_the_reports_tables_lack_stays(grown: Path, cold: Path) -> None:
    assert archived(grown, cold, "--reports", "true")["segments"] == 0
    done("reports", "rebuild", "--data", grown)
    assert archived(grown, cold, "--reports", "true")["segments"] == 5


def test_a_broken_off_archiving_is_gone_on_with(
    grown: Path, cold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(grown)
    monkeypatch.setattr(archiving, "_remove", lambda *_: archiving.Moved(0, 0, 0))
    archived(grown, cold)
    monkeypatch.undo()
    assert names(grown) == before
    assert archived(grown, cold)["segments"] == 5
    assert len(names(grown)) == 2


# --- what is refused -----------------------------------------------------------------------------


def test_a_folder_in_use_is_refused(make_server: MakeServer, cold: Path) -> None:
    server = make_server(*PATIENT, *NO_REPORTS).start()
    assert "is in use" in refused("archive", "--data", server.data, "--to", cold, *NO_REPORTS)
    assert not cold.exists()


def test_a_damaged_segment_is_not_archived(grown: Path, cold: Path) -> None:
    before = everything(grown)
    flip(journal_files(grown)[1], 100)
    assert "damaged at byte" in refused("archive", "--data", grown, "--to", cold, *NO_REPORTS)
    flip(journal_files(grown)[1], 100)
    assert everything(grown) == before


def test_what_was_stored_is_read_back_before_anything_goes(
    grown: Path, cold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(grown)
    monkeypatch.setattr(archiving, "compressed", lambda data: gzip.compress(data[:-1]))
    assert "is not what was written" in refused(
        "archive", "--data", grown, "--to", cold, *NO_REPORTS
    )
    assert names(grown) == before


def test_a_place_takes_one_journal(grown: Path, cold: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done("init", "--data", other)
    done("import", "-", "--data", other, stdin='{"account": "1", "balances": {}}\n')
    grow(other, 1, 2)
    take_snapshot(other)
    archived(other, cold)
    before = everything(grown)
    told = refused("archive", "--data", grown, "--to", cold, *NO_REPORTS)
    assert "another journal" in told
    assert everything(grown) == before


def test_a_gap_is_refused(grown: Path, cold: Path, tmp_path: Path) -> None:
    archived(grown, cold)
    (grown / "snapshots").joinpath(next((grown / "snapshots").iterdir()).name).unlink()
    take_snapshot_with(grown, cold)
    told = refused("archive", "--data", grown, "--to", tmp_path / "elsewhere", *NO_REPORTS)
    assert "does not go on" in told


# --- who needs them ------------------------------------------------------------------------------


@pytest.fixture
def short(grown: Path, cold: Path) -> Path:
    """A folder whose first segments were archived."""
    archived(grown, cold)
    return grown


READERS = (
    ("replay",),
    ("explain", "--account", "123", "--id", "x"),
    ("backtest", "LIMITS"),
    ("reports", "rebuild"),
)


@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_who_reads_from_the_beginning_says_so_and_finds_it(
    words: tuple[str, ...], short: Path, cold: Path, tmp_path: Path
) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text('{"a": {"window": "day", "max_count": 1}}')
    command = [str(limits) if word == "LIMITS" else word for word in words]
    told = refused(*command, "--data", short)
    assert "--archived PLACE" in told
    result = run(*command, "--data", short, "--archived", cold)
    assert result.exit_code == 0 or "has no decision" in result.stderr


def test_a_follower_that_begins_at_the_beginning_is_not_fed_less(short: Path) -> None:
    disk, ends = LocalDisk(short), batches_end(short)
    with pytest.raises(JournalBeginsLateError):
        list(JournalFiles(disk, whole=True).batches(BEGINNING, ends))
    assert list(JournalFiles(disk).batches(BEGINNING, ends))


def batches_end(data: Path) -> int:
    return int(head(data).partition(":")[0])


def test_verify_reads_them_too(short: Path, cold: Path) -> None:
    found = json.loads(run("verify", "--json", "--data", short).stdout)
    assert not found["ok"]
    assert any("--archived" in one["problem"] for one in found["problems"])
    expected = ("--expect", head(short))
    found = json.loads(done("verify", "--json", "--data", short, "--archived", cold, *expected))
    assert (found["segments"], found["snapshots"][0]["makes_the_same_state"]) == (7, True)


@pytest.mark.parametrize("harm", ["changed", "missing", "list"])
def test_damage_of_an_archived_segment_is_found(short: Path, cold: Path, harm: str) -> None:
    one = sorted((cold / "journal").iterdir())[1]
    if harm == "changed":
        flip(one, 50)
    elif harm == "missing":
        one.unlink()
    else:
        flip(cold / "archived-segments.json", 200)
        assert "no list of segments" in refused("verify", "--data", short, "--archived", cold)
        return
    found = json.loads(run("verify", "--json", "--data", short, "--archived", cold).stdout)
    assert not found["ok"]
    assert any(one.name in each["file"] for each in found["problems"])


def test_inspect_shows_what_is_there_and_says_what_is_not(short: Path, cold: Path) -> None:
    result = run("inspect", "--data", short)
    assert json_lines(result.stdout)[0]["position"] > 1
    assert "begins at position" in result.stderr
    whole = run("inspect", "--data", short, "--archived", cold)
    assert (json_lines(whole.stdout)[0]["position"], whole.stderr) == (1, "")


def test_a_start_without_a_snapshot_needs_them(short: Path, cold: Path) -> None:
    digest = digest_of_a_start(short)
    for path in (short / "snapshots").iterdir():
        path.unlink()
    assert "--archived PLACE" in refused("snapshot", "--data", short)
    take_snapshot_with(short, cold)
    assert digest_of_a_start(short) == digest


def test_the_first_backup_needs_them_and_later_ones_do_not(
    grown: Path, cold: Path, tmp_path: Path
) -> None:
    early, late, back = tmp_path / "early", tmp_path / "late", tmp_path / "back"
    backed_up(grown, early)
    archived(grown, cold)
    grow(grown, 7)
    assert backed_up(grown, early)["segments"] == 8
    words = ("--data", grown, "--to", late, "--without-keys")
    assert "--archived" in refused("backup", *words)
    backed_up(grown, late, "--archived", cold)
    for place in (early, late):
        assert restored(place, back / place.name)["ok"]
        done("verify", "--data", back / place.name, "--expect", head(grown))


def test_an_object_store_takes_them(grown: Path) -> None:
    with s3() as url:
        assert archived(grown, url)["segments"] == 5
        done("verify", "--data", grown, "--archived", url)


def server_with_archived(make_server: MakeServer, cold: Path) -> Server:
    """A server that has ended, with account 1, and whose old segments lie elsewhere."""
    server = make_server(*PATIENT, "--trust-clock", "--segment-mib", "1").start()
    server.client.open_account("1", CASH="1000.00")
    assert server.stop() == 0
    grow(server.data, 1, 2)
    for path in (server.data / "snapshots").iterdir():
        path.unlink()
    take_snapshot(server.data)
    assert archived(server.data, cold)["segments"] > 0
    return server


def test_a_server_goes_on_and_its_reports_find_them(make_server: MakeServer, cold: Path) -> None:
    server = server_with_archived(make_server, cold)
    server.flags = (*server.flags, "--archived", str(cold))
    server.start()
    statement = server.client.get("/accounts/1/transactions")
    assert statement.status == 200, "the tables are behind, and are fed from both"
    assert server.stop() == 0


def test_a_server_tells_events_of_both_or_from_where_on_there_are_any(
    make_server: MakeServer, cold: Path
) -> None:
    server = server_with_archived(make_server, cold)
    flags, server.flags = server.flags, (*server.flags, *NO_REPORTS)
    gone = server.start().client.get("/events", types="account_opened")
    assert gone.status == 410
    (before,) = re.findall(r"after=(\d+)", gone.json()["detail"])
    assert server.client.get("/events", after=str(int(before) - 1)).status == 410
    told = server.client.get("/events", after=before).json()
    assert told["events"][0]["position"] == int(before) + 1
    assert server.stop() == 0
    server.flags = (*flags, "--archived", str(cold))
    told = server.start().client.get("/events", types="account_opened").json()
    assert [event["account"] for event in told["events"]] == ["1"]
    assert server.stop() == 0
