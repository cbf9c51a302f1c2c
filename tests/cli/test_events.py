"""`authorizer events`: what `GET /events` tells, from a data folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.accounts.events import AccountCredited
from authorizer.persistence.state.record import encode
from tests.support.command_line import done, flip, journal_files, refused, write_batch
from tests.support.server import MakeServer

AT_US = 4_000_000_000_000_000


def exported(data: Path, *flags: object) -> list[Any]:
    printed = done("events", "export", "--data", data, *flags)
    return [json.loads(line) for line in printed.splitlines()]


def test_it_prints_what_a_server_tells(make_server: MakeServer) -> None:
    server = make_server()
    done("init", "--demo", "--data", server.data)
    client = server.start().client
    told = client.get("/events", limit="1000").json()
    before = exported(server.data)
    assert server.stop() == 0
    assert before[: len(told["events"])] == json.loads(json.dumps(told["events"], default=float))


def test_events_are_picked(demo: Path) -> None:
    every = exported(demo)
    assert [event["position"] for event in every] == list(range(1, len(every) + 1))
    opened = [event for event in every if event["type"] == "account_opened"]
    assert exported(demo, "--event", "account_opened") == opened
    first = opened[0]["position"]
    assert exported(demo, "--event", "account_opened", "--after", first) == opened[1:]
    assert exported(demo, "--account", "123") == [
        event for event in every if event.get("account") == "123"
    ]
    assert exported(demo, "--limit", 2, "--after", 1) == every[1:3]


def test_no_personal_text_is_printed(demo: Path) -> None:
    assert "plain:" not in done("events", "export", "--data", demo)


def test_damage_is_told(demo: Path) -> None:
    write_batch(demo, [encode(AccountCredited(AT_US, "t", "123", "c", "CASH", 1))])
    write_batch(demo, [encode(AccountCredited(AT_US, "t", "123", "d", "CASH", 1))])
    newest = journal_files(demo)[-1]
    flip(newest, newest.stat().st_size - 300)
    assert "is damaged at byte" in refused("events", "export", "--data", demo)


@pytest.mark.parametrize("flags", [("--after", "-1"), ("--event", "nothing"), ("--limit", "0")])
def test_wrong_usage(demo: Path, flags: tuple[str, str]) -> None:
    refused("events", "export", "--data", demo, *flags, status=2)


def test_a_folder_without_a_journal(tmp_path: Path) -> None:
    assert "holds no journal" in refused("events", "export", "--data", tmp_path)
