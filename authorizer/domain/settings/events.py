"""What happens to the settings that decide."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class PolicyChanged(NamedTuple):
    """Purchases are decided under these settings from now on."""

    at_us: int
    by: str
    policy: Mapping[str, Any]
    """The settings by their names."""
    time_zone: str
    """The IANA time zone of calendar windows."""
