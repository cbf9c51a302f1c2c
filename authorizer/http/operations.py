"""Health and metrics."""

from collections.abc import Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from authorizer.http.answers.operations import Health
from authorizer.http.api.endpoints import ANYBODY, OPERATIONS_READ, Endpoint, Text
from authorizer.http.api.wire import json_response
from authorizer.http.metrics import Metrics

HealthCheck = Callable[[], tuple[bool, dict[str, Any]]]
"""Whether the authorizer is ready to authorize, and what is to be known of it."""


class Operations:
    """The endpoints for operators."""

    def __init__(self, health: HealthCheck, metrics: Metrics) -> None:
        self._health = health
        self._metrics = metrics

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        return [
            Endpoint(
                "GET",
                "/health",
                self.health,
                ANYBODY,
                "Tell whether it can authorize.",
                answers={200: Health, 503: Health},
            ),
            Endpoint(
                "GET",
                "/metrics",
                self.metrics,
                OPERATIONS_READ,
                "Tell what was counted so far, as Prometheus reads it.",
                answers={200: Text("text/plain")},
            ),
        ]

    async def health(self, _: Request) -> Response:
        """200 when ready to authorize, 503 when not."""
        ready, facts = self._health()
        return json_response(
            {"status": "ok" if ready else "unavailable", **facts}, 200 if ready else 503
        )

    async def metrics(self, _: Request) -> Response:
        """Prometheus text."""
        return Response(self._metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
