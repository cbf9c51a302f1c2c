"""`authorizer users`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from authorizer.console.access.passwords import hasher
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.users import FILE, read_users
from tests.support.command_line import done, refused, run
from tests.support.people import person, put_people


def make(data: Path, user_id: str = "ana", name: str = "Ana Souza", role: str = "atendente") -> str:
    return done("users", "create", user_id, "--role", role, "--name", name, "--data", data).strip()


def listed(data: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(done("users", "list", "--json", "--data", data))
    return found


def test_a_person_is_made_with_a_one_time_password_that_is_not_kept(data: Path) -> None:
    password = make(data)
    assert len(password.replace("-", "")) == 24
    stored = (data / FILE).read_text()
    assert password not in stored
    (user,) = read_users(LocalDisk(data))
    assert hasher().verify(user.password_hash, password)
    assert (user.user_id, user.name, user.totp_secret) == ("ana", "Ana Souza", None)
    assert [(one["id"], one["standing"]) for one in listed(data)] == [("ana", "invited")]
    assert password != make(data, "rui", "Rui Lima")


@pytest.mark.parametrize("user_id", ["Ana", "a", "1ana", "ana souza", "ana@x", "a" * 33, "@ana"])
def test_what_is_no_id_is_refused(data: Path, user_id: str) -> None:
    refused(
        *("users", "create", user_id, "--role", "auditor", "--name", "A", "--data", data), status=2
    )


@pytest.mark.parametrize(("role", "name"), [("terminal", "A"), ("atendente", "  ")])
def test_a_terminal_is_no_person_and_everybody_has_a_name(data: Path, role: str, name: str) -> None:
    refused("users", "create", "ana", "--role", role, "--name", name, "--data", data, status=2)


def test_an_id_and_a_name_are_given_once(data: Path) -> None:
    make(data)
    again = ("--role", "atendente", "--data", data)
    assert "already" in refused("users", "create", "ana", "--name", "Another", *again)
    assert "already" in refused("users", "create", "ana2", "--name", "ANA SOUZA", *again)
    done("users", "disable", "ana", "--data", data)
    assert "already" in refused("users", "create", "ana", "--name", "Another", *again)


def test_a_person_is_disabled_and_comes_back_by_a_reset(data: Path) -> None:
    put_people(data, person("ana"))
    assert listed(data)[0]["standing"] == "active"
    done("users", "disable", "ana", "--data", data)
    first = read_users(LocalDisk(data))[0].disabled_at_us
    done("users", "disable", "ana", "--data", data)
    assert read_users(LocalDisk(data))[0].disabled_at_us == first
    assert listed(data)[0]["standing"] == "disabled"
    password = done("users", "reset", "ana", "--data", data).strip()
    (user,) = read_users(LocalDisk(data))
    assert hasher().verify(user.password_hash, password)
    assert (user.totp_secret, user.disabled_at_us) == (None, None)
    assert listed(data)[0]["standing"] == "invited"


@pytest.mark.parametrize("command", ["disable", "reset"])
def test_nobody_is_nobody(data: Path, command: str) -> None:
    assert "there is no person 'eva'" in refused("users", command, "eva", "--data", data)


def test_a_damaged_file_is_told_in_one_line(data: Path) -> None:
    make(data)
    (data / FILE).write_text("{}")
    assert "users.json is damaged" in refused("users", "list", "--data", data)
    assert run("users", "list", "--data", data).exit_code == 1


def test_the_table_has_no_secret(data: Path) -> None:
    put_people(data, person("ana"))
    table = done("users", "list", "--data", data)
    assert "active" in table
    assert "argon2" not in table
    assert person("ana").totp_secret not in table.split()
