"""What all commands have in common."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click
import pytest

from authorizer.cli import main
from authorizer.persistence.local_disk import LocalDisk
from authorizer.settings.model import Settings
from tests.support.command_line import account, command_line, done, refused, run, write_lines
from tests.support.screen import read, terminal
from tests.support.server import PROJECT, environment

COMMANDS = main.list_commands(click.Context(main))
OWNERS = ("import", "init", "serve")
READERS = ("inspect", "replay", "snapshot", "verify")


def test_every_command_is_there() -> None:
    assert COMMANDS == [
        "archive", "backtest", "backup", "doctor", "events", "explain", "import", "init", "inspect",
        "keys", "repair", "replay", "report", "reports", "restore", "serve", "settings", "snapshot",
        "users", "verify",
    ]  # fmt: skip


def test_a_command_that_is_nearly_right_is_named() -> None:
    assert "Did you mean 'import'?" in refused("impor", status=2)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_the_exit_statuses(command: str) -> None:
    text = done(command, "--help")
    assert f"\n    authorizer {command}" in text
    assert "Exit status: 0" in text
    assert "\\b" not in text


@pytest.mark.parametrize("command", ["doctor", "serve", "settings"])
def test_every_setting_is_a_flag(command: str) -> None:
    text = done(command, "--help")
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')} " in text


@pytest.mark.parametrize("command", OWNERS)
def test_a_folder_has_one_owner(command: str, data: Path, tmp_path: Path) -> None:
    lines = [write_lines(tmp_path / "lines.ndjson", account("1"))] if command == "import" else []
    with LocalDisk(data).lock():
        message = refused(command, *lines, "--data", data)
    assert f"the data folder {data} is in use by another process (process " in message


@pytest.mark.parametrize("command", OWNERS)
def test_a_folder_that_cannot_be_made_is_one_line(command: str, data: Path, tmp_path: Path) -> None:
    lines = [write_lines(tmp_path / "lines.ndjson", account("1"))] if command == "import" else []
    data.write_text("a file is in the way")
    assert str(data) in refused(command, *lines, "--data", data)


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("folder_is_there", [True, False])
def test_where_there_is_no_journal_readers_say_so_and_make_nothing(
    command: str, folder_is_there: bool, data: Path
) -> None:
    if folder_is_there:
        data.mkdir()
    assert refused(command, "--data", data) == f"Error: {data} holds no journal"
    assert data.exists() == folder_is_there
    assert not folder_is_there or not list(data.iterdir())


@pytest.mark.parametrize("option", ["--until", "--from", "--to"])
@pytest.mark.parametrize("point", ["yesterday", "-1", "2025-02-24", "2025-02-24T15:30:00", "٣"])
def test_a_point_is_a_position_or_a_time_with_its_zone(option: str, point: str, demo: Path) -> None:
    command = "replay" if option == "--until" else "inspect"
    message = refused(command, f"{option}={point}", "--data", demo, status=2)
    assert "is neither a position nor an RFC 3339 time" in message


def test_a_reader_that_has_seen_enough_gets_no_complaint(demo: Path, tmp_path: Path) -> None:
    lines = (account(f"many-{number}", CASH=1) for number in range(2000))
    done("import", write_lines(tmp_path / "many.ndjson", *lines), "--data", demo)
    inspect = subprocess.Popen(
        command_line("inspect", "--data", demo),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
        env=environment(),
    )
    assert inspect.stdout is not None
    assert inspect.stderr is not None
    with inspect:
        assert inspect.stdout.readline().startswith(b'{"position": 1,')
        inspect.stdout.close()
        assert inspect.stderr.read() == b""


@pytest.mark.parametrize(
    ("command", "label"),
    [
        ("import", "Importing"),
        ("verify", "Verifying"),
        ("replay", "Replaying"),
        ("backup", "Backing up"),
    ],
)
def test_a_terminal_gets_a_progress_bar_beside_the_output(
    command: str, label: str, demo: Path, tmp_path: Path
) -> None:
    lines: list[object] = []
    if command == "import":
        lines = [write_lines(tmp_path / "lines", account("1"))]
    elif command == "backup":
        lines = ["--to", tmp_path / "place", "--without-keys"]
    with terminal() as (screen, end):
        process = subprocess.Popen(
            command_line(command, *lines, "--data", demo),
            stdout=subprocess.PIPE,
            stderr=end,
            cwd=PROJECT,
            env=environment(),
        )
        end.close()
        shown = b"".join(iter(lambda: read(screen), b"")).decode()
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert label in shown
    assert "100%" in shown
    assert label.encode() not in stdout
    assert stdout


def test_nothing_but_wrong_usage_is_said_of_an_unknown_flag() -> None:
    assert run("verify", "--no-such-flag").exit_code == 2
