"""No state at module level: two authorizers in one process share constants and nothing else."""

from __future__ import annotations

import sys
import types

import pytest

from tests.support.constants import changes, state
from tests.support.sources import Source, sources

PACKAGE = [source for source in sources("authorizer") if not source.path.endswith("__main__.py")]


def test_what_modules_and_classes_name_is_constant() -> None:
    found = {source.path: state(source) for source in PACKAGE}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_function_changes_what_is_at_module_level() -> None:
    found = {source.path: changes(source) for source in PACKAGE}
    assert {path: statements for path, statements in found.items() if statements} == {}


STATE = """
import itertools, threading
from functools import partial
from typing import ClassVar, Final

class Cache:
    newest = None

class Shared:
    known: ClassVar[list[Cache]] = [Cache()]
    count = itertools.count()

def f() -> None: ...

cache: Final = Cache()
caches: Final = (Cache(),)
by_name: Final = {"a": Cache()}
bound: Final = partial(f, Cache())
numbers = itertools.count()
lock: Final = threading.Lock()
listed = [1]
kept: Final = [1]
name: Final = "text"
"""


def test_state_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("stateful")
    exec(STATE, vars(module))
    monkeypatch.setitem(sys.modules, "stateful", module)
    found = state(Source("stateful.py", STATE))
    assert found == [
        "cache", "caches", "by_name", "bound", "numbers", "lock", "listed",
        "Shared.known", "Shared.count",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "TABLE[1] = 2",
        "TABLE[1] += 2",
        "TABLE['a'].append(1)",
        "del TABLE[1]",
        "TABLE.update(a=1)",
        "TABLE.append(1)",
        "module.TABLE.append(1)",
        "Class.limit = 1",
        "module.limit = 1",
        "module.TABLE[1].limit: int = 1",
        "global TABLE",
    ],
)
def test_a_change_is_found(statement: str) -> None:
    text = f"import module\nTABLE = {{}}\nclass Class: ...\ndef f():\n    {statement}\n"
    assert changes(Source("x.py", text)) == [f"f: {statement}"]
    local = f"def f(TABLE, Class, module):\n    {statement}\n"
    assert statement.startswith("global") or not changes(Source("x.py", local))
