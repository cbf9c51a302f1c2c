"""What docs/operations.md lists is what there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from authorizer.followers.reports.tables import care_schema
from authorizer.settings.model import Settings
from tests.support.command_line import done
from tests.support.server import PROJECT

PAGE: Final = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_tables_of_the_read_models() -> None:
    told = PAGE.partition("The tables are ")[2].partition(";")[0]
    assert re.findall(r"`(\w+)`", told) == [*care_schema.tickets.metadata.tables]


def test_every_setting_has_its_row_with_what_it_is_by_default() -> None:
    cell = r" (?:`([^`|]*)`)? \|"
    rows = re.findall(rf"^\|{cell}{cell}{cell} ([^|]*?) ?\|", PAGE, re.MULTILINE)
    settings = {key: default for flag, _, key, default in rows if flag.startswith("--")}
    assert settings.keys() == Settings.model_fields.keys()
    for flag, variable, key, _ in rows:
        if flag.startswith("--"):
            assert (flag, variable) == (
                f"--{key.replace('_', '-')}",
                f"AUTHORIZER_{key.upper()}",
            )
    for key, told in settings.items():
        default = Settings.model_fields[key].default
        if isinstance(default, dict):
            numbers = re.findall(r"([\w-]+) ([\d,]+)", told)
            assert not numbers or default == {
                word: int(number.replace(",", "")) for word, number in numbers
            }
        elif isinstance(default, bool):
            assert told == str(default).lower()
        elif isinstance(default, int | float):
            assert float(told.replace(",", "")) == default, key
        elif default is not None:
            assert told.strip("`") == str(default), key


def logged() -> Iterator[tuple[str, str]]:
    """Where a line is logged, and how it begins."""
    for path in (PROJECT / "authorizer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=level),
                    args=[ast.Constant(value=str(text)), *_],
                ) if level != "debug":
                    yield path.name, text


def test_every_line_of_the_log_is_explained() -> None:
    told = [each.split(" …")[0].rstrip("…") for each in re.findall(r"`([a-zA-Z][^`]*)`", PAGE)]
    missing = [
        (where, text)
        for where, text in logged()
        if not any(text == each or (len(each) > 12 and text.startswith(each)) for each in told)
    ]
    assert not missing


def test_what_verify_prints_of_the_demo_has_these_lines(tmp_path: Path) -> None:
    done("init", "--demo", "--data", tmp_path / "data")
    printed = done("verify", "--data", tmp_path / "data")
    shown = PAGE.partition("$ authorizer verify --data data\n")[2].partition("```")[0]
    assert re.findall(r"^\w+", shown, re.MULTILINE) == re.findall(r"^\w+", printed, re.MULTILINE)
