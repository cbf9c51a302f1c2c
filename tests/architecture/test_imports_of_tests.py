"""Tests borrow from tests/support only, so that each test package can be read and moved alone."""

from __future__ import annotations

import pytest

from tests.support.sources import Source, sources


def borrowed(source: Source) -> list[str]:
    """What a file of tests/ imports of another test package than its own and tests.support."""
    own = source.path.split("/")[1]
    allowed = {"support", own}
    parts = (name.split(".") for name in source.imported())
    return [".".join(name) for name in parts if name[0] == "tests" and name[1] not in allowed]


def test_no_test_package_imports_another() -> None:
    found = {source.path: borrowed(source) for source in sources("tests")}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "from tests.cli.test_keys import run",
        "import tests.cli.test_keys",
        "from tests import cli",
        "from tests.conftest import server",
        "def f():\n    from tests.cli import test_keys",
    ],
)
def test_a_package_that_borrows_is_found(statement: str) -> None:
    assert borrowed(Source("tests/actors/test_x.py", statement))
    assert borrowed(Source("tests/support/x.py", statement))


@pytest.mark.parametrize(
    "statement", ["from tests.support import commands", "from tests.actors.documents import put"]
)
def test_what_is_its_own_or_support_s_is_free(statement: str) -> None:
    assert not borrowed(Source("tests/actors/test_x.py", statement))
