"""A server whose reports are in PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from authorizer.followers.reports.tables.database import is_away, open_database
from tests.support.command_line import done
from tests.support.server import PATIENT, MakeServer
from tests.support.tables import tables_of


def terminate_connections(engine: Engine) -> None:
    """End every connection but this one, as a restart of the database does."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with engine.connect() as connection:
        connection.execute(text(others + " AND backend_type = 'client backend'"))


def test_a_server_with_its_reports_in_postgresql(
    make_server: MakeServer, postgres_url: str
) -> None:
    server = make_server(*PATIENT, "--reports-url", postgres_url).start()
    client = server.client
    client.open_account("a", MEAL="10.00")
    purchase = {"account": "a", "totalAmount": 1, "mcc": "5811", "merchant": "M"}
    for number in range(3):
        assert client.authorize(purchase | {"id": str(number)}).code == "00"
        page = client.get("/accounts/a/transactions").json()
        assert page["transactions"][0]["id"] == str(number)
    engine = open_database(postgres_url)
    terminate_connections(engine)
    assert client.authorize(purchase | {"id": "x"}).code == "00"
    statuses = [client.get("/accounts/a/transactions").status for _ in range(50)]
    assert statuses[-1] == 200
    assert set(statuses) <= {200, 503}
    server.stop()
    live = tables_of(engine)
    engine.dispose()
    assert [row[3] for row in live["transactions"]] == ["0", "1", "2", "x"]
    done("reports", "rebuild", "--data", server.data, "--reports-url", postgres_url)
    engine = open_database(postgres_url)
    assert tables_of(engine) == live
    engine.dispose()
    assert not (server.data / "reports").exists()


def test_a_database_is_away_when_it_has_ended_the_connection_or_takes_none(
    postgres_url: str,
) -> None:
    """A question that it takes badly, or too long for, is no such thing."""
    engine = open_database(postgres_url)
    other = create_engine(engine.url, poolclass=NullPool)
    with engine.connect() as connection:
        for wrong in ("SELECT nothing", "SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)"):
            with pytest.raises(DBAPIError) as caught:
                connection.execute(text(wrong))
            assert not is_away(caught.value), caught.value
            connection.rollback()
        terminate_connections(other)
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text("SELECT 1"))
        assert is_away(caught.value)
    engine.dispose()
    nowhere = open_database("postgresql://me@127.0.0.1:1/x")
    with pytest.raises(DBAPIError) as caught:
        nowhere.connect()
    assert is_away(caught.value)
    nowhere.dispose()
