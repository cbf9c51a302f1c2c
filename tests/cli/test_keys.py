"""`authorizer keys`, and what `serve` says of keys."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.access import Role
from authorizer.persistence.api_keys import FILE, LOCK, changing, read_keys, write_keys
from authorizer.persistence.local_disk import LocalDisk
from tests.support.command_line import done, refused, run, start
from tests.support.waiting import until

DAY_S = 86_400


def create(data: Path, *arguments: object, role: str = "terminal") -> str:
    return done("keys", "create", "--role", role, *arguments, "--data", data).strip()


def listed(data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done("keys", "list", "--json", "--data", data))
    return found


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_a_key_is_printed_once_and_kept_as_a_hash(role: str, data: Path) -> None:
    key = create(data, "--name", "Caixa 7", role=role)
    prefix, key_id, secret = key.split("_")
    assert (prefix, len(bytes.fromhex(secret))) == ("ak", 32)
    (line,) = listed(data)
    assert abs(seconds(line.pop("created_at")) - time.time()) < DAY_S
    assert line == {
        "id": key_id,
        "role": role,
        "name": "Caixa 7",
        "standing": "active",
        "expires_at": None,
        "revoked_at": None,
    }
    stored = (data / FILE).read_text(encoding="utf-8")
    assert secret not in stored
    assert hashlib.sha256(secret.encode()).hexdigest() in stored
    for shown in (done("keys", "list", "--data", data), json.dumps(listed(data))):
        assert secret not in shown
        assert hashlib.sha256(secret.encode()).hexdigest() not in shown


def test_the_key_alone_goes_to_standard_output(data: Path) -> None:
    result = run("keys", "create", "--role", "auditor", "--data", data)
    assert result.stdout.startswith("ak_")
    assert result.stdout.count("\n") == 1
    assert "only this once" in result.stderr
    assert result.stdout.strip() not in result.stderr


def test_keys_are_listed_as_a_table_oldest_first(data: Path) -> None:
    assert done("keys", "list", "--data", data).split() == [
        "id", "role", "standing", "created_at", "expires_at", "revoked_at", "name",
    ]  # fmt: skip
    assert not data.exists()
    ids = [create(data, role=role).split("_")[1] for role in ("operador", "terminal")]
    lines = done("keys", "list", "--data", data).splitlines()[1:]
    assert [line.split()[:3] for line in lines] == [
        [ids[0], "operador", "active"],
        [ids[1], "terminal", "active"],
    ]


def test_a_revoked_key_stays_listed_and_revoking_again_changes_nothing(data: Path) -> None:
    key_id = create(data).split("_")[1]
    done("keys", "revoke", key_id, "--data", data)
    stored = (data / FILE).read_bytes()
    done("keys", "revoke", key_id, "--data", data)
    assert (data / FILE).read_bytes() == stored
    (line,) = listed(data)
    assert line["standing"] == "revoked"
    assert abs(seconds(line["revoked_at"]) - time.time()) < DAY_S


def test_there_is_no_such_key(data: Path) -> None:
    assert "holds no API keys" in refused("keys", "revoke", "a", "--data", data)
    assert not data.exists()
    create(data)
    assert "there is no API key 'a'" in refused("keys", "revoke", "a", "--data", data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90d", timedelta(days=90)), ("12h", timedelta(hours=12)), ("1d", timedelta(days=1))],
)
def test_a_key_is_good_for_a_span(text: str, expected: timedelta, data: Path) -> None:
    create(data, "--expires", text)
    (line,) = listed(data)
    made = seconds(line["created_at"])
    assert abs(seconds(line["expires_at"]) - made - expected.total_seconds()) < 3600


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2199-01-31", "2199-01-31T00:00:00.000000Z"),
        ("2199-01-31T12:00:00-03:00", "2199-01-31T15:00:00.000000Z"),
    ],
)
def test_a_key_is_good_until_a_moment(text: str, expected: str, data: Path) -> None:
    create(data, "--expires", text)
    assert listed(data)[0]["expires_at"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "d", "90", "90 d", "-1d", "9m", "٣d", "20990131", "2199-02-31", "tomorrow",
        "2199-01-31T00:00:00", "0d", "2020-01-01", "9999-12-31T23:59:59-12:00", "999999d",
    ],
)  # fmt: skip
def test_what_is_no_future_moment_is_refused(text: str, data: Path) -> None:
    arguments = ("keys", "create", "--role", "terminal", f"--expires={text}", "--data", data)
    assert "--expires" in refused(*arguments, status=2)
    assert not data.exists()


def test_revoking_again_writes_it_again(data: Path) -> None:
    """The first attempt may have failed when its end was seen already, and not yet durable."""
    key_id = create(data).split("_")[1]
    done("keys", "revoke", key_id, "--data", data)
    before = (data / FILE).stat().st_ino, listed(data)
    done("keys", "revoke", key_id, "--data", data)
    assert (data / FILE).stat().st_ino != before[0]
    assert listed(data) == before[1]


def test_an_expired_key_is_listed_as_such(data: Path) -> None:
    create(data)
    disk = LocalDisk(data)
    now_us = time.time_ns() // 1000
    write_keys(disk, [key._replace(expires_at_us=now_us) for key in read_keys(disk)])
    assert listed(data)[0]["standing"] == "expired"


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "x" * 101])
def test_a_name_is_one_line_of_text(name: str, data: Path) -> None:
    arguments = ("keys", "create", "--role", "terminal", "--name", name, "--data", data)
    assert "printable" in refused(*arguments, status=2)


def test_a_role_must_be_named(data: Path) -> None:
    for role in ((), ("--role", "root")):
        result = run("keys", "create", *role, "--data", data)
        assert result.exit_code == 2
        assert "terminal" in result.stderr
    assert not data.exists()


def test_keys_are_bounded(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("authorizer.cli.keys"), "MAX_KEYS", 2)
    create(data)
    create(data)
    message = refused("keys", "create", "--role", "terminal", "--data", data)
    assert "there are 2 keys" in message
    assert len(listed(data)) == 2


def test_the_owner_of_the_data_folder_is_not_in_the_way(data: Path) -> None:
    with LocalDisk(data).lock():
        key_id = create(data).split("_")[1]
        done("keys", "revoke", key_id, "--data", data)
    assert listed(data)[0]["standing"] == "revoked"


def test_commands_at_the_same_time_take_turns(data: Path) -> None:
    """Whoever changes the keys waits until nobody else does, and then sees what they did."""
    first = create(data).split("_")[1]
    disk = LocalDisk(data)
    with changing(disk):
        before = read_keys(disk)
        arguments = ("keys", "create", "--role", "terminal", "--data", data)
        processes = [start(*arguments) for _ in range(2)]
        until(lambda: all(has_open(process, data / LOCK) for process in processes))
        assert [line["id"] for line in listed(data)] == [first]
        write_keys(disk, [*before, before[0]._replace(key_id="meanwhile")])
    made = {process.communicate(timeout=60)[0].strip().split("_")[1] for process in processes}
    assert {line["id"] for line in listed(data)} == made | {first, "meanwhile"}


def has_open(process: subprocess.Popen[str], path: Path) -> bool:
    """Whether a process that runs has a file open."""
    assert process.poll() is None, process.communicate()
    with suppress(FileNotFoundError):  # the process, or one of its files, has just gone
        descriptors = Path(f"/proc/{process.pid}/fd").iterdir()
        return str(path) in [str(descriptor.readlink()) for descriptor in descriptors]
    return False


def test_damage_is_one_line(data: Path) -> None:
    create(data)
    (data / FILE).write_bytes(b"{")
    for arguments in (
        ("keys", "list"),
        ("keys", "revoke", "a"),
        ("keys", "create", "--role", "terminal"),
        ("serve",),
    ):
        message = refused(*arguments, "--data", data)
        assert f"{data / FILE} is damaged" in message
    assert (data / FILE).read_bytes() == b"{"


# --- serve -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_no_other_address_while_no_key_is_active(host: str, data: Path) -> None:
    arguments = ("serve", "--host", host, "--data", data)
    assert "no API key is configured that is active" in refused(*arguments, status=2)
    assert not data.exists()
    done("keys", "revoke", create(data).split("_")[1], "--data", data)
    disk = LocalDisk(data)
    yesterday_us = int((datetime.now(UTC) - timedelta(days=1)).timestamp() * 1_000_000)
    write_keys(
        disk,
        [
            *read_keys(disk),
            read_keys(disk)[0]._replace(key_id="b", revoked_at_us=None, expires_at_us=yesterday_us),
        ],
    )
    assert "no API key is configured that is active" in refused(*arguments, status=2)
