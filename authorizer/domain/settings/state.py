"""The settings under which purchases are decided, as they were journaled last."""

from collections.abc import Mapping
from typing import Any


class SettingsInForce:
    """Plain values by their names; none before they were ever journaled."""

    def __init__(self) -> None:
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.policy: Mapping[str, Any] = {}
        self.time_zone = ""

    @property
    def exists(self) -> bool:
        """There are always settings, if unknown ones."""
        return True

    @property
    def are_known(self) -> bool:
        """Whether they were ever journaled."""
        return self.position > 0

    def __len__(self) -> int:
        return len(self.policy)


def parts(settings: SettingsInForce) -> list[tuple[Any, ...]]:
    """The settings as plain values, in one part; none where they are not known."""
    known = settings.are_known
    return [(settings.position, settings.policy, settings.time_zone)] if known else []


def add_part(settings: SettingsInForce, part: list[Any]) -> None:
    """Take a part in."""
    settings.position, settings.policy, settings.time_zone = part
