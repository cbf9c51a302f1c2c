"""The folder map of docs/architecture.md has what is there; the pages name no file that is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.test_links import PAGES
from tests.support.server import PROJECT

ARCHITECTURE: Final = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
MAP: Final = ARCHITECTURE.partition("### The folder map\n")[2].split("```")[1]
NAMES: Final = re.compile(r" *((?:[\w*.-]+(?:/[\w*.-]+)*/? )*[\w*.-]+(?:/[\w*.-]+)*/?)(?=  |$)")
FILES: Final = [
    path
    for path in (PROJECT / "authorizer").rglob("*")
    if not path.name.startswith("__") and (path.suffix == ".py" or path.is_dir())
]
NAMED: Final = re.compile(r"(?<![\w/.*-])[\w/-]*\w\.py\b")
ADDED: Final = "adding-a-command.md"
"""The page that adds files."""


def entries() -> Iterator[str]:
    """Every path of the map, patterns as they are; a folder ends in a slash."""
    folders: list[tuple[int, str]] = []
    for line in MAP.splitlines():
        indent = len(line) - len(line.lstrip())
        while folders and folders[-1][0] >= indent:
            folders.pop()
        found = NAMES.match(line)
        if found is None or not re.search(r"[./]|^[A-Z]", found[1]):
            continue  # the line before, continued
        parent = folders[-1][1] if folders else ""
        names = [parent + name for name in found[1].split(" ") if re.search(r"[./]|^[A-Z]", name)]
        yield from names
        if len(names) == 1 and names[0].endswith("/"):
            folders.append((indent, names[0]))


def test_every_entry_of_the_map_is_there() -> None:
    listed = list(entries())
    assert "authorizer/domain/accounts/purchases.py" in listed
    assert [path for path in listed if not list(PROJECT.glob(path.rstrip("/")))] == []


def test_the_map_has_every_file_of_a_folder_that_it_takes_apart() -> None:
    listed = list(entries())
    apart = {parent(path) for path in listed if parent(path).startswith("authorizer/")}
    missing = [
        name
        for name in map(in_project, FILES)
        if parent(name) in apart and not any(fnmatch(name, each) for each in listed)
    ]
    assert missing == []


def in_project(path: Path) -> str:
    """A path from the project's folder on; a folder ends in a slash."""
    return str(path.relative_to(PROJECT)) + "/" * path.is_dir()


def parent(path: str) -> str:
    """The folder of an entry."""
    return path.rstrip("/").rpartition("/")[0] + "/"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_file_that_is_not_there(page: Path) -> None:
    if page.name in ("CHANGELOG.md", ADDED):
        return
    folders = [
        PROJECT / name for name in ("authorizer", "tests", "benchmarks", "tools", "loadtest")
    ]
    there = [f"/{path.relative_to(PROJECT)}" for one in folders for path in one.rglob("*.py")]
    named = set(NAMED.findall(page.read_text(encoding="utf-8")))
    assert [one for one in named if not any(path.endswith(f"/{one}") for path in there)] == []
