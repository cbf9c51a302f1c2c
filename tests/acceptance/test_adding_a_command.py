"""docs/adding-a-command.md is followed in a copy of the package, which then runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from authorizer.domain.accounts.at_rest import pack
from authorizer.domain.accounts.state import Account
from authorizer.persistence.state.snapshot import VERSION
from tests.support.page_edits import apply
from tests.support.server import COMMAND, PATIENT, PROJECT, Server, python

PAGE: Final = (PROJECT / "docs" / "adding-a-command.md").read_text(encoding="utf-8")
MAX_FILES: Final = 4
CUSTOMER: Final = {
    "cliente_id": "c1", "nome": "Ana", "cpf": "12345678900",
    "cartoes": [{"cartao_id": "card", "numero_mascarado": "**** 1", "bandeira": "Visa",
                 "status": "ativo"}],
}  # fmt: skip


def section(heading: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(r"^## .*\n", PAGE.partition(f"\n## {heading}\n")[2], flags=re.MULTILINE)[0]


def followed(heading: str, tree: Path) -> list[str]:
    """Make the edits of a section in a copy of the package; the files touched."""
    compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "authorizer", tree / "authorizer", ignore=compiled)
    return apply(tree, section(heading))


@contextmanager
def running(tree: Path, home: Path) -> Iterator[Server]:
    """A server of the copy, which its working directory makes it find first."""
    command = ["env", f"--chdir={tree}", python(), *COMMAND.split(), *PATIENT]
    server = Server(home, command=command)
    try:
        yield server.start()
    finally:
        server.end()


def verified(tree: Path, data: Path) -> str:
    """What the copy's `verify` prints of a data folder, which must be whole."""
    command = ["env", f"--chdir={tree}", python(), "-m", "authorizer", "verify"]
    run = subprocess.run([*command, "--data", str(data)], check=True, capture_output=True)
    return run.stdout.decode()


def test_a_command_with_its_event_and_endpoint_is_a_few_files(tmp_path: Path) -> None:
    touched = followed("A command", tmp_path)
    assert len(touched) + 1 <= MAX_FILES, "and the examples"
    with running(tmp_path, tmp_path / "home") as server:
        assert server.client.put("/clientes/c1", CUSTOMER).status == 201
        assert server.client.send("POST", "/cartoes/other/cancelamento").status == 404
        answer = server.client.send("POST", "/cartoes/card/cancelamento")
        assert (answer.status, answer.json()["status"]) == (200, "cancelado")
        server.kill()
    with running(tmp_path, tmp_path / "home") as server:
        assert server.client.get("/cartoes/card").json()["status"] == "cancelado"
        assert server.client.get("/accounts/c1/transactions").status == 200, "the read models run"
        assert server.client.send("POST", "/cartoes/card/cancelamento").status == 200
        assert server.stop() == 0
    with running(tmp_path, tmp_path / "home") as server:
        assert server.client.get("/cartoes/card").json()["status"] == "cancelado"


def test_an_aggregate_is_its_folder_and_one_line(tmp_path: Path) -> None:
    touched = followed("An aggregate", tmp_path)
    domain = [path for path in touched if "/domain/terminals/" not in path and "/http/" not in path]
    assert domain == ["authorizer/domain/aggregates.py"]
    with running(tmp_path, tmp_path / "home") as server:
        shop = {"merchant": "PADARIA DO ZE"}
        assert server.client.get("/terminals/T1").status == 404
        assert server.client.put("/terminals/T1", shop).status == 201
        server.kill()
    with running(tmp_path, tmp_path / "home") as server:
        assert server.client.get("/terminals/T1").json() == {"terminal": "T1", **shop}
        assert server.client.put("/terminals/T1", {"merchant": "OUTRA"}).status == 200
        assert server.stop() == 0
    with running(tmp_path, tmp_path / "home") as server:
        assert server.client.get("/terminals/T1").json()["merchant"] == "OUTRA"
    told = verified(tmp_path, tmp_path / "home" / "data")
    assert re.search(r"^terminals +1$", told, re.MULTILINE)
    assert "makes the same state as the journal" in told, "a snapshot has it too"


def test_the_upgrades_of_a_state_are_of_this_version_and_fit() -> None:
    shown = re.findall(r"upgrades=\{(\d+): (lambda values: .*)\}", section("A command"))
    assert [int(version) for version, _ in shown] == [VERSION, VERSION]
    any_state, few_accounts = (eval(text) for _, text in shown)
    account = Account("1")
    plain = pack(account)[1:]
    account.special = True
    special = pack(account)[1:]
    assert len(special) == 9
    assert any_state(["state"]) == ["state", None]
    assert few_accounts(plain) == plain
    assert few_accounts(special) == [*special[:-1], [*special[-1], None]]


def test_a_page_that_does_not_fit_any_more_is_noticed(tmp_path: Path) -> None:
    followed("A command", tmp_path)
    with pytest.raises(AssertionError, match=r"cancellation.py is there already"):
        apply(tmp_path, section("A command"))
    elsewhere = "```diff\n--- authorizer/http/cards.py\n def no_such_function():\n+    new\n```\n"
    with pytest.raises(AssertionError, match=r"cards.py has not just once"):
        apply(tmp_path, elsewhere)
