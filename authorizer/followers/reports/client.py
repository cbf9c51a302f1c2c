"""The reports as the server asks them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from typing_extensions import override

from authorizer.followers.open_queries import NoAnswerError
from authorizer.followers.process import FollowerProcess
from authorizer.followers.wire import NoAnswer


class ReportsUnavailableError(Exception):
    """There is no answer now; the same question may be asked again in a while."""


class Reports(Protocol):
    """Questions about the past, and their answers."""

    @property
    def position(self) -> int:
        """The newest position of the journal that is in the tables, as far as is known."""

    @property
    def lag_seconds(self) -> float:
        """For how long something has been durable that is not in the tables, as far as is known."""

    @property
    def running(self) -> bool:
        """Whether the process that answers runs."""

    async def query(self, name: str, **params: Any) -> Any:
        """Ask a query by its name in `queries`; everything durable by now is in the answer.

        Raises:
            ReportsUnavailableError: there is no answer now.
        """


class NoReports(Reports):
    """The reports of a server on which they are switched off."""

    position = 0
    lag_seconds = 0.0
    running = False

    @override
    async def query(self, name: str, **params: Any) -> Any:
        raise ReportsUnavailableError("reports are switched off on this server")

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["NoReports"]:
        """Do nothing for as long as the context lasts."""
        yield self


class ReportsProcess(Reports):
    """The reports of a process beside the server."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        durable: Callable[[], int],
        wait_seconds: float,
    ) -> None:
        self._process = FollowerProcess("reports", command, environment, durable, wait_seconds)

    @property
    @override
    def position(self) -> int:
        return self._process.position

    @property
    @override
    def lag_seconds(self) -> float:
        return self._process.lag_seconds

    @property
    @override
    def running(self) -> bool:
        return self._process.running

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["ReportsProcess"]:
        """Keep the process running for as long as the context lasts."""
        async with self._process.at_work():
            yield self

    @override
    async def query(self, name: str, **params: Any) -> Any:
        try:
            return await self._process.ask(name, params)
        except NoAnswerError as error:
            raise ReportsUnavailableError(_DETAIL[error.reason]) from error


_DETAIL: Final = {
    NoAnswer.BEHIND: "the reports have not caught up yet",
    NoAnswer.UNAVAILABLE: "the reports' database can't be used now",
    NoAnswer.BUG: "this report can't be made",
    NoAnswer.BUSY: "too many reports are being made",
    NoAnswer.SLOW: "the reports take too long",
    NoAnswer.RESTARTED: "the reports are being restarted",
}
