"""Settings as flags: every field of `Settings` is one, so none can be forgotten."""

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError, TomlConfigSettingsSource

from authorizer.persistence.state.record import EVENT_NAMES
from authorizer.settings.loading import load_settings
from authorizer.settings.model import Settings
from authorizer.settings.sources import Environment, preset_of, unique_members

F = TypeVar("F", bound=Callable[..., Any])

PREFIX: Final = str(Settings.model_config["env_prefix"])

_PAIRS: Final = {
    "wallet_by_mcc": ("MCC", "WALLET"),
    "fallback_of": ("WALLET", "OTHER"),
    "wallet_by_product": ("PRODUCT", "WALLET"),
    "hold_hours": ("MCCS", "HOURS"),
    "over_capture_percent": ("MCCS", "PERCENT"),
    "sla_first_response_minutes": ("PRIORIDADE", "MINUTES"),
    "sla_resolution_minutes": ("PRIORIDADE", "MINUTES"),
}
"""The settings that are mappings, and what they map to what."""


event_option: Final[Callable[[F], F]] = click.option(
    "--event",
    "events",
    type=click.Choice(EVENT_NAMES),
    multiple=True,
    metavar="NAME",
    help=f"Events of this name; may be given again. One of {', '.join(EVENT_NAMES)}.",
)
"""The flag of commands that pick events by their names."""


def settings_options(*names: str) -> Callable[[F], F]:
    """Give a command the flags of the named settings, all of them if none is named.

    The command receives one argument more, `settings`.
    """

    def decorate(command: F) -> F:
        chosen = names or tuple(Settings.model_fields)

        def run(config: Path | None, **arguments: Any) -> Any:
            flags = {name: arguments.pop(name) for name in chosen}
            return command(settings=_settings(config, flags), **arguments)

        run.__doc__ = laid_out(command.__doc__ or "")
        run.__name__ = command.__name__
        wrapped: Any = run
        for name in reversed(chosen):
            wrapped = _option(name, Settings.model_fields[name])(wrapped)
        file = click.Path(exists=True, dir_okay=False, path_type=Path)
        return click.option("--config", type=file, help="A TOML file of settings.")(wrapped)  # type: ignore[no-any-return]

    return decorate


def laid_out(text: str) -> str:
    """Have click leave paragraphs with indented lines as they are; it fills all others."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join("\b\n" + part if "\n  " in f"\n{part}" else part for part in paragraphs)


def given_settings() -> tuple[Path | None, dict[str, Any]]:
    """The file and the flags that the command at work was given."""
    given = click.get_current_context().params
    flags = {
        name: value
        for name, value in given.items()
        if name in Settings.model_fields and value is not None
    }
    return given["config"], flags


def sources_of(file: Path | None, flags: dict[str, Any]) -> dict[str, str]:
    """Where each setting comes from: flag, environment, file, preset or default.

    A mapping has all its members from wherever it is given, and names all of these places.
    """
    in_file = TomlConfigSettingsSource(Settings, file)() if file else {}
    in_environment = Environment(Settings)()
    places = {"flag": flags, "environment": in_environment, "file": in_file}
    named = next((values for values in places.values() if "preset" in values), {})
    places["preset"] = preset_of(named)
    sources = {}
    for name, field in Settings.model_fields.items():
        found = [place for place, values in places.items() if name in values] or ["default"]
        sources[name] = " and ".join(found) if isinstance(field.default, dict) else found[0]
    if sources["time_zone"] == "default":  # it may have its old name there
        sources["time_zone"] = sources["business_time_zone"]
    return sources


def _option(name: str, field: FieldInfo) -> Callable[[F], F]:
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    kind: Any = str
    if choices:
        kind = click.Choice(choices)
    elif name in _PAIRS:
        kind = Pairs(*_PAIRS[name])
    elif field.annotation in (bool, int, float, Path):
        kind = field.annotation
    return click.option(
        f"--{name.replace('_', '-')}",
        type=kind,
        default=None,
        help=f"{field.description}  [{_shown(field.default)}]",
    )


class Pairs(click.ParamType[dict[str, str]]):
    """A mapping, as `5411=FOOD,5811=MEAL`."""

    def __init__(self, key: str, value: str) -> None:
        self._pair = f"{key}={value}"
        self.name = f"{self._pair},..."

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The mapping that the pairs make."""
        pairs = [pair.split("=", 1) for pair in value.split(",") if pair]
        if not all(len(pair) == 2 and all(pair) for pair in pairs):
            self.fail(f"{value!r} is not {self._pair},{self._pair}", param, ctx)
        try:
            return unique_members([(key, of) for key, of in pairs])
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


def _shown(default: Any) -> str:
    if isinstance(default, dict):
        return ",".join(f"{key}={value}" for key, value in default.items())
    return "none" if default is None else str(default)


def _settings(config: Path | None, flags: dict[str, Any]) -> Settings:
    _tell_misspelt(os.environ)
    try:
        return load_settings(config, **flags)
    except ValidationError as error:
        raise click.UsageError("\n".join(_lines(error, config, flags))) from error
    except SettingsError as error:
        raise click.UsageError(f"the environment: {error}") from error
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{config}: {error}") from error


def _lines(error: ValidationError, config: Path | None, flags: Mapping[str, Any]) -> Iterable[str]:
    for found in error.errors():
        name = ".".join(map(str, found["loc"]))
        place = _place(str(found["loc"][0]), config, flags) if found["loc"] else None
        yield f"setting {name}: {found['msg']}{f' ({place})' if place else ''}"


def _place(name: str, config: Path | None, flags: Mapping[str, Any]) -> str | None:
    """The place where a setting was given, by the name under which it is mended there."""
    if flags.get(name) is not None:
        return f"--{name.replace('_', '-')}"
    variable = f"{PREFIX}{name.upper()}"
    if variable.lower() in {given.lower() for given in os.environ}:
        return f"the variable {variable}"
    return f"{name} in {config}" if config else None


def _tell_misspelt(environment: Iterable[str]) -> None:
    """Say which variables look like a setting's and are none.

    They are no reason to end: such variables may belong to other programs.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            click.echo(f"Warning: {name} is no setting, and is passed over{meant}", err=True)
