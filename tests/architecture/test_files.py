"""No file of the package is long, and most are short enough to be read at a glance."""

from __future__ import annotations

from typing import Final

from tests.support.sources import Source, sources

LONGEST: Final = 300
SHORT: Final = 100


def too_long(package: tuple[Source, ...]) -> dict[str, int]:
    return {source.path: source.lines for source in package if source.lines > LONGEST}


def short_share(package: tuple[Source, ...]) -> float:
    """The share of the files below `SHORT` lines; those that only make a folder a package apart."""
    written = [source for source in package if source.lines > 1]
    return sum(source.lines < SHORT for source in written) / len(written)


def test_no_file_is_longer_than_300_lines() -> None:
    assert too_long(sources("authorizer")) == {}


def test_half_of_the_files_are_shorter_than_100_lines() -> None:
    assert short_share(sources("authorizer")) >= 0.5


def test_long_files_are_seen() -> None:
    files = tuple(Source(f"{lines}.py", "x = 1\n" * lines) for lines in (1, 99, 100, 300, 301))
    assert too_long(files) == {"301.py": 301}
    assert short_share(files) == 0.25
