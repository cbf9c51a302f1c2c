"""The answers of the endpoints for operators."""

from typing import Literal

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict


class ReportsHealth(TypedDict):
    """How far the read models are. The authorizer is ready without them."""

    running: bool
    position: int


class ClockHealth(TypedDict):
    """How the wall clock stands to the time of events."""

    state: Literal["agrees", "ahead", "behind"]
    wall_ahead_seconds: float


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
    clock: ClockHealth
    reports: ReportsHealth
