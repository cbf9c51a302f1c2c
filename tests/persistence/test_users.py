"""The people of the console on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from authorizer.domain.people import PersonStanding
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.users import (
    FILE,
    UserFile,
    UsersDamagedError,
    change_user,
    digest_of_users,
    read_users,
    write_users,
)
from tests.support.people import person

ANA = person("ana", "supervisor", name="Ana Souza")
NEW = person("rui", totp_secret=None, invited_until_us=1_000_000, disabled_at_us=None)


def test_people_are_as_they_were_written(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    assert read_users(disk) == ()
    write_users(disk, [ANA, NEW])
    assert read_users(disk) == (ANA, NEW)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_one_is_changed_and_the_others_stay(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    write_users(disk, [ANA, NEW])
    changed = change_user(disk, "ana", lambda user: user._replace(disabled_at_us=7))
    assert changed == read_users(disk) == (ANA._replace(disabled_at_us=7), NEW)
    assert change_user(disk, "eva", lambda user: user) is None


def test_a_server_sees_changes_and_keeps_the_people_where_the_file_is_gone(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    file = UserFile(disk)
    assert len(file.users) == 0
    write_users(disk, [ANA])
    assert file.digest != digest_of_users(disk)
    assert file.changed()
    assert not file.changed()
    assert list(file.users) == [ANA]
    assert file.digest == digest_of_users(disk)
    disk.remove(FILE)
    with pytest.raises(UsersDamagedError, match="is gone"):
        file.changed()
    assert list(file.users) == [ANA]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "Ana"),
        ("id", "@na"),
        ("role", "terminal"),
        ("role", "chefe"),
        ("password_hash", "$argon2i$x"),
        ("password_hash", "plain"),
        ("totp_secret", "short"),
        ("created_at", "2026-01-01"),
        ("more", 1),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, field: str, value: object) -> None:
    disk = LocalDisk(tmp_path)
    write_users(disk, [ANA])
    stored = json.loads((tmp_path / FILE).read_text())
    stored["users"][0][field] = value
    (tmp_path / FILE).write_text(json.dumps(stored))
    with pytest.raises(UsersDamagedError, match=r"users\.json is damaged"):
        read_users(disk)


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    write_users(disk, [ANA, ANA])
    with pytest.raises(UsersDamagedError, match="twice"):
        read_users(disk)


def test_standing() -> None:
    assert NEW.standing(999_999) is PersonStanding.INVITED
    assert NEW.standing(1_000_000) is PersonStanding.EXPIRED
    assert ANA.standing(1_000_000) is PersonStanding.ACTIVE
    assert ANA._replace(disabled_at_us=1).standing(0) is PersonStanding.DISABLED
    assert ANA.caller.by == "supervisor:@ana"
