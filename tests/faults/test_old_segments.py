"""A server that starts on a snapshot: old segments are checked while it serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.record import encode
from tests.support.documents import purchase
from tests.support.server import PATIENT, MakeServer, Server, ServerEnded
from tests.support.waiting import until

AT_US: Final = 1_700_000_000_000_000
SEGMENT_BYTES: Final = 20_000
FLAGS: Final = (*PATIENT, "--trust-clock", "--reports", "false")


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    """A server that has ended in order on a journal of many segments, with a snapshot."""
    made = make_server(*FLAGS)
    disk = LocalDisk(made.data)
    disk.make_folder(".")
    written = FileJournal(disk, JournalReader(disk), SEGMENT_BYTES)
    written.write(1, [encode(AccountOpened(AT_US, "test", "a", {"FOOD": 10_000_000}, None))])
    for number in range(400):
        bought = (f"old-{number}", 1, "5411", "SHOP", None, None, "FOOD")
        event = PurchaseApproved(AT_US + number, "test", "a", *bought)
        written.write(written.position + 1, [encode(event)])
    written.close()
    assert made.start().stop() == 0
    assert len(segments(made)) > 3
    return made


def segments(server: Server) -> list[Path]:
    return sorted((server.data / "journal").glob("*.journal"))


def damage(segment: Path) -> None:
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)


def told(server: Server) -> dict[str, Any]:
    answer = server.client.get("/health")
    assert answer.status == 200
    journal: dict[str, Any] = answer.json()["journal"]
    return journal


def test_it_serves_and_then_says_that_they_are_whole(server: Server) -> None:
    server.start()
    assert server.client.authorize(purchase("a", "1.00")).code == "00"
    until(lambda: told(server) == {"state": "whole", "unchecked": 0}, "checked")
    assert server.logs("old segments checked")
    assert server.stop() == 0


def test_damage_in_an_old_segment_ends_it_with_status_1(server: Server) -> None:
    """By default. What was answered meanwhile is on disk."""
    damaged = segments(server)[1]
    damage(damaged)
    server.start()
    assert told(server)["state"] == "checking"
    assert server.client.authorize(purchase("a", "1.00", id="meanwhile")).code == "00"
    assert server.wait_end() == 1
    log = server.log()
    assert "the journal is damaged" in log
    assert f"{damaged} is damaged at byte " in log
    assert '"event": "ended"' in log.replace('":"', '": "')
    server.flags += ("--end-on-damage", "false")
    server.start()
    again = server.client.authorize(purchase("a", "1.00", id="meanwhile"))
    assert again.headers["authorizer-replayed"] == "true"


def test_damage_is_told_where_it_does_not_end_it(server: Server) -> None:
    damaged = segments(server)[1]
    damage(damaged)
    server.flags += ("--end-on-damage", "false")
    server.start()
    until(lambda: told(server)["state"] == "damaged", "told")
    assert str(damaged) in told(server)["problem"]
    assert server.client.authorize(purchase("a", "1.00")).code == "00"
    assert server.stop() == 0


def test_damage_in_the_tail_is_found_before_it_listens(server: Server) -> None:
    damage(segments(server)[-1])
    with pytest.raises(ServerEnded, match="status 1"):
        server.start()
    assert f"{segments(server)[-1]} is damaged at byte " in server.log()


def test_damage_while_it_runs_is_found_by_the_next_start(server: Server) -> None:
    server.start()
    until(lambda: told(server)["state"] == "whole", "checked")
    damage(segments(server)[0])
    assert server.stop() == 0
    server.start()
    assert server.wait_end() == 1
    assert f"{segments(server)[0]} is damaged" in server.log()
