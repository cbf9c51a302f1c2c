"""Health and metrics."""

from collections.abc import Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authorizer.http.metrics import Metrics
from authorizer.http.wire import json_response, resource

Health = Callable[[], tuple[bool, dict[str, Any]]]
"""Whether the authorizer is ready to authorize, and what is to be known of it."""


class Operations:
    """The endpoints for operators."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health = health
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            resource("/health", GET=self.health),
            resource("/metrics", GET=self.metrics),
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
