"""`authorizer reports`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from authorizer.followers.reports.tables.database import open_database
from authorizer.persistence import unsynced
from tests.support.command_line import buy, done, refused, start, write_batch
from tests.support.commands import purchase
from tests.support.processes import children
from tests.support.server import PROJECT, MakeServer, Server, python
from tests.support.tables import Tables, tables_of


def tables(data: Path) -> Tables:
    engine = open_database(f"sqlite:///{data / 'reports' / 'reports.sqlite'}")
    found = tables_of(engine)
    engine.dispose()
    return found


def test_rebuilt_tables_are_the_live_ones(make_server: MakeServer) -> None:
    server = make_server()
    assert "done" not in done("init", "--demo", "--data", server.data)
    server.start()
    client = server.client
    for number in range(5):
        transaction = {"account": "123", "totalAmount": 1, "mcc": "5811", "merchant": "M"}
        client.authorize(transaction | {"id": str(number)})
    credit = {"id": "c", "category": "FOOD", "amount": 1}
    assert client.post("/accounts/123/credits", credit).status == 201
    assert client.get("/cartoes/987654321/limite", canal="App").status == 200
    document = {"assunto": "A", "descricao": "B", "categoria": "c", "canal": "App"}
    opened = client.post("/clientes/12345/chamados", document)
    assert opened.status == 201, opened
    step = {"atendente": "Ana", "resolucao": "C", "canal": "App"}
    assert client.post(f"/chamados/{opened.json()['protocolo']}/resolucao", step).status == 200
    frozen = {"status": "frozen", "reason": "r"}
    assert client.put("/accounts/123/status", frozen).status == 200
    assert client.get("/accounts/123/transactions").status == 200
    server.stop()
    live = tables(server.data)
    assert all(live.values())
    (server.data / "reports" / "reports.sqlite").write_bytes(b"broken" * 1000)
    assert "events are in the tables" in done("reports", "rebuild", "--data", server.data)
    assert tables(server.data) == live
    done("reports", "rebuild", "--data", server.data)
    assert tables(server.data) == live


def test_status_tells_how_far_the_tables_are(demo: Path) -> None:
    buy(demo, purchase(100, mcc="5411", account_id="123"))
    assert "no tables" in refused("reports", "status", "--data", demo)
    done("reports", "rebuild", "--data", demo)
    told = json.loads(done("reports", "status", "--json", "--data", demo))
    assert told["rows"]["transactions"] == 1
    assert told["rows"]["purchases"] == 0  # one of a single message to which nothing else happened
    assert f"position {told['position']}\n" in done("reports", "status", "--data", demo)


def test_nobody_else_may_read_the_tables(demo: Path) -> None:
    done("reports", "rebuild", "--data", demo)
    folder = demo / "reports"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_bug_ends_the_process_that_follows(demo: Path) -> None:
    """Its server starts another one; left alone, it would answer nobody and live on."""
    program = """
import sys
from authorizer.cli import main
from authorizer.followers.feed import Feed
def bug(*_):
    raise RuntimeError("a bug")
Feed.catch_up = bug
main(["reports", "follow", "--data", sys.argv[1]])
"""
    command = [python(), "-c", program, str(demo)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b'{"durable": 1}\n')
        process.stdin.flush()
        assert process.wait(30) == 1


def kill_both(server: Server) -> None:
    """Kill a server and its reports' process, which would end in order without it."""
    server.process.send_signal(signal.SIGSTOP)
    for child in children(server.process.pid):
        os.kill(child, signal.SIGKILL)
    server.kill()


def test_tables_that_a_loss_of_power_tore_are_made_anew(make_server: MakeServer) -> None:
    """The process that wrote them was killed, with the machine."""
    server = make_server().start()
    server.client.open_account("123")
    assert server.client.get("/accounts/123/transactions").status == 200
    kill_both(server)
    reports = server.data / "reports"
    whole = (reports / "reports.sqlite").read_bytes()
    assert (reports / "unsynced").read_text().split()[0] == unsynced.boot_id()
    server.start()  # it takes them for whole: the machine did not go down
    assert server.client.get("/accounts/123/transactions").status == 200
    kill_both(server)
    (reports / "unsynced").write_text("an-earlier-boot 0\n")
    assert "makes them anew" in refused("reports", "status", "--data", server.data)
    (reports / "reports.sqlite").write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 2))
    server.start()
    assert server.client.get("/accounts/123/transactions").status == 200
    assert "may be torn and are made anew" in server.log()
    server.stop()
    assert not (reports / "unsynced").exists()


def test_a_torn_tail_is_not_rebuilt(demo: Path) -> None:
    done("reports", "rebuild", "--data", demo)
    before = tables(demo)
    write_batch(demo, [b"x" * 100])
    segment = sorted((demo / "journal").glob("*.journal"))[-1]
    segment.write_bytes(segment.read_bytes()[:-1])
    done("reports", "rebuild", "--data", demo)
    assert tables(demo) == before


def test_an_unreadable_record_is_told(demo: Path) -> None:
    write_batch(demo, [b"x" * 100])
    assert "no record of this program" in refused("reports", "rebuild", "--data", demo)


def test_a_running_server_keeps_its_tables(make_server: MakeServer) -> None:
    server = make_server().start()
    server.client.open_account("a")
    assert "in use" in refused("reports", "rebuild", "--data", server.data)


def test_a_url_of_another_kind_is_wrong_usage(demo: Path) -> None:
    url = "mysql://someone:secret@nowhere/x"
    told = refused("reports", "rebuild", "--data", demo, "--reports-url", url, status=2)
    assert "not in mysql" in told
    assert "secret" not in told


def test_a_database_that_cannot_be_reached_is_told_without_its_password(demo: Path) -> None:
    url = "postgresql+psycopg://someone:secret@127.0.0.1:1/x"
    for command in ("rebuild", "status"):
        told = refused("reports", command, "--data", demo, "--reports-url", url)
        assert "secret" not in told


def test_the_process_ends_with_its_standard_input(demo: Path) -> None:
    process = start("reports", "follow", "--data", demo)
    output, _ = process.communicate('{"durable": 1}\n', timeout=60)
    assert process.returncode == 0
    said = [json.loads(line) for line in output.splitlines()]
    assert all(line.keys() == {"position"} for line in said)  # it may have ended before it said any


def test_the_server_never_loads_the_database_library() -> None:
    program = (
        "import authorizer.cli.serve, authorizer.server.serve, sys; "
        "print('sqlalchemy' in sys.modules)"
    )
    ran = subprocess.run(
        [python(), "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
