"""What `/health` answers: whether purchases can be authorized, and the figures beside it."""

import asyncio
from typing import Any, Final

from authorizer.followers.reports.client import Reports
from authorizer.runtime.running import Running
from authorizer.server.old_segments import OldSegments

STALLED_SECONDS: Final = 5.0
"""How long the journal may make no progress before the server is not ready any more."""


class Health:
    """Readiness: false while the server drains, and while the journal's disk stalls or is short."""

    def __init__(self, running: Running, reports: Reports, old_segments: OldSegments) -> None:
        self._running = running
        self._reports = reports
        self._old_segments = old_segments
        self._durable = running.commit.durable
        self._stalled_since: float | None = None
        self.draining = False

    def answer(self) -> tuple[bool, dict[str, Any]]:
        """Whether the server is ready, and the details for `/health`."""
        running = self._running
        stalled = self._is_stalled()
        room = running.around.disk_room
        return not (self.draining or stalled or room.is_short), {
            "accounts": len(running.actors.dispatcher.accounts),
            "position": running.commit.durable,
            "head": running.commit.chain.hex(),
            "draining": self.draining,
            "stalled": stalled,
            "disk": {
                "state": "short" if room.is_short else "room",
                "free_bytes": room.free_bytes,
                "reserve_bytes": room.reserve_bytes,
            },
            "journal_sync": running.journal.synced_by,
            "journal": self._old_segments.state(),
            "clock": {
                "state": running.clock.state().value,
                # 0.0 + -0.0 is 0.0: nobody reads a minus there
                "wall_ahead_seconds": 0.0 + round(running.clock.wall_ahead_seconds(), 3),
            },
            "reports": {"running": self._reports.running, "position": self._reports.position},
        }

    def observe_journal(self) -> None:
        """Compare the journal's durable position with that of the last call."""
        commit = self._running.commit
        moved = commit.durable != self._durable or commit.durable == commit.appended
        self._durable = commit.durable
        if moved:
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = asyncio.get_running_loop().time()

    def _is_stalled(self) -> bool:
        since = self._stalled_since
        return since is not None and asyncio.get_running_loop().time() - since >= STALLED_SECONDS
