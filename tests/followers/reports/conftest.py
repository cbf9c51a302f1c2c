"""Fixtures: a database of each kind that reports may be kept in, and a journal for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from authorizer.followers.reports.tables.database import open_database
from tests.followers.reports.house import House
from tests.support.postgres import cluster


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL database that the tests of this session share."""
    with cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of each kind. It may hold the tables of the test before."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'reports.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database of each kind; the same behaviour is asked of both."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def house(engine: Engine) -> House:
    """A journal, empty tables, and what brings the one into the others."""
    return House(engine)
