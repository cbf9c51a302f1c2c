"""What the soak makes of its figures."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from loadtest.figures_over_time import Series, picture, table
from loadtest.recorder import WINDOW_S, Recorder
from loadtest.sampler import Sampler, state_bytes
from loadtest.soak import BEGIN, END, growth, with_part
from tests.support.server import Server


def rising(title: str, *values: float) -> Series:
    return Series(title, "MiB", [(float(at_s), value) for at_s, value in enumerate(values)])


def test_a_trend_compares_the_last_third_with_the_first() -> None:
    series = rising("memory", 1, 2, 3, 100, 100, 100, 7, 8, 9)
    assert series.medians() == (2, 8)
    assert series.lowest() == (1, 7)
    assert series.highest() == 100
    assert rising("memory").medians() == (0, 0)
    assert "| memory | 2.0 MiB | 8.0 MiB | 100.0 MiB |" in table([series])


def test_growth_is_a_tenth_of_the_memory_or_handles_that_stay(tmp_path: Path) -> None:
    sampler = Sampler(Server(tmp_path), 0.0)
    sampler.memory = rising("memory", *[100] * 5, *[110] * 4)
    sampler.files = rising("files", 20, 90, 90, 90, 90, 90, 90, 22, 90)
    assert growth(sampler, rising("p", 1, 1, 1, 50, 50, 50)) == []
    sampler.memory = rising("memory", *[100] * 5, *[111] * 4)
    sampler.files = rising("files", 20, 90, 90, 90, 90, 90, 90, 23, 90)
    assert growth(sampler, rising("p", 1, 1, 1, 51, 51, 51)) == [
        "memory: 100.0 MiB at first, 111.0 at last",
        "p: 1.0 MiB at first, 51.0 at last",
        "file handles: 20 at least at first, 23 at last",
    ]


def test_memory_may_grow_as_what_is_stored_does(tmp_path: Path) -> None:
    sampler = Sampler(Server(tmp_path), 0.0)
    sampler.memory = rising("memory", *[100] * 5, *[115] * 4)
    sampler.state = rising("state", *[10] * 5, *[15] * 4)
    quick = rising("p", 1)
    assert growth(sampler, quick) == []
    sampler.state = rising("state", *[10] * 5, *[14] * 4)
    assert growth(sampler, quick) == ["memory: 100.0 MiB at first, 115.0 at last"]


def test_what_is_stored_is_the_newest_snapshot_and_a_part_of_the_archive(tmp_path: Path) -> None:
    assert state_bytes(tmp_path) == 0
    for path, size in (
        ("snapshots/1.snapshot", 5),
        ("snapshots/2.snapshot", 7),
        ("archive/x", 300),
    ):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(bytes(size))
    assert state_bytes(tmp_path) == 10


def test_answers_are_told_by_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    recorder.start()
    for at_s, ms in ((100.0, 3.0), (109.9, 5.0), (110.0, 4.0)):
        monkeypatch.setattr(time, "monotonic", lambda at_s=at_s: at_s)
        recorder.answered(ms)
    recorder.stop()
    assert recorder.ledger("steady", []).windows == [[100, 2, 5, 5], [100 + WINDOW_S, 1, 4, 4]]


def test_the_picture_has_every_point_and_every_mark() -> None:
    found = picture([rising("a < b", 1, 2, 3), rising("b", 1)], {"red": [1.0], "grey": [0.5, 1.5]})
    root = ElementTree.fromstring(found)
    dots = [each.get("d", "").count("M") for each in root.iter() if each.get("d")]
    assert dots == [3, 1]
    assert [each.get("stroke") for each in root.iter() if each.get("stroke")].count("grey") == 4
    assert "a < b" in [each.text for each in root.iter()]


def test_a_page_gets_its_part_between_the_marks() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_part(page, "new\n") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(ValueError, match="no <!-- soak"):
        with_part("nothing", "new")
