"""What is imported is declared in pyproject.toml, where it is needed."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from tests.support.server import PROJECT
from tests.support.sources import sources

OWN = {"authorizer", "tests", "benchmarks", "loadtest", "tools"}
IN_ITS_OWN_ENVIRONMENT = "tools/clients/"
"""Programs that are run with a generated client, where that is installed."""


def names_in(requirements: Iterable[Any]) -> set[str]:
    """The distributions that requirements name; an included group is left to its own name."""
    found = (re.match(r"[A-Za-z0-9._-]+", one) for one in requirements if isinstance(one, str))
    return {canonical(match[0]) for match in found if match}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
SERVER = names_in(DECLARED["project"]["dependencies"])
OPTIONAL = {
    name
    for extra in DECLARED["project"]["optional-dependencies"].values()
    for name in names_in(extra)
}
LOADTEST = names_in(DECLARED["dependency-groups"]["loadtest"])
DEV = names_in(DECLARED["dependency-groups"]["dev"])


def undeclared(folder: str, declared: set[str]) -> dict[str, set[str]]:
    """The modules that a folder imports, of no distribution that is declared, and who does."""
    distributions = packages_distributions()
    found: dict[str, set[str]] = {}
    for source in sources(folder):
        if source.path.startswith(IN_ITS_OWN_ENVIRONMENT):
            continue
        for module in {name.split(".")[0] for name in source.imported()}:
            if module in OWN or module in sys.stdlib_module_names:
                continue
            if not declared & set(map(canonical, distributions.get(module, ()))):
                found.setdefault(module, set()).add(source.path)
    return found


@pytest.mark.parametrize(
    ("folder", "declared"),
    [
        ("authorizer", SERVER | OPTIONAL),
        ("loadtest", SERVER | LOADTEST),
        ("benchmarks", SERVER | LOADTEST | DEV),
        ("tools", SERVER | LOADTEST | DEV),
        ("tests", SERVER | OPTIONAL | LOADTEST | DEV),
    ],
)
def test_every_import_is_declared(folder: str, declared: set[str]) -> None:
    assert undeclared(folder, declared) == {}


def test_what_is_not_declared_is_found() -> None:
    assert "jsonschema_rs" in undeclared("tests", SERVER | LOADTEST)


@pytest.mark.parametrize("name", sorted(SERVER))
def test_every_dependency_of_the_server_is_imported(name: str) -> None:
    """tzdata is data: zoneinfo reads it where the system has none."""
    modules = {m for m, of in packages_distributions().items() if name in map(canonical, of)}
    imported = {module.split(".")[0] for one in sources("authorizer") for module in one.imported()}
    assert modules & imported or name == "tzdata"
