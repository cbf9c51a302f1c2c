"""What the application declares, without an application."""

from __future__ import annotations

from typing import Final
from unittest.mock import MagicMock

from authorizer.http.api.endpoints import Endpoint
from authorizer.http.app import all_endpoints


def declared_endpoints() -> list[Endpoint]:
    """All endpoints. Their handlers have nothing to work with."""
    return all_endpoints(MagicMock())


ENDPOINTS: Final = declared_endpoints()
