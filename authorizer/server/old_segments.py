"""Old segments are checked behind the start, by a process that gets out of everybody's way."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from authorizer.persistence.state.recovery import Recovered, Unread
from authorizer.settings.loading import environment_without_settings
from authorizer.settings.model import Settings

CHILD: Final = "authorizer.server.old_segments_child"
START_SECONDS: Final = 1.0
"""The time from the server's start to that of the process."""
PAUSE_SECONDS: Final = 10.0
"""The time from the end of a process that did not say what it found to the start of the next."""
NOTHING: Final = Unread(0, b"", 0)

log = structlog.get_logger()


class JournalFoundDamagedError(Exception):
    """Damage was found in old segments while the server ran, and ended it."""


class OldSegments:
    """What is known of the segments that the start has not read."""

    def __init__(
        self, command: Sequence[str], unread: Unread | None, end: Callable[[], None] | None
    ) -> None:
        """`command` starts the process. Damage calls `end`, if there is one: it ends the server."""
        self._command = command
        self._until = (unread or NOTHING).until
        self._end = end
        self._checked = 0
        self.problem: str | None = None
        """The damage that was found, in words."""

    @property
    def has_ended(self) -> bool:
        """Whether damage has ended the server."""
        return self.problem is not None and self._end is not None

    @property
    def unchecked_records(self) -> int:
        """How many records are in segments that were not checked since the start."""
        return self._until - self._checked

    def state(self) -> dict[str, Any]:
        """What `/health` says of them."""
        left = self.unchecked_records
        if self.problem is not None:
            return {"state": "damaged", "unchecked": left, "problem": self.problem}
        return {"state": "checking" if left else "whole", "unchecked": left}

    async def check(self) -> None:
        """Have them checked, once; tell the log what was found."""
        if not self._until:
            return
        loop = asyncio.get_running_loop()
        await asyncio.sleep(START_SECONDS)
        began = loop.time()
        while self.unchecked_records and self.problem is None:
            problem = await self._run_once()
            if self.unchecked_records and self.problem is None:
                log.error("old segments are not checked yet", problem=problem)
                await asyncio.sleep(PAUSE_SECONDS)
        if self.problem is not None:
            log.critical("the journal is damaged", problem=self.problem)
            if self._end is not None:
                self._end()
            return
        seconds = round(loop.time() - began, 3)
        log.info("old segments checked", until=self._until, seconds=seconds)

    async def _run_once(self) -> str:
        """Run a process to its end; why it ended, where it has not said what it found."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,  # it ends with it, so it never outlives the server
                stdout=PIPE,
                stderr=DEVNULL,
                env=environment_without_settings(),
                start_new_session=True,  # signals to the server's group are not for it
            )
        except OSError as error:
            return str(error)
        try:
            await self._listen(process)
            status = await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        return f"the process ended with status {status}"

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            with suppress(ValueError):  # killed within a line: its end is missing
                said = json.loads(line)
                self._checked = said.get("position", self._checked)
                self.problem = said.get("problem")


def old_segments_of(
    settings: Settings, recovered: Recovered, end: Callable[[], None]
) -> OldSegments:
    """The old segments of a data folder, not yet checked. Damage ends the server, by setting."""
    until, chain, _ = recovered.unread or NOTHING
    command = [sys.executable, "-m", CHILD, str(settings.data), str(until), chain.hex()]
    return OldSegments(command, recovered.unread, end if settings.end_on_damage else None)
