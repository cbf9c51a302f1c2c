"""The URL of the reports' database: read, and checked as far as that goes without a connection."""

from importlib.util import find_spec
from typing import Any, Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

POSTGRESQL: Final = "postgresql+psycopg"
INSTALL: Final = "pip install 'card-authorizer[postgresql]'"
_WRITE: Final = f"write {POSTGRESQL}://user@host/database, or sqlite:////an/absolute/path"
_ALIASES: Final = {"postgresql": POSTGRESQL, "postgres": POSTGRESQL}
_KINDS: Final = ("sqlite", "postgresql")
_NOWHERE: Final = (None, "", ":memory:")


def read_url(url: str) -> URL:
    """The URL; `postgresql://` and `postgres://` mean psycopg, the driver that is installed.

    No message shows any part of the URL but its driver: a password may be in it.

    Raises:
        ValueError: it is no URL, or names a database that reports can't be kept in.
    """
    try:
        read = make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise ValueError(f"the reports' URL is no SQLAlchemy URL: {_WRITE}") from error
    read = read.set(drivername=_ALIASES.get(read.drivername, read.drivername))
    kind = read.get_backend_name()
    if kind not in _KINDS:
        raise ValueError(f"reports are kept in sqlite or postgresql, not in {kind}: {_WRITE}")
    return read


def check_url(url: str) -> None:
    """Check that a database of this URL could be opened, without a connection.

    Raises:
        ValueError: it never could; the message says why, and what to do.
    """
    read = read_url(url)
    name = read.drivername
    try:
        dialect = read.get_dialect()
    except SQLAlchemyError as error:
        raise ValueError(f"SQLAlchemy knows no {name}: {_WRITE}") from error
    if dialect.is_async:
        raise ValueError(f"{name} is made for asyncio, which the reports don't use: {_WRITE}")
    try:
        driver = dialect.import_dbapi()
    except ImportError as error:
        raise ValueError(_missing(name, error)) from error
    if read.get_backend_name() == "sqlite" and read.database in _NOWHERE:
        raise ValueError(f"a SQLite database in memory has no readers: {_WRITE}")
    _check_options(read, driver)


def _missing(name: str, error: ImportError) -> str:
    if name != POSTGRESQL:
        return f"the driver of {name} is not installed: {_WRITE}"
    if find_spec("psycopg") is None:
        return f"reports in PostgreSQL need psycopg, which is not installed: {INSTALL}"
    problem = (str(error).splitlines() or [""])[0]
    return f"psycopg can't be loaded ({problem}): {INSTALL}"


def _check_options(url: URL, driver: Any) -> None:
    """Have the driver look at the parameters, which SQLAlchemy hands on as they are."""
    if url.drivername != POSTGRESQL:
        return
    _, options = url.get_dialect()().create_connect_args(url)
    try:
        driver.conninfo.make_conninfo(**options)
    except (driver.Error, TypeError, ValueError) as error:
        unknown = sorted(set(url.query) - _known(driver))
        what = f": {unknown[0]} is no parameter of a connection" if unknown else ""
        raise ValueError(f"psycopg can't use the reports' URL{what}") from error


def _known(driver: Any) -> set[str]:
    return {option.keyword.decode() for option in driver.pq.Conninfo.get_defaults()}
