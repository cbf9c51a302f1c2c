"""Keys that are changed while a server runs: it confirms, and the first one is asked for."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from authorizer.persistence.api_keys import FILE, read_keys
from authorizer.persistence.keys_in_force import IN_FORCE, InForce, said
from authorizer.persistence.local_disk import LocalDisk
from tests.support.api_keys import id_of, new_key
from tests.support.client import Client
from tests.support.command_line import account, command_line, done, run, write_lines
from tests.support.server import COMMAND, PROJECT, Server, environment, python, running
from tests.support.waiting import until

SOMEBODY = 65534
AS_SOMEBODY = ("setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", "--")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for keys."""
    with running(tmp_path_factory.mktemp("keys"), "--reports", "false") as started:
        new_key(started.data, "operador")
        yield started


def status_with(server: Server, key: str) -> int:
    return Client(server.port, key=key).get("/merchants").status


def test_when_the_command_ends_the_server_goes_by_it(server: Server) -> None:
    for _ in range(3):
        made = run("keys", "create", "--role", "operador", "--data", server.data)
        key = made.stdout.strip()
        assert "the running server goes by it" in made.stderr
        assert status_with(server, key) == 200
        revoked = run("keys", "revoke", id_of(key), "--data", server.data)
        assert status_with(server, key) == 401
        assert revoked.stderr == f"key {id_of(key)} is revoked; the running server refuses it\n"
        again = run("keys", "revoke", id_of(key), "--data", server.data)
        assert (again.exit_code, again.stderr) == (0, revoked.stderr)


def test_a_server_that_does_not_look_has_not_confirmed(server: Server) -> None:
    key = new_key(server.data, "operador")
    short = ("--deadline-seconds", "0.2", "--data", server.data)
    server.process.send_signal(signal.SIGSTOP)
    try:
        revoked = run("keys", "revoke", id_of(key), *short)
        made = run("keys", "create", "--role", "operador", *short)
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert revoked.exit_code == made.exit_code == 75
    assert f"key {id_of(key)} is revoked in {server.data / FILE}, but" in revoked.stderr
    assert "did not confirm within 0.2 s" in revoked.stderr
    assert "may still take it" in revoked.stderr
    assert "may not take it yet" in made.stderr
    assert done("keys", "revoke", id_of(key), "--data", server.data) == ""
    assert status_with(server, key) == 401
    assert status_with(server, made.stdout.strip()) == 200


def test_a_server_says_it_again_where_its_word_was_removed(server: Server) -> None:
    (server.data / IN_FORCE).unlink()
    disk = LocalDisk(server.data)
    until(lambda: said(disk) is not None, "said again")
    key = new_key(server.data, "operador")
    assert status_with(server, key) == 200


def test_the_word_of_a_server_that_is_gone_means_nothing(data: Path) -> None:
    new_key(data, "operador")
    disk = LocalDisk(data)
    assert said(disk) is None
    word = InForce(disk)
    word.say("a" * 64)
    assert said(disk) == "a" * 64
    arguments = ("keys", "create", "--role", "auditor", "--data", data)
    assert run(*arguments, "--deadline-seconds", 0).exit_code == 75
    word.close()
    assert run(*arguments).exit_code == 0
    assert said(disk) is None
    anew = InForce(disk)
    assert said(disk) == ""
    anew.close()


# --- the first key -----------------------------------------------------------------------------


@pytest.fixture
def open_server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, "--reports", "false") as started:
        yield started


def test_the_first_key_needs_a_word_where_a_server_is_open(open_server: Server) -> None:
    arguments = ("keys", "create", "--role", "operador", "--data", open_server.data)
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "refuses everybody without a key" in result.stderr.replace("\n", " ")
    assert "--yes" in result.stderr
    assert read_keys(LocalDisk(open_server.data)) == ()
    assert answered("n", *arguments) == ("", 1)
    assert open_server.client.get("/merchants").status == 200
    key, status = answered("y", *arguments)
    assert status == 0
    assert open_server.client.get("/merchants").status == 401
    assert status_with(open_server, key) == 200
    assert run(*arguments).exit_code == 0  # the second one locks nobody out


def answered(answer: str, *arguments: object) -> tuple[str, int]:
    """Run a command on a terminal; what it prints to standard output, and its status."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        result = subprocess.run(
            command_line(*arguments),
            stdin=theirs,
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=environment(),
            timeout=60,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert "Make the key?" in result.stderr
    return result.stdout.strip(), result.returncode


def test_scripts_say_yes_beforehand(open_server: Server) -> None:
    key = done("keys", "create", "--role", "operador", "--yes", "--data", open_server.data).strip()
    assert open_server.client.get("/merchants").status == 401
    assert status_with(open_server, key) == 200


def test_nobody_is_asked_where_no_server_runs(data: Path) -> None:
    result = run("keys", "create", "--role", "operador", "--data", data)
    assert result.exit_code == 0
    assert "server" not in result.stderr


# --- a server of another user ------------------------------------------------------------------


@pytest.fixture
def theirs() -> Iterator[Server]:
    """A server that is not root's, on a folder that is not; not started."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can start a server as somebody else, and needs setpriv")
    probe = subprocess.run(
        [*AS_SOMEBODY, python(), "-m", "authorizer", "settings"],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        check=False,
    )
    if probe.returncode:
        pytest.skip("other users can't read this virtual environment")
    folder = Path(tempfile.mkdtemp(prefix="authorizer-", dir="/tmp"))
    folder.chmod(0o755)
    server = Server(folder, command=[*AS_SOMEBODY, python(), *COMMAND.split()])
    server.data.mkdir(mode=0o700)
    os.chown(server.data, SOMEBODY, SOMEBODY)
    try:
        yield server
    finally:
        server.end()
        shutil.rmtree(folder)


def owners(data: Path) -> dict[str, int]:
    """Whose each file is that is not the owner's."""
    found = {str(path.relative_to(data)): path.stat().st_uid for path in data.rglob("*")}
    return {name: owner for name, owner in found.items() if owner != SOMEBODY}


def test_a_key_that_root_revokes_works_no_more(theirs: Server) -> None:
    theirs.start()
    key, left = (new_key(theirs.data, "operador") for _ in range(2))
    assert status_with(theirs, key) == 200
    done("keys", "revoke", id_of(key), "--data", theirs.data)
    assert status_with(theirs, key) == 401
    assert owners(theirs.data) == {}
    assert theirs.stop() == 0
    theirs.start()
    assert (status_with(theirs, key), status_with(theirs, left)) == (401, 200)


def test_what_root_s_commands_leave_the_server_can_use(theirs: Server, tmp_path: Path) -> None:
    data = theirs.data
    file = write_lines(tmp_path / "more.ndjson", account("more", CASH=10))
    done("init", "--demo", "--data", data)
    done("import", file, "--data", data)
    done("snapshot", "--data", data)
    done("reports", "rebuild", "--data", data)
    done("report", "--data", data)
    key = new_key(data, "operador")
    assert (data / "reports" / "reports.sqlite").exists()
    assert owners(data) == {}
    theirs.start()
    assert Client(theirs.port, key=key).get("/accounts/more").status == 200
    done("snapshot", "--data", data)
    assert theirs.stop() == 0
    root_s = Server(theirs.data.parent)
    try:
        root_s.start()
        assert Client(root_s.port, key=key).get("/accounts/more").status == 200
        assert Client(root_s.port, key=new_key(data, "supervisor")).get(
            "/clientes/12345"
        ).status == 200  # fmt: skip
        assert owners(data) == {}
        assert root_s.stop() == 0
    finally:
        root_s.end()
    theirs.start()
    assert owners(data) == {}
