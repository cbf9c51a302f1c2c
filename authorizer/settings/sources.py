"""The sources of settings whose values pydantic-settings alone would not read as they are meant."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, PydanticBaseSettingsSource
from typing_extensions import override

from authorizer.settings.presets import PRESETS


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


class Preset(PydanticBaseSettingsSource):
    """What the preset sets that the sources before it name; members of theirs win."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self().get(field_name), field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        return preset_of(self.current_state)


def preset_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the preset sets that settings name; nothing where they name none that there is."""
    name = given.get("preset")
    return dict(PRESETS.get(name, {})) if isinstance(name, str) else {}
