"""`make run`: which data folder gets demo data; `make`: what it lists."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.server import PROJECT, Server
from tests.support.waiting import until

COMMAND = ("make", "run", "PORT={port}", "DATA={data}")


@contextmanager
def made_to_run(folder: Path) -> Iterator[Client]:
    server = Server(folder, command=COMMAND)
    try:
        yield server.start().client
    finally:
        server.end()


def has_demo_data(client: Client) -> bool:
    return client.get("/accounts/123").status == 200


def has_a_story(client: Client) -> bool:
    answer = client.get("/accounts/456/transactions")
    return answer.status == 200 and bool(answer.json()["transactions"])


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_that_is_new_or_empty_gets_demo_data(is_there: bool, tmp_path: Path) -> None:
    if is_there:
        (tmp_path / "data").mkdir()
    with made_to_run(tmp_path) as client:
        assert has_demo_data(client)
        until(lambda: has_a_story(client), "told by the read models")
    assert not list(tmp_path.glob("*.partial"))


def test_a_folder_with_anything_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / ".hidden").write_text("mine")
    with made_to_run(tmp_path) as client:
        assert not has_demo_data(client)
    assert (tmp_path / "data" / ".hidden").read_text() == "mine"


def test_make_alone_lists_every_target_that_is_described() -> None:
    told = re.findall(r"^([^\s:]+):.*## ", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    run = subprocess.run(["make"], check=True, capture_output=True, cwd=PROJECT)
    assert re.findall(r"^  (\S+) ", run.stdout.decode(), re.MULTILINE) == told
