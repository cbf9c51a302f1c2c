"""Figures and how they are shown."""

import json
from pathlib import Path

import pytest

from benchmarks.report import Figure, at_least, below, number, table, write_json


@pytest.mark.parametrize(
    ("value", "text"),
    [(39_812.4, "39,812"), (0.913, "0.913"), (2.649, "2.65"), (174.63, "174.6"), (0, "0")],
)
def test_numbers_have_no_digits_that_mean_nothing(value: float, text: str) -> None:
    assert number(value) == text


def test_a_target_is_met_or_missed() -> None:
    assert at_least("http", "ratio", 0.9, "", 0.9).met is True
    assert at_least("http", "ratio", 0.89, "", 0.9).met is False
    assert below("http", "p99", 4.9, "ms", 5).met is True
    assert below("http", "p99", 5.0, "ms", 5).met is False


def test_the_table_shows_target_and_verdict_where_there_is_one() -> None:
    figures = [
        Figure("http", "requests", 39_812.4, "1/s"),
        below("http", "p99", 6.0, "ms", 5),
        below("http", "p50", 1.5, "ms", 5),
    ]
    rows = [line.split() for line in table(figures).splitlines()[2:]]
    assert rows == [
        ["http", "requests", "39,812", "1/s"],
        ["http", "p99", "6", "ms", "<", "5", "ms", "MISSED"],
        ["http", "p50", "1.5", "ms", "<", "5", "ms", "met"],
    ]


def test_columns_line_up() -> None:
    lines = table([Figure("http", "a", 1, "s"), Figure("recovery", "long name", 22_222, "s")])
    header, _, first, second = lines.splitlines()
    assert first.index("1  s") == second.index("2  s")
    assert header.index("unit") == first.rindex("s")


def test_json_has_every_field(tmp_path: Path) -> None:
    write_json([below("http", "p99", 6.0, "ms", 5)], tmp_path / "figures.json")
    assert json.loads((tmp_path / "figures.json").read_text()) == [
        {
            "benchmark": "http",
            "name": "p99",
            "value": 6.0,
            "unit": "ms",
            "target": "< 5 ms",
            "met": False,
            "interval": None,
        }
    ]
