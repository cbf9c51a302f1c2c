"""The reports as a follower of the journal: tables that are moved on, and queries of them."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Engine
from typing_extensions import override

from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.queries import make_queries
from authorizer.followers.reports.tables.database import DatabaseError, is_away, problem_of
from authorizer.followers.reports.tables.progress import OvertakenError
from authorizer.followers.reports.tables.projector import Projector
from authorizer.followers.troubles import Trouble
from authorizer.followers.worker import JOURNAL_FAILURES, Follower
from authorizer.persistence.state.history import RawBatch

AWAY: Final = (
    "the reports' database is away; statements, lists and reports answer 503 until it is back"
)
_STUCK: Final = (DatabaseError, OvertakenError, *JOURNAL_FAILURES)


class ReportsFollower(Projector, Follower[RawBatch]):
    """The tables of one database, and its queries with their caches."""

    def __init__(self, engine: Engine, days: LocalDays) -> None:
        super().__init__(engine, days)
        self._queries = make_queries()

    @override
    def answer(self, query: str, params: Mapping[str, Any]) -> Any:
        with self._engine.connect() as connection:
            return self._queries[query](connection, params)

    @override
    def feed_trouble(self, error: Exception) -> Trouble | None:
        return _trouble(error) if isinstance(error, _STUCK) else None

    @override
    def query_trouble(self, error: Exception) -> Trouble | None:
        return _trouble(error) if isinstance(error, DatabaseError) else None


def _trouble(error: Exception) -> Trouble:
    problem = problem_of(error)
    if is_away(error):
        return Trouble(AWAY, "the reports' database is back", problem, is_outage=True)
    return Trouble(
        "the reports' tables can't be moved on", "the reports' tables move on again", problem
    )
