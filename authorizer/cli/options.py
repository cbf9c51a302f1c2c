"""Settings as flags: every field of `Settings` is one, so none can be forgotten."""

from collections.abc import Callable, Iterable
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, TypeVar, get_args

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from authorizer.settings import Settings, load_settings

F = TypeVar("F", bound=Callable[..., Any])


def settings_options(*names: str) -> Callable[[F], F]:
    """Give a command the flags of the named settings, all of them if none is named.

    The command receives one argument more, `settings`.
    """

    def decorate(command: F) -> F:
        chosen = names or tuple(Settings.model_fields)

        def run(config: Path | None, **arguments: Any) -> Any:
            flags = {name: arguments.pop(name) for name in chosen}
            return command(settings=_settings(config, flags), **arguments)

        run.__doc__ = command.__doc__
        run.__name__ = command.__name__
        wrapped: Any = run
        for name in reversed(chosen):
            wrapped = _option(name, Settings.model_fields[name])(wrapped)
        file = click.Path(exists=True, dir_okay=False, path_type=Path)
        return click.option("--config", type=file, help="A TOML file of settings.")(wrapped)  # type: ignore[no-any-return]

    return decorate


def _option(name: str, field: FieldInfo) -> Callable[[F], F]:
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    kind: Any = str
    if choices:
        kind = click.Choice(choices)
    elif name == "wallet_by_mcc":
        kind = WalletByMcc()
    elif field.annotation in (int, float, Path):
        kind = field.annotation
    return click.option(
        f"--{name.replace('_', '-')}",
        type=kind,
        default=None,
        help=f"{field.description}  [{_shown(field.default)}]",
    )


class WalletByMcc(click.ParamType[dict[str, str]]):
    """`5411=FOOD,5811=MEAL`."""

    name = "MCC=WALLET,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """A mapping of MCC to wallet."""
        pairs = [pair.split("=", 1) for pair in value.split(",") if pair]
        if not all(len(pair) == 2 and all(pair) for pair in pairs):
            self.fail(f"{value!r} is not MCC=WALLET,MCC=WALLET", param, ctx)
        return dict(pairs)


def _shown(default: Any) -> str:
    if isinstance(default, dict):
        return ",".join(f"{key}={value}" for key, value in default.items())
    return str(default)


def _settings(config: Path | None, flags: dict[str, Any]) -> Settings:
    try:
        return load_settings(config, **flags)
    except ValidationError as error:
        raise click.UsageError("\n".join(_lines(error))) from error
    except (OSError, TOMLDecodeError) as error:
        raise click.UsageError(f"{config}: {error}") from error


def _lines(error: ValidationError) -> Iterable[str]:
    for found in error.errors():
        name = ".".join(map(str, found["loc"]))
        yield f"setting {name}: {found['msg']}"
