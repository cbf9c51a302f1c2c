"""Every archive does the same: purchases are found as they were at a position, and only those."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.accounts.leaving import ClosedPurchases, Leaving
from authorizer.persistence.archive import database, id_filter
from authorizer.persistence.archive.archive_to_read import ArchiveToRead
from authorizer.persistence.archive.id_filter import Generation, IdFilter
from authorizer.persistence.archive.memory_archive import MemoryArchive
from authorizer.persistence.archive.protocol import Archive, ArchiveError
from authorizer.persistence.archive.sqlite_archive import SqliteArchive

REFUSED = "INSERT OR REPLACE INTO purchases VALUES (?, ?, ?, ?, nullif(?, 5), ?)"
"""The fourth row is refused: it has no number."""
ENTRY = "{at}\0approved\1MEAL\1\0100\0\0005812\0LOJA"


def closed(account_id: str, position: int, *names: str, at_us: int = 7) -> ClosedPurchases:
    """Purchases of one message, a page and single entries, and one of several messages."""
    entries = {name: ENTRY.format(at=at_us) for name in names}
    several = (Leaving(f"{name}-h", at_us, [f"{name}-h", position], 3) for name in names)
    return ClosedPurchases(account_id, position, (entries,), {}, tuple(several))


@pytest.fixture(params=["memory", "sqlite"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    made: Archive
    if request.param == "memory":
        numbers = count()
        made = MemoryArchive(lambda: f"archive {next(numbers)}")
    else:
        made = SqliteArchive(tmp_path / "archive")
    yield made
    made.close()


def test_an_archive_that_has_taken_nothing_says_so(archive: Archive) -> None:
    assert not archive.has_any
    assert archive.mark.taken == 0
    assert not archive.may_hold("a", "t")
    assert archive.find("a", "t") is None
    assert list(archive.of_account("a")) == []


def test_what_was_taken_is_found_under_its_account_and_id(archive: Archive) -> None:
    archive.put([closed("a", 5, "t"), closed("b", 6, "u")])
    assert archive.has_any
    assert archive.mark.taken == 4
    single, several = archive.find("a", "t"), archive.find("a", "t-h")
    assert single is not None
    assert several is not None
    assert (single.form, single.changed_us, single.position) == (ENTRY.format(at=7), 7, 5)
    assert (several.purchase_id, several.form) == ("t-h", ["t-h", 5])
    assert archive.may_hold("a", "t")
    assert archive.may_hold("b", "u-h")
    assert archive.find("b", "t") is None
    assert archive.find("a", "u") is None


def test_the_newest_form_is_found_and_that_from_before_a_position(archive: Archive) -> None:
    archive.put([closed("a", 5, "t")])
    archive.put([closed("a", 9, "t", at_us=8)])
    positions = [
        None if found is None else found.position
        for found in (archive.find("a", "t-h", before) for before in (5, 6, 9, 10))
    ]
    assert positions == [None, 5, 5, 9]
    assert archive.mark.taken == 4
    found = {each.purchase_id: each.position for each in archive.of_account("a")}
    assert found == {"t": 9, "t-h": 9}


def test_what_lies_behind_the_journals_end_is_cut(archive: Archive) -> None:
    archive.put([closed("a", 5, "t")])
    archive.put([closed("a", 9, "t"), closed("a", 9, "u")])
    archive.cut_after(8)
    found = archive.find("a", "t")
    assert found is not None
    assert found.position == 5
    assert archive.find("a", "u") is None


def test_one_that_begins_anew_is_another(archive: Archive) -> None:
    archive.put([closed("a", 5, "t")])
    before = archive.mark
    archive.begin_anew()
    assert archive.mark.identity != before.identity
    assert archive.mark.taken == 0
    assert not archive.has_any
    assert archive.find("a", "t") is None
    archive.put([closed("a", 5, "t")])
    assert archive.find("a", "t") is not None


def test_texts_of_any_kind_are_ids(archive: Archive) -> None:
    names = ["", "\0", "é", "a/b", "x" * 200, "\U0001f600"]
    archive.put([closed("ação", 3, *names)])
    assert all(archive.find("ação", name) is not None for name in names)
    assert {each.purchase_id for each in archive.of_account("ação")} == {
        each for name in names for each in (name, f"{name}-h")
    }


# --- in files ------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generations of eight and of sixteen purchases."""
    monkeypatch.setattr("authorizer.persistence.archive.id_filter.SMALLEST", 8)
    monkeypatch.setattr("authorizer.persistence.archive.id_filter.LARGEST", 16)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("in_order", [True, False], ids=["closed", "killed"])
def test_all_is_there_after_a_restart(in_order: bool, tmp_path: Path) -> None:
    archive = SqliteArchive(tmp_path)
    for number in range(40):
        archive.put([closed("a", number + 1, f"t{number}")])
    mark = archive.mark
    if in_order:
        archive.close()
    again = SqliteArchive(tmp_path)
    assert again.mark == mark
    for number in range(40):
        assert again.may_hold("a", f"t{number}")
        assert again.may_hold("a", f"t{number}-h")
        assert again.find("a", f"t{number}") is not None
    again.put([closed("a", 99, "late")])
    assert again.may_hold("a", "late")
    again.close()
    if not in_order:
        archive.close()


@pytest.mark.usefixtures("small")
def test_generations_that_are_past_the_retention_go_whole(tmp_path: Path) -> None:
    archive = SqliteArchive(tmp_path)
    for number in range(40):
        archive.put([closed("a", number + 1, f"t{number}", at_us=number)])
    assert archive.forget_before(4) == 8
    assert archive.find("a", "t3") is None
    assert archive.find("a", "t4") is not None
    archive.close()
    again = SqliteArchive(tmp_path)
    assert not again.may_hold("a", "t0")
    assert again.may_hold("a", "t39")
    assert again.mark.taken == 80
    again.close()


@pytest.mark.usefixtures("small")
def test_a_put_that_fails_takes_nothing_and_the_next_one_is_whole(tmp_path: Path) -> None:
    archive = SqliteArchive(tmp_path)
    archive.put([closed("a", 1, "t0")])
    broken = closed("a", 2, "t1")._replace(position=2**70)
    with pytest.raises((ArchiveError, OverflowError)):
        archive.put([broken])
    archive.put([closed("a", 2, "t1")])
    assert archive.mark.taken == 4
    again = SqliteArchive(tmp_path)
    assert again.may_hold("a", "t0")
    assert again.may_hold("a", "t1")
    archive.close()
    again.close()


def test_a_file_that_is_no_database_is_made_anew(tmp_path: Path) -> None:
    archive = SqliteArchive(tmp_path)
    archive.put([closed("a", 1, "t")])
    mark = archive.mark
    archive.close()
    for file in tmp_path.iterdir():
        file.write_bytes(b"\xff" * 10_000)
    again = SqliteArchive(tmp_path)
    assert again.mark.identity != mark.identity
    assert again.find("a", "t") is None
    again.close()


def test_a_copy_is_not_believed(tmp_path: Path) -> None:
    """It may have been taken amid the work, file by file: sound, and without what it says."""
    archive = SqliteArchive(tmp_path / "here")
    archive.put([closed("a", 1, "t")])
    mark = archive.mark
    archive.close()
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    copy = SqliteArchive(tmp_path / "there")
    assert (copy.has_any, copy.mark.taken) == (False, 0)
    copy.put([closed("a", 1, "t")])
    assert copy.mark.identity != mark.identity
    copy.close()
    again = SqliteArchive(tmp_path / "here")
    assert again.mark == mark
    again.close()


def test_an_archive_is_read_while_another_process_writes_it(tmp_path: Path) -> None:
    archive = SqliteArchive(tmp_path)
    archive.put([closed("a", 1, "t")])
    reading = ArchiveToRead(tmp_path)
    archive.put([closed("a", 2, "u")])
    assert reading.find("a", "t") is not None
    assert reading.find("a", "u") is not None
    reading.put([closed("a", 3, "v")])
    reading.begin_anew()
    assert reading.find("a", "v") is None
    assert archive.find("a", "t") is not None
    reading.close()
    archive.close()
    with pytest.raises(FileNotFoundError):
        ArchiveToRead(tmp_path / "none")


def test_an_archive_that_cannot_be_read_raises_its_own_error(tmp_path: Path) -> None:
    archive = SqliteArchive(tmp_path)
    archive.put([closed("a", 1, "t")])
    with closing(sqlite3.connect(tmp_path / database.FILE)) as other:
        other.execute("DROP TABLE purchases")
    with pytest.raises(ArchiveError):
        archive.find("a", "t")
    with pytest.raises(ArchiveError):
        archive.put([closed("a", 2, "u")])
    archive.close()


# --- the filter ----------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=40), unique=True), st.sets(st.binary(max_size=40)))
def test_the_filter_never_denies_what_was_added(added: list[bytes], others: set[bytes]) -> None:
    ids = IdFilter(b"secret")
    for number, key in enumerate(added):
        if number % 8 == 0:
            ids.begin(Generation(number, 8))
        ids.add(key, number)
    assert all(key in ids for key in added)
    if not added:
        assert not any(key in ids for key in others)


def test_a_million_purchases_take_less_than_four_megabytes_of_filters() -> None:
    generations: list[Generation] = []
    while sum(each.count for each in generations) < 1_000_000:
        capacity = id_filter.next_capacity(generations)
        generations.append(Generation(0, capacity, count=capacity))
    assert sum(len(each.bits) for each in generations) < 3_200_000
    assert len(generations) <= 10


def test_few_ids_pass_the_filter_by_chance() -> None:
    ids = IdFilter(b"secret")
    ids.begin(Generation(0, id_filter.SMALLEST))
    for number in range(id_filter.SMALLEST):
        ids.add(b"%d" % number, 0)
    passed = sum(b"other %d" % number in ids for number in range(100_000))
    assert passed < 40


def test_a_file_that_is_read_in_half_is_nothing_a_snapshot_rests_on(tmp_path: Path) -> None:
    """Its mark was right; but it goes, and whatever rested on it would be lost."""
    first = SqliteArchive(tmp_path)
    first.put([closed("a", 5, "t")])
    mark = first.mark
    first.close()
    with closing(sqlite3.connect(tmp_path / database.FILE)) as broken:
        broken.execute("DROP TABLE filters")
    archive = SqliteArchive(tmp_path)
    assert archive.mark != mark
    assert archive.mark.taken == 0
    assert not archive.has_any
    archive.put([closed("a", 5, "t")])
    assert archive.mark.identity not in {"", mark.identity}
    archive.close()


def test_a_filter_that_could_not_be_read_again_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would say that it has taken numbers that others have by the next start."""
    archive = SqliteArchive(tmp_path)
    archive.put([closed("a", 5, "t")])

    def fail() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(archive, "_load_filter", fail)
        patched.setattr("authorizer.persistence.archive.sqlite_archive.PUT", REFUSED)
        with pytest.raises(ArchiveError):
            archive.put([closed("a", 6, "u", "v", "w")])
    archive.close()
    again = SqliteArchive(tmp_path)
    again.put([closed("a", 7, "x", "y")])
    again._close()  # killed
    after = SqliteArchive(tmp_path)
    assert all(after.may_hold("a", name) for name in ("t", "x", "y", "x-h", "y-h"))
    after.close()
