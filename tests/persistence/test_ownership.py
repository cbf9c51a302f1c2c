"""What is made in a folder belongs to the folder's owner, whoever makes it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from authorizer.persistence.disk import replace
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.access_log import AccessLog

SOMEBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's files")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, SOMEBODY, SOMEBODY)
    return folder


def owners(folder: Path) -> set[tuple[int, int]]:
    found = [path.lstat() for path in (folder, *folder.rglob("*"))]
    return {(status.st_uid, status.st_gid) for status in found}


def test_files_and_folders_are_the_owners(theirs: Path) -> None:
    disk = LocalDisk(theirs)
    disk.make_folder("one/two")
    with disk.lock():
        disk.append("one/two/file").close()
        replace(disk, "one/new.tmp", "one/file", b"content")
        with disk.turn("one/turn"):
            pass
    assert len(list(theirs.rglob("*"))) == 6
    assert owners(theirs) == {(SOMEBODY, SOMEBODY)}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in theirs.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_a_data_folder_that_is_made_is_its_parents_owners(theirs: Path) -> None:
    LocalDisk(theirs / "a" / "b").make_folder(".")
    assert owners(theirs) == {(SOMEBODY, SOMEBODY)}


def test_a_database_and_its_companions_are_the_owners(theirs: Path) -> None:
    log = AccessLog(LocalDisk(theirs / "access-log"))
    log.page("c", None, 1)
    assert {path.name for path in (theirs / "access-log").glob("index.sqlite*")} == {
        "index.sqlite", "index.sqlite-wal", "index.sqlite-shm",
    }  # fmt: skip
    assert owners(theirs) == {(SOMEBODY, SOMEBODY)}
    log.close()


def test_what_was_there_is_not_given_away(theirs: Path, tmp_path: Path) -> None:
    """The folder's owner could have put a link to anything there."""
    secret = tmp_path / "secret"
    secret.touch(0o600)
    (theirs / "hard").hardlink_to(secret)
    (theirs / "soft").symlink_to(secret)
    (theirs / "nowhere").symlink_to(tmp_path / "made")
    disk = LocalDisk(theirs)
    for name in ("hard", "soft", "nowhere"):
        disk.append(name).close()
    assert secret.stat().st_uid == 0
    assert (tmp_path / "made").stat().st_uid == 0


def test_where_it_may_not_be_given_it_stays(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    LocalDisk(theirs).append("file").close()
    assert (theirs / "file").stat().st_uid == 0


def test_another_failure_is_told(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fchown", fail)
    with pytest.raises(OSError, match="Input/output error"):
        LocalDisk(theirs).append("file")
