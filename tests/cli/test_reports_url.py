"""A server and the URL of its reports' database: what can never be is refused, what is away not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import start
from tests.support.server import PATIENT, MakeServer
from tests.support.waiting import PATIENCE_S, until

NEVER = "postgresql+nope://me:s3cret@db/x"
AWAY = "postgresql://me:s3cret@127.0.0.1:1/x"
SITE = """\
import sys
from importlib import util
class NoPsycopg:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "psycopg":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
sys.meta_path.insert(0, NoPsycopg())
find_spec = util.find_spec
util.find_spec = lambda name, package=None: None if name == "psycopg" else find_spec(name, package)
"""
"""A `sitecustomize` that hides psycopg."""


def told_by_a_start(data: Path, url: str) -> str:
    """What a start says that must be refused; one that is not is ended."""
    with start("serve", "--data", data, "--port", "0", "--reports-url", url) as process:
        try:
            _, told = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 2
    assert "s3cret" not in told
    return str(told)


def test_a_url_that_could_never_be_opened_is_refused_before_anything_else(tmp_path: Path) -> None:
    """Nothing is made in the data folder, and the address is not taken."""
    told = told_by_a_start(tmp_path / "data", NEVER)
    assert "setting reports_url: SQLAlchemy knows no postgresql+nope" in told
    assert not (tmp_path / "data").exists()


def test_without_psycopg_the_start_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told = told_by_a_start(tmp_path / "data", AWAY)
    assert "need psycopg, which is not installed: pip install 'card-authorizer[postgresql]'" in told


def test_where_reports_are_switched_off_nobody_looks_at_their_url(make_server: MakeServer) -> None:
    server = make_server("--reports", "false", "--reports-url", NEVER).start()
    assert server.stop() == 0


def test_a_database_that_is_away_is_told_once(make_server: MakeServer) -> None:
    """It is tried again at 0.1, 0.3, 0.7 and 1.5 seconds; the log has one line."""
    server = make_server(*PATIENT[:2], "--reports-wait-ms", "1", "--reports-url", AWAY).start()
    server.client.open_account("a")
    told = "the reports' database is away"
    assert server.logs(told)
    for _ in range(5):
        assert server.client.get("/accounts/a/transactions").status == 503
    assert server.stop() == 0
    assert server.log_path.read_text().count(told) == 1
    assert "s3cret" not in server.log_path.read_text()


def test_a_database_that_comes_back_is_told_once(make_server: MakeServer, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    server = make_server(*PATIENT, "--reports-url", f"sqlite:///{folder}/own.sqlite").start()
    server.client.open_account("a")
    assert server.logs("the reports' database is away")
    folder.mkdir()
    until(lambda: server.client.get("/accounts/a/transactions").status == 200, "back")
    assert server.logs("the reports' database is back")
    assert server.stop() == 0
    log = server.log_path.read_text()
    assert (log.count("database is away"), log.count("database is back")) == (1, 1)
