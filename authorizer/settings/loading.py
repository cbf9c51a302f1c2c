"""The settings in force, and the environment of the processes that a server starts."""

import os
from pathlib import Path
from typing import Any

from pydantic_settings import SettingsConfigDict

from authorizer.settings.model import Settings


def environment_without_settings() -> dict[str, str]:
    """The environment without settings: a started process gets those that it needs by flags.

    A setting there that can't be taken may be overruled by a flag here; it would end that process.
    """
    prefix = str(Settings.model_config["env_prefix"])
    return {name: of for name, of in os.environ.items() if not name.upper().startswith(prefix)}


def load_settings(file: Path | None = None, **flags: Any) -> Settings:
    """The settings in force. Flags that are None were not given.

    Raises:
        pydantic.ValidationError: a value can't be taken, or a name is unknown.
        OSError, tomllib.TOMLDecodeError: the file can't be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    if file is None:
        return Settings(**given)
    file.open("rb").close()

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    return FromFile(**given)
