"""The comparison with another commit's build: its figures, its build, and how it ends."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import builds, cores, wrk
from benchmarks.__main__ import parse
from benchmarks.against import compared
from benchmarks.builds import BuildError, of_commit
from benchmarks.estimate import Estimate, estimate, outside_on_each_side, ratios
from benchmarks.turns import Turn
from tests.support.server import PROJECT, python
from tests.support.waiting import until
from tools.environment import DEVELOPMENT

DEADLINE_S = 120.0


def turn(per_second: float, user_us: float) -> Turn:
    percentiles_ms = {"50": 2.0, "99": 5.0}
    load = wrk.Load(int(per_second), 1.0, 0, 0, 1.0, 0, 0, percentiles_ms)
    return Turn(load, user_us, system_us=10.0)


# --- estimates -----------------------------------------------------------------------------------


def test_of_ten_rounds_the_interval_leaves_out_one_at_each_end() -> None:
    values = [3.0, 1.0, 2.0, 5.0, 4.0, 9.0, 8.0, 7.0, 6.0, 1000.0]
    assert estimate(values) == Estimate(5.5, 2.0, 9.0)


@pytest.mark.parametrize(("count", "outside"), [(1, 0), (5, 0), (6, 0), (8, 0), (9, 1), (20, 5)])
def test_as_few_rounds_are_left_out_as_95_percent_need(count: int, outside: int) -> None:
    assert outside_on_each_side(count) == outside


def test_the_interval_holds_the_true_median_19_times_of_20() -> None:
    chance = random.Random(7)
    trials = [estimate([chance.expovariate(1.0) for _ in range(10)]) for _ in range(4000)]
    held = sum(one.low <= 0.6931 <= one.high for one in trials)
    assert 0.97 < held / len(trials) < 0.99, "97.9 % for ten rounds"


def test_a_ratio_is_made_within_each_round() -> None:
    """The machine was ten times as slow in the second round, for both."""
    assert ratios([1000, 100, 1000], [900, 95, 800]) == Estimate(0.9, 0.8, 0.95)


def test_only_the_ratio_of_requests_is_judged() -> None:
    old, new = [turn(1000, 30.0)] * 6, [turn(960, 33.0)] * 6
    figures = {figure.name: figure for figure in compared(old, new)}
    requests = figures["requests, new ÷ old"]
    assert (requests.met, requests.interval) == (False, (0.96, 0.96))
    assert figures["user time per request, new ÷ old"].value == pytest.approx(1.1)
    assert [figure.name for figure in figures.values() if figure.met is not None] == [
        "requests, new ÷ old"
    ]


# --- the other build -----------------------------------------------------------------------------


def git(folder: Path, *words: str) -> None:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one commit, whose package then changes."""
    folder = tmp_path / "project"
    (folder / "authorizer").mkdir(parents=True)
    (folder / "authorizer" / "__init__.py").write_text("'old'")
    (folder / "constraints.txt").write_text(f"a==1\n{DEVELOPMENT}b==1\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    (folder / "authorizer" / "__init__.py").write_text("'new'")
    monkeypatch.setattr(builds, "PROJECT", folder)
    return folder


def test_the_other_build_is_the_commit_s_and_gone_at_the_end(project: Path, tmp_path: Path) -> None:
    with of_commit("HEAD", tmp_path) as build:
        assert (build.root / "authorizer" / "__init__.py").read_text() == "'old'"
        assert build.root.parent == tmp_path
    assert list(tmp_path.iterdir()) == [project]


def test_the_environment_is_used_again_where_the_server_s_pins_are_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "_own_environment", lambda _: sys.executable + "-of-its-own")
    (project / "constraints.txt").write_text(f"a==1\n{DEVELOPMENT}b==2\n")
    with of_commit("HEAD") as build:
        assert build.python == python()
    (project / "constraints.txt").write_text(f"a==2\n{DEVELOPMENT}b==1\n")
    with pytest.raises(BuildError, match="of-its-own"), of_commit("HEAD"):
        pass


def test_a_commit_that_is_not_there_is_told(project: Path) -> None:
    assert project.exists()
    with pytest.raises(BuildError, match="nowhere"), of_commit("nowhere"):
        pass


def test_a_build_that_would_run_another_package_is_refused(project: Path) -> None:
    git(project, "rm", "--quiet", "--force", "-r", "authorizer")
    git(project, "commit", "--quiet", "--message=second")
    with pytest.raises(BuildError, match="would run"), of_commit("HEAD"):
        pass


# --- the command ---------------------------------------------------------------------------------


def test_only_http_and_memory_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["journal", "--against", "HEAD"])
    assert "--against compares http and memory, not journal" in capsys.readouterr().err


def test_what_is_started_within_stays_on_the_cores() -> None:
    ours = os.sched_getaffinity(0)
    show = [sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"]
    with cores.started_on(cores.LOAD):
        assert subprocess.check_output(show, text=True).split() == list(map(str, cores.LOAD))
    assert os.sched_getaffinity(0) == ours


def is_listened_to(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="without git no HEAD")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_leaves_no_server_and_no_folder(
    tmp_path: Path, number: signal.Signals
) -> None:
    programs, folder, seen = tmp_path / "bin", tmp_path / "data", tmp_path / "seen"
    programs.mkdir()
    folder.mkdir()
    load = programs / "wrk"
    load.write_text(f'#!/bin/sh\necho "$@" > {seen}.part\nmv {seen}.part {seen}\nexec sleep 600\n')
    load.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "benchmarks", "http", "--against", "HEAD"]
    bench = subprocess.Popen(
        [*command, "--folder", str(folder)], cwd=PROJECT, env={**os.environ, "PATH": path}
    )
    try:
        until(lambda: seen.exists() or bench.poll() is not None, "at work")
        assert bench.poll() is None
        (url,) = (word for word in seen.read_text().split() if word.startswith("http://"))
        port = int(url.rpartition(":")[2])
        assert is_listened_to(port)
        bench.send_signal(number)
        assert bench.wait(DEADLINE_S) != 0
    finally:
        bench.kill()
        bench.wait()
    assert not is_listened_to(port)
    assert list(folder.iterdir()) == []
