"""The runbook: what goes wrong is made to, and then the page's own commands are run."""

from __future__ import annotations

import http.client
import json
import re
import resource
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from authorizer.cli.diagnosis import disks
from authorizer.domain.access import DataAccess
from authorizer.domain.accounts.events import AccountCredited
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.access_log import AccessLog
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.recovery import recover
from tests.support import documents
from tests.support.api_keys import key_per_role
from tests.support.backups import digest_of_a_start
from tests.support.client import Client
from tests.support.command_line import (
    batches,
    done,
    flip,
    head,
    journal_files,
    run,
    take_snapshot,
    write_batch,
    write_events,
)
from tests.support.server import PATIENT, PROJECT, MakeServer, Server, ServerEnded

PAGE: Final = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")
NOW_US: Final = time.time_ns() // 1000


def part(heading: str) -> str:
    """The text of a situation."""
    assert f"\n## {heading}\n" in PAGE
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def lines(heading: str) -> list[str]:
    """The lines in the blocks of a situation."""
    blocks = re.findall(r"^```\n(.*?)^```$", part(heading), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


class Night:
    """The places that the page names, and the commands as they are run in them."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.restored = folder / "restored"
        self.cold = folder / "cold"
        self._folder = folder
        self.place, self.keys = folder / "backup", folder / "safe"

    def back_up(self) -> None:
        """What is done every hour on better days."""
        done("backup", "--data", self.data, "--to", self.place, "--keys-to", self.keys)

    def follow(self, heading: str, **given: str) -> list[str]:
        """Run a situation's commands; what they print. `snapshot` opens the folder like `serve`."""
        printed = []
        for line in lines(heading):
            command, _, expected = line.partition("# status ")
            words = shlex.split(command)
            if words[0] not in ("authorizer", "cp", "mv", "tail"):
                continue
            if words[:2] == ["authorizer", "serve"]:
                words = ["authorizer", "snapshot", "--data", words[words.index("--data") + 1]]
            words = [self._placed(word, given) for word in words]
            if words[0] == "authorizer":
                result = run(*words[1:])
                assert result.exit_code == int(expected or 0), (line, result.output)
                printed.append(result.output)
            else:
                self._system(words)
        assert printed
        return printed

    def _placed(self, word: str, given: Mapping[str, str]) -> str:
        if word in given:
            return given[word]
        for name, path in (
            ("/backup/journal", self.place),
            ("/safe/keys", self.keys),
            ("/cold/journal", self.cold),
            ("restored", self.restored),
            ("data", self.data),
            ("meanwhile", self._folder / "meanwhile"),
        ):
            if word == name or (name != "restored" and re.match(rf"{name}[/.]", word)):
                return str(path) + word[len(name) :]
        return word

    def _system(self, words: list[str]) -> None:
        """Run a command of the system, as the shell does: with `*` and `>>`."""
        found: list[str] = []
        for word in words:
            path = Path(word)
            found += map(str, path.parent.glob(path.name)) if "*" in word else [word]
        into = found[found.index(">>") + 1] if ">>" in found else "/dev/null"
        with Path(into).open("ab") as output:
            subprocess.run(
                found[: found.index(">>")] if ">>" in found else found, stdout=output, check=True
            )


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """A folder with three segments, of which a backup has two and a half, on a fast disk."""
    monkeypatch.setattr(disks, "sync_seconds", lambda _: [0.0001])
    one = Night(tmp_path)
    customer = tmp_path / "customer.json"
    customer.write_bytes(documents.encode(documents.customer("c1")))
    accounts = '{"account": "123", "balances": {"CASH": 100, "MEAL": 100}}\n'
    done("import", "-", "--data", one.data, stdin=accounts)
    done("import", customer, "--data", one.data)
    for number in (1, 2):
        write_batch(one.data, [encode(credit(number))], segment_bytes=1)
    one.back_up()
    write_events(one.data, credit(3))
    return one


def credit(number: int) -> AccountCredited:
    return AccountCredited(NOW_US + number, "t", "123", f"c{number}", "CASH", 1)


def harm(data: Path, number: int) -> None:
    """Change a byte in the body of a batch."""
    batch = batches(data)[number]
    flip(data / batch.segment, batch.offset + 80)


def test_the_list_has_every_situation() -> None:
    listed = re.findall(r"^- \[([^]]+)\]\(#", PAGE, re.MULTILINE)
    assert listed == re.findall(r"^## (.*)$", PAGE, re.MULTILINE)


def test_a_torn_tail(night: Night) -> None:
    newest = journal_files(night.data)[-1]
    newest.write_bytes(newest.read_bytes()[:-5])
    looked, repaired, *_, after = night.follow("A torn tail")
    assert "incomplete" in looked
    assert "nothing to repair" in repaired
    assert "incomplete" not in after
    assert len(list((night.data / "journal").glob("*.torn-*"))) == 1


@pytest.mark.parametrize("number", [2, -2], ids=["the middle", "the newest"])
def test_damage_in_the_journal(night: Night, number: int) -> None:
    whole = head(night.data)
    harm(night.data, number)
    told = night.follow("Damage in the journal")
    assert "from backup" in told[1]
    assert "lost" not in told[1]
    done("verify", "--data", night.data, "--expect", whole)


def test_damage_that_no_backup_has_is_named(night: Night) -> None:
    harm(night.data, -1)
    told = night.follow("Damage in the journal")
    assert "cut" in told[1]
    assert "1 or more that can't be" in told[1]


def test_a_damaged_snapshot(night: Night) -> None:
    flip(take_snapshot(night.data), 100)
    night.follow("A damaged snapshot")


def open_accounts(server: Server) -> None:
    for number in range(100):
        server.client.open_account(f"full-{number}", CASH="1.00")


def test_the_disk_is_full(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on the size of any file is what the disk is here: what is beyond can't be written."""
    server = Server(night.data.parent, (*PATIENT, "--reports", "false"))
    try:
        server.start()
        newest = journal_files(night.data)[-1]
        bound = newest.stat().st_size + 100
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (bound, resource.RLIM_INFINITY))
        with pytest.raises((OSError, http.client.HTTPException)):
            open_accounts(server)
        assert server.wait_end() == 74
        assert server.start().client.get("/health").status == 200, "there is room again"
        assert server.stop() == 0
    finally:
        server.end()
    monkeypatch.setenv("AUTHORIZER_REPORTS", "false")
    told = night.follow("The disk is full")
    assert "room on the disk" in told[0]
    assert "segments are in" in told[1]


def test_the_machine_is_lost(night: Night) -> None:
    night.back_up()
    digest, ends = digest_of_a_start(night.data), head(night.data)
    shutil.rmtree(night.data)
    _, restored, *_ = night.follow("The machine is lost")
    assert ends in restored
    assert digest_of_a_start(night.data) == digest


def test_a_wrong_override(make_server: MakeServer) -> None:
    server = make_server(*PATIENT, "--reports", "false").start()
    keys = key_per_role(server)

    def ask(role: str, method: str, path: str, body: Any = None) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        return Client(server.port, key=keys[role]).send(method, path, data)

    ask("operador", "PUT", "/accounts/123", {"balances": {"CASH": 100, "MEAL": 100}})
    put = ask("operador", "PUT", "/merchants", {"name": "LOJA ERRADA", "mcc": "9999"})
    assert put.status == 201, put.body
    bought = {"account": "123", "id": "t-1", "totalAmount": 10, "mcc": "5811"}
    answer = ask("terminal", "POST", "/transactions", {**bought, "merchant": "LOJA ERRADA"})
    assert answer.json() == {"code": "00"}
    wrong, taken, found, explained, *corrections = lines("A wrong override")
    (registered,) = [json.loads(line) for line in said(wrong, server.data).splitlines()]
    method, path = taken.split()
    assert ask("operador", method, path).status == 204
    (event,) = [
        json.loads(line)
        for line in said(found, server.data, POSITION=str(registered["position"])).splitlines()
    ]
    assert "LOJA ERRADA" in json.dumps(event)
    assert "override" in said(explained, server.data)
    for line in corrections:
        method, path, body = line.split(" ", 2)
        assert ask("operador", method, path, json.loads(body)).status == 201
    balances = ask("operador", "GET", "/accounts/123").json()["balances"]
    assert balances == {"CASH": 100, "MEAL": 90}


def said(line: str, data: Path, **given: str) -> str:
    words = [given.get(word, word) for word in shlex.split(line)[1:]]
    return done(*(str(data) if word == "data" else word for word in words))


def test_the_keys_are_lost(night: Night, tmp_path: Path) -> None:
    (night.data / "keys" / "customers.keys").unlink()
    customer = tmp_path / "later.json"
    customer.write_bytes(documents.encode(documents.customer("c2")))
    done("import", customer, "--data", night.data)
    words = ("--data", night.data, "--to", night.place, "--keys-to", night.keys)
    assert run("backup", *words).exit_code == 1
    looked, _ = night.follow("The keys are lost")
    assert "customer 'c1' has no key" in looked
    night.back_up()
    assert "2 keys" in done("verify", "--backup", night.place, "--keys-from", night.keys)
    assert len(recover(LocalDisk(night.data)).state[CUSTOMERS]) == 2


def test_suspicion_of_tampering(night: Night) -> None:
    made = done("keys", "create", "--role", "operador", "--name", "x", "--data", night.data)
    log = AccessLog(LocalDisk(night.data / "access-log"))
    key = re.findall(r"[0-9a-f]{8,}", done("keys", "list", "--data", night.data))[0]
    log.write([DataAccess(NOW_US, f"operador:{key}", "k", ("c1",), "r")])
    log.close()
    night.back_up()
    kept = head(night.data)
    told = night.follow("Suspicion of tampering", **{"POSITION:HEAD": kept, "KEY": key})
    assert f"operador:{key}" in told[3]
    assert "revoked" in done("keys", "list", "--data", night.data)
    assert made
    (file,) = [path for path in journal_files(night.data) if path.name.endswith("1.journal")]
    forged = night.restored
    for batch in batches(night.data):
        records = [record.replace(b'"CASH",1', b'"CASH",9') for record in batch.records()]
        write_batch(forged, records)
    result = run("verify", "--data", forged, "--without-keys", "--expect", kept)
    assert (result.exit_code, "is expected" in result.stdout, file.exists()) == (1, True, True)


def test_upgrade_and_downgrade(night: Night) -> None:
    told = night.follow("Upgrade")
    before = head(night.data)
    assert before in told[2]
    write_batch(night.data, [encode(credit(4)).replace(b'"account_credited",', b'"from_later",')])
    old = Server(night.data.parent, PATIENT)
    with pytest.raises(ServerEnded, match="no record of this program"):
        old.start()
    position = before.partition(":")[0]
    night.follow("Downgrade", POSITION=position)
    assert head(night.restored) == before
