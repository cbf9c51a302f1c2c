"""CHANGELOG.md tells each thing once: merges take both sides' lines, and may bring one twice."""

from __future__ import annotations

from itertools import pairwise

from tests.support.server import PROJECT

LINES = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8").rstrip("\n").split("\n")


def test_no_line_of_an_entry_begins_as_another_one() -> None:
    begins = [line[:60] for line in LINES if len(line) > 60]
    assert {line for line in begins if begins.count(line) > 1} == set()


def test_an_entry_goes_on_where_it_began() -> None:
    """A sentence ends before the next entry, and no blank line is within a list."""
    for line, after in pairwise(LINES):
        if after.startswith("- ") and line.startswith(("- ", "  ")):
            assert line.endswith((".", ".)")), line
        assert not (line == "" and after.startswith("  ")), after
