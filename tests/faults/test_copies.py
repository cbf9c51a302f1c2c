"""Copies of a folder that were taken while a server ran: what is right for each order.

A copy has the whole journal up to some position. In the order of the names the snapshots come last,
and may know more than that.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from tests.support import documents
from tests.support.client import path_of
from tests.support.command_line import done, run
from tests.support.server import PATIENT, PROJECT, MakeServer, Server, ServerEnded

FLAGS = (*PATIENT, "--segment-mib", "1", "--reports", "false")


@contextmanager
def load(server: Server) -> Iterator[dict[str, int]]:
    """Purchases of one cent and new customers, one after the other; how many were answered."""
    server.client.open_account("1", CASH="1000000.00")
    answered = {"purchases": 0, "customers": 0}
    ended = threading.Event()

    def work() -> None:
        client = server.client
        number = 0
        while not ended.is_set():
            number += 1
            client.authorize(documents.purchase("1", "0.01", id=f"t{number}"))
            answered["purchases"] = number
            if number % 20 == 0:
                client.put_customer(documents.customer(f"c{number}"))
                answered["customers"] = number

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield answered
    finally:
        ended.set()
        worker.join()


def some(answered: dict[str, int]) -> None:
    """Return when 40 more purchases were answered."""
    waited = threading.Event()
    until = answered["purchases"] + 40
    for _ in range(6000):
        if answered["purchases"] >= until:
            return
        waited.wait(0.01)
    pytest.fail("no purchases")


def copy(source: Path, to: Path, pattern: str) -> None:
    for path in sorted(source.glob(pattern)):
        if path.is_file():
            target = to / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def documented(data: Path, to: Path) -> list[list[str]]:
    """The commands of docs/operations.md that copy a folder; with these places in them."""
    places = {"data": str(data), "COPY": str(to), "KEYS": str(to / "keys")}
    text = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    block = re.split(r"^```\n", text.split("### By hand")[1], flags=re.MULTILINE)[1]
    found = []
    for line in block.splitlines():
        words = line.split("#")[0].split()
        if words[0] in {"mkdir", "cp"}:
            here = [re.sub("^(data|COPY|KEYS)", lambda m: places[m[0]], word) for word in words]
            found.append(["bash", "-c", " ".join(here)])
    return found


def check(server: Server, at_least: int, ends: int) -> None:
    """Everything that was answered before the copy was begun is there, and nothing is made up."""
    left = server.client.balances("1")["CASH"]
    bought = 100_000_000 - int(left.replace(".", ""))
    assert at_least <= bought
    assert server.client.get("/health").json()["position"] == ends
    for number in range(20, at_least, 20):
        assert server.client.get(path_of("clientes", f"c{number}")).status == 200
    again = server.client.authorize(documents.purchase("1", "0.01", id=f"t{at_least}"))
    assert (again.code, again.replayed) == ("00", True)


def end_of(data: Path) -> int:
    reader = JournalReader(LocalDisk(data))
    assert list(reader)
    return reader.position


def test_a_copy_in_the_documented_order_is_whole(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(*FLAGS).start()
    copied = tmp_path / "copy" / "data"
    with load(server) as answered:
        some(answered)
        done("snapshot", "--data", server.data)
        before = answered["purchases"]
        assert server.client.get(path_of("clientes", "c20")).status == 200  # is in the access log
        commands = documented(server.data, copied)
        assert len(commands) == 6
        for command in commands[:-1]:  # there are no API keys here
            subprocess.run(command, check=True)
            some(answered)
            done("snapshot", "--data", server.data)
    server.stop()
    done("verify", "--data", copied)
    other = Server(copied.parent, FLAGS)
    try:
        check(other.start(), before, end_of(copied))
    finally:
        other.end()


def test_a_copy_in_the_order_of_names_says_what_it_is_and_is_gone_on_with_on_command(
    make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server(*FLAGS).start()
    copied = tmp_path / "copy" / "data"
    with load(server) as answered:
        some(answered)
        done("snapshot", "--data", server.data)
        some(answered)
        before = answered["purchases"]
        for entry in sorted(path.name for path in server.data.iterdir()):
            copy(server.data, copied, f"{entry}/**/*" if (server.data / entry).is_dir() else entry)
            if entry == journal.FOLDER:
                some(answered)
                done("snapshot", "--data", server.data)
    server.stop()
    ends = end_of(copied)
    found = json.loads(run("verify", "--json", "--data", copied).stdout)
    assert (found["position"], found["ok"]) == (ends, False)
    assert found["shorter_than"] > ends
    assert {entry["file"].split("/")[-2] for entry in found["problems"]} == {"snapshots"}

    other = Server(copied.parent, FLAGS)
    with pytest.raises(ServerEnded, match="status 1") as refused:
        other.start()
    told = re.findall(r"--accept-shorter-journal ([0-9]+)", str(refused.value))
    assert told == [str(ends)]
    other.flags = (*FLAGS, "--accept-shorter-journal", str(ends + 1))
    with pytest.raises(ServerEnded, match="status 1"):
        other.start()
    other.flags = (*FLAGS, "--accept-shorter-journal", str(ends))
    try:
        check(other.start(), before, ends)
        done("snapshot", "--data", copied)
        assert other.stop() == 0
        done("verify", "--data", copied)
        other.start()  # the option may stay: it holds for that position only
        assert other.stop() == 0
    finally:
        other.end()
