"""What is asked of the settings that decide."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from authorizer.domain.settings.state import SettingsInForce


class ChangePolicy(NamedTuple):
    """Say under which settings purchases are decided from now on."""

    policy: Mapping[str, Any]
    """Plain values, as JSON gives them back."""
    time_zone: str
    by: str

    def reply(self, _: SettingsInForce) -> None:
        """Nothing."""
