"""Health and metrics."""

from collections.abc import Callable
from typing import Any, Literal, NotRequired

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import ConfigDict, with_config
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.http.access.roles import ANYBODY, OPERATIONS_READ
from authorizer.http.api.endpoints import NotJson, endpoint
from authorizer.http.api.wire import json_response
from authorizer.http.metrics import Metrics

HealthCheck = Callable[[], tuple[bool, dict[str, Any]]]
"""Whether the authorizer is ready to authorize, and the details for `/health`."""


class ReportsHealth(TypedDict):
    """How far the read models are. The authorizer is ready without them."""

    running: bool
    position: int


class ClockHealth(TypedDict):
    """How the wall clock stands to the time of events."""

    state: Literal["agrees", "ahead", "behind"]
    wall_ahead_seconds: float


class JournalHealth(TypedDict):
    """Whether the segments that the start has not read are whole."""

    state: Literal["whole", "checking", "damaged"]
    unchecked: int
    """How many records are in segments that were not checked since the start."""
    problem: NotRequired[str]
    """The damage, with file and offset."""


class DiskHealth(TypedDict):
    """Whether the data folder's disk has room. While it is short nothing is changed."""

    state: Literal["room", "short"]
    free_bytes: int | None
    """What was free at the last look; null where no reserve is kept."""
    reserve_bytes: int
    """Below so much the disk is short; 0: it never is."""


@with_config(ConfigDict(extra="allow"))
class Health(TypedDict):
    """Whether it is ready to authorize, and what is to be known of it."""

    status: Literal["ok", "unavailable"]
    accounts: int
    position: int
    head: str
    draining: bool
    stalled: bool
    """Whether records have waited for the disk for some seconds."""
    disk: DiskHealth
    journal_sync: str
    """Who waits for the journal's disk: `aio`, the kernel, or `thread`."""
    journal: JournalHealth
    clock: ClockHealth
    reports: ReportsHealth


class OperatorEndpoints:
    """`/health` and `/metrics`."""

    def __init__(self, health: HealthCheck, metrics: Metrics) -> None:
        self._health = health
        self._metrics = metrics

    @endpoint("GET", "/health", ANYBODY, answers={200: Health, 503: Health})
    async def health(self, _: Request) -> Response:
        """Tell whether it can authorize."""
        ready, facts = self._health()
        return json_response(
            {"status": "ok" if ready else "unavailable", **facts}, 200 if ready else 503
        )

    @endpoint("GET", "/metrics", OPERATIONS_READ, answers={200: NotJson("text/plain")})
    async def metrics(self, _: Request) -> Response:
        """Tell what was counted so far, as Prometheus reads it."""
        return Response(self._metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
