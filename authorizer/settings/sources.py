"""The sources of settings whose values pydantic-settings alone would not read as they are meant."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource
from typing_extensions import override


def unique_members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The mapping of these pairs. ValueError for a name that occurs twice: one would be lost."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there more than once")
    return members


class Environment(EnvSettingsSource):
    """The environment, where mappings are JSON."""

    @override
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        return json.loads(value, object_pairs_hook=unique_members)
