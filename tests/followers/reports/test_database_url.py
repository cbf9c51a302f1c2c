"""URLs of the reports' database: which are taken, and what is said of the others."""

from __future__ import annotations

import sys

import pytest

from authorizer.followers.reports.tables import database_url
from authorizer.followers.reports.tables.database import open_database
from authorizer.followers.reports.tables.database_url import INSTALL, check_url, read_url

PASSWORD = "s3cret"
WRITE = "write postgresql\\+psycopg://user@host/database, or sqlite:////an/absolute/path"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_by_any_name_means_psycopg(scheme: str) -> None:
    """SQLAlchemy 2.0 takes psycopg2 for the first, 2.1 does not; neither knows the second."""
    url = f"{scheme}://me:{PASSWORD}@db:5433/reports?sslmode=require"
    check_url(url)
    engine = open_database(url)
    assert engine.dialect.driver == "psycopg"
    assert engine.url == read_url(f"postgresql+psycopg://me:{PASSWORD}@db:5433/reports").set(
        query={"sslmode": "require"}
    )
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////a/file",
        "sqlite:///file",
        "sqlite+pysqlite:////a/file",
        "postgresql://me@/db?host=/run/pg&application_name=x",
        "postgresql://me@/db?host=a:1&host=b:2",
    ],
)
def test_what_could_be_opened_is_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "no SQLAlchemy URL"),
        ("reports.sqlite", "no SQLAlchemy URL"),
        (f"postgresql://me:{PASSWORD}@db:port/x", "no SQLAlchemy URL"),
        (f"mysql://me:{PASSWORD}@db/x", "not in mysql"),
        (f"postgresql+nope://me:{PASSWORD}@db/x", "knows no postgresql\\+nope"),
        (f"postgresql+psycopg_async://me:{PASSWORD}@db/x", "is made for asyncio"),
        ("sqlite+aiosqlite:///x", "is made for asyncio"),
        ("sqlite+pysqlcipher:///x", "driver of sqlite\\+pysqlcipher is not installed"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_what_could_never_be_opened_is_told_with_what_to_write(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"{told}.*{WRITE}") as caught:
        check_url(url)
    assert PASSWORD not in str(caught.value)


def test_a_parameter_that_no_connection_has_is_named() -> None:
    url = f"postgresql://me:{PASSWORD}@db/x?sslmod=require"
    with pytest.raises(ValueError, match="sslmod is no parameter of a connection") as caught:
        check_url(url)
    assert PASSWORD not in str(caught.value)


def test_without_psycopg_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for found, told in ((None, "which is not installed"), (object(), "psycopg can't be loaded (")):
        monkeypatch.setattr(database_url, "find_spec", lambda _, found=found: found)
        with pytest.raises(ValueError, match="psycopg") as caught:
            check_url("postgresql://me@db/x")
        assert told in str(caught.value)
        assert INSTALL in str(caught.value)
