"""Files that go away under a running server: it stops as where it could not write."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.faults.test_journal_failure import (
    STATUS_OF_A_FAILED_JOURNAL,
    newest_segment,
)
from tests.support.client import Client
from tests.support.documents import customer, purchase
from tests.support.server import ALONE, PATIENT, MakeServer, Server, ServerEnded
from tests.support.waiting import until


def remove_the_folder(data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)


def move_the_folder(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))


def remove_the_segment(data: Path) -> None:
    newest_segment(data).unlink()


def replace_the_segment(data: Path) -> None:
    """As an editor does it, or somebody who restores a copy under the server's feet."""
    newest = newest_segment(data)
    copy = newest.with_name("copy")
    shutil.copy(newest, copy)
    copy.replace(newest)


def remove_the_keys(data: Path) -> None:
    (data / "keys" / "customers.keys").unlink()


@pytest.mark.parametrize(
    "lose",
    [
        remove_the_folder,
        move_the_folder,
        remove_the_segment,
        replace_the_segment,
        remove_the_keys,
    ],
)
def test_a_server_whose_files_are_gone_stops(
    lose: Callable[[Path], None], make_server: MakeServer
) -> None:
    """Nobody would find what it goes on to approve."""
    server = make_server(*ALONE).start()
    client = server.client
    client.open_account("a", CASH="100000.00")
    lose(server.data)
    buy_until_it_ends(server, client)
    assert server.wait_end() == STATUS_OF_A_FAILED_JOURNAL
    assert "removed, moved or replaced while it was written" in server.log()


def test_a_server_whose_keys_are_gone_from_a_folder_of_their_own_stops(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    server = Server(tmp_path / "own", (*PATIENT, "--personal-keys", str(keys)))
    try:
        server.start().client.put_customer(customer("c"))
        shutil.rmtree(keys)
        buy_until_it_ends(server, server.client)
        assert server.wait_end() == STATUS_OF_A_FAILED_JOURNAL
        assert str(keys) in server.log()
    finally:
        server.end()


def buy_until_it_ends(server: Server, client: Client) -> None:
    def ended() -> bool:
        with suppress(OSError, HTTPException):  # the connection may end anywhere in an answer
            client.authorize(purchase("a", "1.00"))
        return not server.running

    until(ended, "at an end")


def test_a_lock_file_that_is_removed_lets_no_second_server_in(tmp_path: Path) -> None:
    first, second = Server(tmp_path, ALONE), Server(tmp_path, ALONE)
    try:
        first.start().client.open_account("a", CASH="10.00")
        (first.data / "lock").unlink()
        with pytest.raises(ServerEnded, match="in use by another process"):
            second.start()
        assert first.client.authorize(purchase("a", "1.00")).code == "00"
    finally:
        first.end()
        second.end()
