"""`authorizer settings`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import orjson

from authorizer.cli.options import given_settings, settings_options, sources_of
from authorizer.settings.model import Settings

_IN_AUTHORITY: Final = re.compile(r"^([^:/?#]+://[^:/?#]*:).*@")
_IN_QUERY: Final = re.compile(r"([?&](?:ssl)?password=)[^&#]*", re.IGNORECASE)

Show = Callable[[Settings, dict[str, str]], str]


@click.command()
@click.option("--json", "form", flag_value="json", help="As a JSON object.")
@click.option("--toml", "form", flag_value="toml", help="As a file for --config.")
@settings_options()
def settings(form: str | None, settings: Settings) -> None:
    """Show every setting in force, and where it comes from.

    A flag wins over the environment, that over the file given with --config, that over the
    default. Flags, environment variables and keys in the file have the same names:

      --snapshot-minutes 30      AUTHORIZER_SNAPSHOT_MINUTES=30      snapshot_minutes = 30
      --wallet-by-mcc 5411=FOOD,5811=MEAL
      AUTHORIZER_WALLET_BY_MCC='{"5411": "FOOD", "5811": "MEAL"}'
      wallet_by_mcc = {5411 = "FOOD", 5811 = "MEAL"}

    Give it the flags, the environment and the file of `serve` to see what `serve` will go by.

    Examples:
      authorizer settings
      authorizer settings --config authorizer.toml --port 9000 --json
      authorizer settings --toml > authorizer.toml

    Exit status: 0 shown, 2 a setting can't be taken, or wrong usage.
    """
    click.echo(_FORMS[form](settings, sources_of(*given_settings())))


def _table(settings: Settings, sources: dict[str, str]) -> str:
    rows = [("setting", "value", "from")]
    rows += [(name, _text(_shown(settings, name)), source) for name, source in sources.items()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in rows)


def _json(settings: Settings, sources: dict[str, str]) -> str:
    shown = {
        name: {"value": _plain(_shown(settings, name)), "from": source}
        for name, source in sources.items()
    }
    return orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()


def _toml(settings: Settings, sources: dict[str, str]) -> str:
    lines = []
    for name, source in sources.items():
        lines.append(f"# {Settings.model_fields[name].description} (from the {source})")
        value, shown = getattr(settings, name), _plain(_shown(settings, name))
        written = f"{name} = {_toml_value(shown)}\n"
        if shown is None:
            written = f"# {name} =\n"
        elif shown != _plain(value):  # a file with the mask would be a wrong one
            written = f"# {written}"
        lines.append(written)
    return "\n".join(lines).rstrip("\n")


def _shown(settings: Settings, name: str) -> Any:
    """A setting's value, without the password that a URL may hold."""
    value = getattr(settings, name)
    return masked_url(value) if name == "reports_url" and value is not None else value


def masked_url(url: str) -> str:
    """A URL with `***` for its password, also where that is a parameter of the query."""
    return _IN_QUERY.sub(r"\1***", _IN_AUTHORITY.sub(r"\1***@", url))


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{_toml_value(key)} = {_toml_value(of)}" for key, of in value.items())
        return "{" + ", ".join(members) + "}"
    return json.dumps(value, ensure_ascii=False)  # text and numbers are written alike in TOML


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}={of}" for key, of in value.items())
    return str(value)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


_FORMS: Final[dict[str | None, Show]] = {None: _table, "json": _json, "toml": _toml}
