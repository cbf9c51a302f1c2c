"""Under which settings decisions are made is in the journal."""

from __future__ import annotations

from typing import Any

from tests.support.command_line import done, json_lines
from tests.support.documents import purchase
from tests.support.server import ALONE, MakeServer, Server


def settings_told(server: Server) -> list[tuple[int, Any]]:
    """Where the journal tells of settings, and which."""
    lines = json_lines(done("inspect", "--event", "policy_changed", "--data", server.data))
    return [(line["position"], line["policy"]["deadline_ns"]) for line in lines]


def test_a_start_journals_the_settings_where_they_are_others(make_server: MakeServer) -> None:
    server = make_server("--deadline-ms", "4321").start()
    server.client.open_account("a", CASH="5.00")
    server.stop()
    assert settings_told(server) == [(1, 4_321_000_000)]
    server.start().client.authorize(purchase("a", "1.00"))
    server.kill()
    assert settings_told(server) == [(1, 4_321_000_000)]
    server.flags = ("--deadline-ms", "5000")
    server.start().stop()
    assert settings_told(server) == [(1, 4_321_000_000), (4, 5_000_000_000)]
    server.flags = (*server.flags, "--time-zone", "UTC")
    server.start().stop()
    assert [position for position, _ in settings_told(server)] == [1, 4, 5]


def test_whoever_only_reads_writes_nothing(make_server: MakeServer) -> None:
    server = make_server(*ALONE).start()
    server.client.open_account("a", CASH="5.00")
    server.stop()
    before = {path: path.read_bytes() for path in server.data.rglob("*.journal")}
    for command in ("verify", "replay", "inspect"):
        done(command, "--data", server.data)
    assert {path: path.read_bytes() for path in server.data.rglob("*.journal")} == before
