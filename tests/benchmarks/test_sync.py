"""What `make bench ARGS=sync` makes of what it sees, and what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import disks, sync, wrk
from benchmarks.__main__ import main
from benchmarks.turns import Turn


def seen(per_second: float, p99_ms: float, slowest_ms: float = 1.0) -> sync.Seen:
    load = wrk.Load(
        requests=int(per_second),
        seconds=1.0,
        failed=0,
        wrong=0,
        max_ms=slowest_ms,
        over_10_ms=0,
        over_50_ms=0,
        percentiles_ms={"99": p99_ms},
    )
    return sync.Seen(Turn(load, user_us=10.0, system_us=5.0), asked_p99_ms=p99_ms / 2)


def on_disk() -> sync.OnDisk:
    found = sync.OnDisk("a disk", disks.SyncTime(p50_us=150.4, p99_us=200.0))
    found.seen["aio"] = [seen(900, 3.0), seen(90, 9.0, slowest_ms=40.0), seen(1000, 2.0)]
    found.seen["thread"] = [seen(1000, 4.0), seen(100, 4.0), seen(1000, 4.0)]
    found.seen["inline"] = [seen(2000, 4.0), seen(200, 4.0), seen(1000, 4.0)]
    return found


def test_a_row_has_medians_and_the_slowest_of_all() -> None:
    rows = sync.table([on_disk()]).splitlines()
    assert len(rows) == 2 + len(sync.WAYS)
    assert rows[2] == "| a disk: 150 / 200 us | aio | 900 | 3.0 ms | 40 ms | 1.5 ms |"


def test_ways_are_compared_within_their_rounds() -> None:
    ratios = {figure.name: figure for figure in sync.figures(on_disk()) if figure.target}
    assert {name: (ratio.value, ratio.met) for name, ratio in ratios.items()} == {
        "a disk: requests, aio ÷ thread": (0.9, True),
        "a disk: requests, aio ÷ inline": (0.45, False),
    }


def test_the_time_of_a_sync_is_that_of_the_disk(tmp_path: Path) -> None:
    found = disks.sync_time(tmp_path)
    assert 0 < found.p50_us <= found.p99_us
    assert list(tmp_path.iterdir()) == []


def test_without_what_it_needs_it_is_refused_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(disks, "missing", lambda: "root")
    monkeypatch.setattr(wrk, "available", lambda: True)
    assert main(["sync"]) == 2
    assert "sync needs root" in capsys.readouterr().out
