"""The server's side of the reports: starts their process, asks it, starts it again if it dies."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any, Final, Protocol

import structlog

from authorizer.followers.reports.wire import QueryError, line, message

MAX_QUERIES: Final = 64
"""Queries that may be under way at once."""
NUDGE_SECONDS: Final = 0.5
GRACE_SECONDS: Final = 5.0
"""How much longer than for the position a query's answer is waited for."""
END_SECONDS: Final = 10.0
START_SECONDS: Final = 1.0
"""How long after the server the process is started, unless somebody asks it something before."""
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""Who has run for so long is started again at once."""
MAX_LINE_BYTES: Final = 64 << 20
MAX_UNREAD_BYTES: Final = 1 << 20

log = structlog.get_logger()


class ReportsUnavailableError(Exception):
    """There is no answer now; the same question may be asked again in a while."""


class Reports(Protocol):
    """Who answers questions about the past."""

    @property
    def position(self) -> int:
        """The newest position of the journal that is in the tables, as far as is known."""

    @property
    def running(self) -> bool:
        """Whether there is anybody to answer."""

    async def query(self, name: str, **params: Any) -> Any:
        """Ask one of `queries.QUERIES`; everything durable by now is in the answer.

        Raises:
            ReportsUnavailableError: there is no answer now.
        """


class NoReports:
    """Nobody: reports are switched off."""

    position = 0
    running = False

    async def query(self, name: str, **params: Any) -> Any:
        """See `Reports`."""
        raise ReportsUnavailableError("reports are switched off on this server")

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["NoReports"]:
        """Nobody is at work."""
        yield self


class ReportsProcess:
    """Asks the process that `command` starts. `durable` is how far the journal is on disk."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        durable: Callable[[], int],
        wait_seconds: float,
    ) -> None:
        self._command = command
        self._environment = dict(environment)
        self._durable = durable
        self._wait_seconds = wait_seconds
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._process: Process | None = None
        self._wanted = asyncio.Event()
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        self._speaks = False
        """Whether the process that runs has said anything."""
        self._told: int | str | None = None
        """With what status the process has ended, and has said nothing since."""
        self.position = 0

    @property
    def running(self) -> bool:
        """See `Reports`."""
        return self._process is not None

    @property
    def process_id(self) -> int | None:
        """The process that answers now."""
        return None if self._process is None else self._process.pid

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["ReportsProcess"]:
        """Have the process run for as long as the context lasts."""
        running = asyncio.create_task(self._keep_running())
        nudging = asyncio.create_task(self._nudge())
        try:
            yield self
        finally:
            self._stopping.set()
            self._wanted.set()
            await self._end()
            await asyncio.gather(running, nudging)

    async def query(self, name: str, **params: Any) -> Any:
        """See `Reports`."""
        if len(self._asked) >= MAX_QUERIES:
            raise ReportsUnavailableError("too many reports are being made")
        self._wanted.set()
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._wait_seconds + GRACE_SECONDS):
                await self._started.wait()
                self._tell(
                    {
                        "id": number,
                        "query": name,
                        "params": params,
                        "at_least": self._durable(),
                        "timeout_ms": int(self._wait_seconds * 1000),
                    }
                )
                return await answer
        except TimeoutError as error:
            raise ReportsUnavailableError("the reports take too long") from error
        finally:
            self._asked.pop(number, None)

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        await _first(self._wanted.wait(), START_SECONDS)
        while not self._stopping.is_set():
            began = loop.time()
            status = await self._run_once()
            if self._stopping.is_set():
                return
            steady = loop.time() - began >= STEADY_SECONDS
            pause = FIRST_PAUSE_SECONDS if steady else min(2 * pause, LONGEST_PAUSE_SECONDS)
            if status != self._told:  # the same again and again is told once
                log.error("the reports' process ended", status=status, again_in_seconds=pause)
                self._told = status
            await _first(self._stopping.wait(), pause)

    async def _run_once(self) -> int | str:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=None,
                env=self._environment,
                limit=MAX_LINE_BYTES,
                start_new_session=True,  # signals to the server's group are not for it
            )
        except OSError as error:
            return str(error)
        self._process = process
        self._speaks = False
        self._tell({"durable": self._durable()})
        self._started.set()
        try:
            await self._listen(process)
        finally:
            self._process = None
            self._started.clear()
            self._give_up()
        return await process.wait()

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        if self._stopping.is_set():
            await self._end()
        try:
            while told := await process.stdout.readline():
                self._hear(message(told))
        except (LookupError, ValueError) as error:  # killed within a line: its end is missing
            log.error("the reports' process said what makes no sense", problem=repr(error))
            with suppress(ProcessLookupError):
                process.kill()

    def _hear(self, said: dict[str, Any]) -> None:
        self._speaks = True
        if self._told is not None:
            log.info("the reports' process is at work again")
            self._told = None
        if "position" in said:
            self.position = said["position"]
            return
        answer = self._asked.get(said["id"])
        if answer is None or answer.done():
            return  # nobody waits for it any more
        if "result" in said:
            answer.set_result(said["result"])
        else:
            answer.set_exception(ReportsUnavailableError(_DETAIL[QueryError(said["error"])]))

    def _give_up(self) -> None:
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ReportsUnavailableError("the reports are being restarted"))

    async def _nudge(self) -> None:
        told: tuple[int | None, int] = (None, -1)
        while not self._stopping.is_set():
            await _first(self._stopping.wait(), NUDGE_SECONDS)
            news = (self.process_id, self._durable())
            if news != told and self._process is not None:
                self._tell({"durable": news[1]})
                told = news

    def _tell(self, said: dict[str, Any]) -> None:
        """Send a message, unless the process is gone or has stopped listening."""
        stdin = self._process and self._process.stdin
        if not stdin or stdin.is_closing():
            return
        if stdin.transport.get_write_buffer_size() < MAX_UNREAD_BYTES:
            stdin.write(line(said))

    async def _end(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        if not self._speaks:  # it is still loading, for seconds; the tables bear being left anytime
            with suppress(ProcessLookupError):
                process.kill()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            log.error("the reports' process did not end by itself", process=process.pid)
            process.kill()


_DETAIL: Final = {
    QueryError.BEHIND: "the reports have not caught up yet",
    QueryError.UNAVAILABLE: "the reports' database can't be used now",
    QueryError.BUG: "this report can't be made",
}


async def _first(waiting: Any, seconds: float) -> None:
    """Wait, but not longer than this."""
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return
