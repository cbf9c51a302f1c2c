"""The project's own Python files, read and parsed."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.server import PROJECT


@dataclass(frozen=True, slots=True)
class Source:
    """A file, by its path in the project."""

    path: str
    text: str

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def module(self) -> str:
        """Its dotted name."""
        return ".".join(Path(self.path).with_suffix("").parts).removesuffix(".__init__")

    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def imported(self) -> frozenset[str]:
        """The modules that are imported anywhere in it, `from a import b` as `a.b`."""
        return _imported(self)


@cache
def _imported(source: Source) -> frozenset[str]:
    names = set()
    for node in ast.walk(source.tree()):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files below these folders of the project."""
    return tuple(
        Source(str(path.relative_to(PROJECT)), path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((PROJECT / folder).rglob("*.py"))
    )
