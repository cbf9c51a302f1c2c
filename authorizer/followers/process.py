"""The server's side of a follower's process: starts it, watches it, restarts it, asks it, ends it.

The process does not know its follower. Reports are the first follower.
"""

import asyncio
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Self

import structlog

from authorizer.followers.lag import Lag
from authorizer.followers.open_queries import NoAnswerError, OpenQueries
from authorizer.followers.wire import NoAnswer, line, message

NUDGE_SECONDS: Final = 0.5
GRACE_SECONDS: Final = 5.0
"""The time that an answer may take beyond that for reaching the position."""
END_SECONDS: Final = 10.0
"""The time that the process has to end by itself."""
START_SECONDS: Final = 1.0
"""The time from the server's start to the process's, unless a query comes before."""
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A process that ran for so long is restarted after the first pause again."""
MAX_LINE_BYTES: Final = 64 << 20
MAX_UNREAD_BYTES: Final = 1 << 20

log = structlog.get_logger()


class FollowerProcess:
    """The process that `command` starts, for as long as `at_work` lasts.

    `name` is that of the follower in the log: the reports' process. `durable` gives the newest
    position of the journal that is on disk. `start_seconds` after that it starts, or when it is
    asked; None: only when it is asked.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        durable: Callable[[], int],
        wait_seconds: float,
        start_seconds: float | None = START_SECONDS,
    ) -> None:
        self._name = name
        self._start_seconds = start_seconds
        self._command = command
        self._environment = dict(environment)
        self._durable = durable
        self._wait_seconds = wait_seconds
        self._queries = OpenQueries()
        self._lag = Lag(time.monotonic)
        self._process: Process | None = None
        self._wanted = asyncio.Event()
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        self._speaks = False
        """Whether the process that runs has said anything."""
        self._logged_status: int | str | None = None
        """The status of the ended process that was logged last; None once its successor speaks."""
        self.position = 0
        """The newest position that the follower has reached, as far as it has told."""

    @property
    def lag_seconds(self) -> float:
        """For how long something has been durable that the follower has not, as far as it tells.

        It is looked at every `NUDGE_SECONDS`.
        """
        return self._lag.behind_seconds(self.position)

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None

    @property
    def process_id(self) -> int | None:
        """The id of the process that runs."""
        return None if self._process is None else self._process.pid

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Self]:
        """Keep the process running for as long as the context lasts."""
        running = asyncio.create_task(self._keep_running())
        nudging = asyncio.create_task(self._nudge())
        try:
            yield self
        finally:
            self._stopping.set()
            self._wanted.set()
            await self._end()
            await asyncio.gather(running, nudging)

    async def ask(self, query: str, params: Mapping[str, Any]) -> Any:
        """The follower's answer, made when it has everything that is durable by now.

        Raises:
            NoAnswerError: there is no answer now.
        """
        with self._queries.new() as (number, answer):
            self._wanted.set()
            try:
                async with asyncio.timeout(self._wait_seconds + GRACE_SECONDS):
                    await self._started.wait()
                    self._tell(
                        {
                            "id": number,
                            "query": query,
                            "params": params,
                            "at_least": self._durable(),
                            "timeout_ms": int(self._wait_seconds * 1000),
                        }
                    )
                    return await answer
            except TimeoutError as error:
                raise NoAnswerError(NoAnswer.SLOW) from error

    def _event(self, what: str) -> str:
        """A line of the log about the process."""
        return f"the {self._name}' process {what}"

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        await _first(self._wanted.wait(), self._start_seconds)
        while not self._stopping.is_set():
            began = loop.time()
            status = await self._run_once()
            if self._stopping.is_set():
                return
            steady = loop.time() - began >= STEADY_SECONDS
            pause = FIRST_PAUSE_SECONDS if steady else min(2 * pause, LONGEST_PAUSE_SECONDS)
            if status != self._logged_status:  # the same again and again is logged once
                log.error(self._event("ended"), status=status, again_in_seconds=pause)
                self._logged_status = status
            await _first(self._stopping.wait(), pause)

    async def _run_once(self) -> int | str:
        """Run a process to its end; its status, or why it could not be started."""
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
            self._queries.refuse_all(NoAnswer.RESTARTED)
        return await process.wait()

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        if self._stopping.is_set():
            await self._end()
        try:
            while told := await process.stdout.readline():
                self._hear(message(told))
        except (LookupError, ValueError) as error:  # killed within a line: its end is missing
            log.error(self._event("said what makes no sense"), problem=repr(error))
            with suppress(ProcessLookupError):
                process.kill()

    def _hear(self, said: dict[str, Any]) -> None:
        self._speaks = True
        if self._logged_status is not None:
            log.info(self._event("is at work again"))
            self._logged_status = None
        if "position" in said:
            self.position = said["position"]
        else:
            self._queries.settle(said)

    async def _nudge(self) -> None:
        """Tell the process how far the journal is, whenever that has changed."""
        told: tuple[int | None, int] = (None, -1)
        while not self._stopping.is_set():
            await _first(self._stopping.wait(), NUDGE_SECONDS)
            news = (self.process_id, self._durable())
            self._lag.grown(news[1])
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
        """End the process by closing its standard input; kill it if that takes too long."""
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        if not self._speaks:  # it is still loading, for seconds; a follower bears being killed
            with suppress(ProcessLookupError):
                process.kill()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            log.error(self._event("did not end by itself"), process=process.pid)
            process.kill()


async def _first(waiting: Any, seconds: float | None) -> None:
    """Wait, but not longer than this; None: as long as it takes."""
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return
