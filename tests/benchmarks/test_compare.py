"""What `make compare` makes of what it sees: ratios, claims, table, page; and who fails is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from benchmarks import wrk
from benchmarks.__main__ import compared, main, parse
from benchmarks.compare import page, run, targets
from benchmarks.compare.peer import Kind, MissingError, Peer, Running
from benchmarks.compare.registry import OURS, OURS_ALONE, PEERS, STARLETTE, chosen
from benchmarks.compare.results import Condition, Result, Results, ratio
from benchmarks.compare.turns import Seat
from benchmarks.open_loop import APPROVED, NOT_SENT, RECORD
from benchmarks.open_loop import Load as OpenLoad
from benchmarks.turns import Turn
from benchmarks.wrk import Spread
from tests.support.server import PROJECT

MS = 1_000_000
USUAL = Condition("sync 150 us", 1000)
REDIS, REDIS_GATHERED, REDIS_BEHIND_OURS = chosen("redis,redis-gathered,redis-gathered-own-front")


def turn(per_second: float, cpu_us: float = 20.0, p99_ms: float = 2.0) -> Turn:
    load = wrk.Load(
        requests=int(per_second),
        seconds=1.0,
        failed=0,
        wrong=0,
        max_ms=9.0,
        over_10_ms=0,
        over_50_ms=0,
        percentiles_ms={"50": 1.0, "99": p99_ms, "99.9": 3.0},
    )
    return Turn(load, user_us=cpu_us, system_us=0.0)


def result(
    peer: Peer, *per_second: float, condition: Condition = USUAL, cpu_us: float = 20.0
) -> Result:
    turns = [turn(one, cpu_us) for one in per_second]
    return Result(peer, condition, turns, behind_us=[5.0] * len(turns))


def opened(*waited_ms: float) -> OpenLoad:
    rows = [
        (0, 0, 0, NOT_SENT) if waited == np.inf else (0, 0, round(waited * MS), APPROVED)
        for waited in waited_ms
    ]
    return OpenLoad(np.array(rows, RECORD), seconds=1.0)


def results(*all_of_them: Result) -> Results:
    made = Results()
    made.all += all_of_them
    return made


def claims(*all_of_them: Result) -> dict[str, bool | None]:
    figures = targets.figures(results(*all_of_them))
    return {figure.name: figure.met for figure in figures if figure.unit != "1/s"}


def test_a_ratio_compares_rounds() -> None:
    """The machine was slow in the second round, for both."""
    assert ratio(result(OURS, 200, 30, 160), result(STARLETTE, 100, 10, 100)) == 2.0


def test_what_is_claimed_of_ours_is_met_or_missed() -> None:
    seen = [result(OURS, 1600), result(OURS_ALONE, 1799), result(STARLETTE, 1000)]
    peers = [result(REDIS, 641), result(REDIS_GATHERED, 1230), result(REDIS_BEHIND_OURS, 3000)]
    at = "; 1,000 accounts, alike; sync 150 us"
    assert claims(*seen, *peers) == {
        f"ours ÷ Starlette, constant{at}": True,
        f"ours, no read models ÷ Starlette, constant{at}": False,
        f"ours, p99{at}": True,
        f"ours ÷ Redis, one at a time{at}": False,
        f"ours ÷ Redis, gathered{at}": True,
        f"ours ÷ Redis, gathered, our front{at}": None,
    }


def test_an_open_loop_is_judged_by_when_requests_were_due() -> None:
    seen = result(OURS, 1600)
    seen.opened = opened(*[1.0] * 999, 4.9)
    assert claims(seen)["ours, open loop, p99.9; 1,000 accounts, alike; sync 150 us"] is True
    seen.opened = opened(*[1.0] * 99, np.inf)
    assert claims(seen)["ours, open loop, p99.9; 1,000 accounts, alike; sync 150 us"] is False


def test_what_many_accounts_cost_is_processor_time() -> None:
    zipf = Condition(USUAL.disk, 1_000_000, Spread.ZIPF)
    alike = Condition(USUAL.disk, 1_000_000)
    seen = [
        result(OURS, 100, cpu_us=20.0),
        result(OURS, 5, condition=zipf, cpu_us=23.0),
        result(OURS, 900, condition=alike, cpu_us=28.1),
    ]
    met = {name: met for name, met in claims(*seen).items() if "÷ on 1,000" in name}
    assert list(met.values()) == [True, False]


def test_whoever_failed_is_in_the_table_and_in_no_claim() -> None:
    failed = result(REDIS, 1)
    failed.failed = "it | broke"
    seen = results(result(OURS, 1600), failed)
    told = page.section(seen, list(targets.figures(seen)), ["Redis 7"], load_before=0.25)
    rows = {line.split(" | ")[0]: line for line in told.splitlines() if line.startswith("| ")}
    assert rows["| Redis, one at a time"].startswith("| Redis, one at a time | it / broke |")
    assert "÷ Redis" not in told
    assert rows["| ours"].startswith("| ours | 1,600 | 1.0 | 2.0 | 3.0 | 9 | 20.0 | 5.0 |")
    columns = {
        line.count("|") for line in told.splitlines() if line.startswith(("| ours |", "| R"))
    }
    assert columns == {page.COLUMNS + 1}


def test_the_page_gets_the_section_between_its_marks(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{page.BEGIN}old\n{page.END}after\n")
    seen = result(OURS, 1600)
    seen.opened = opened(1.0, np.inf)
    many = result(OURS, 900, condition=Condition(USUAL.disk, 1_000_000, Spread.ZIPF))
    page.write(tmp_path, "told\n", results(seen, many))
    text = path.read_text()
    assert text.startswith(f"before\n{page.BEGIN}![")
    assert text.endswith(f"told\n{page.END}after\n")
    drawn = sorted(plot.name for plot in (tmp_path / "compare").iterdir())
    assert drawn == ["accounts.svg", "open-loop.svg", "requests.svg"]
    assert all(f"(compare/{name})" in text for name in drawn)
    before = {name: (tmp_path / "compare" / name).read_bytes() for name in drawn}
    page.write(tmp_path, "told\n", results(seen, many))
    assert before == {name: (tmp_path / "compare" / name).read_bytes() for name in drawn}
    path.write_text("no marks\n")
    with pytest.raises(ValueError, match="no marks"):
        page.write(tmp_path, "told\n", results(seen))


def test_the_page_of_the_project_has_the_marks() -> None:
    text = (PROJECT / "docs" / page.PAGE).read_text(encoding="utf-8")
    assert 0 < text.find(page.BEGIN) < text.find(page.END)


class Failing:
    """A contender that can't be started."""

    key = "failing"
    name = "failing"
    kind = Kind.ONE

    def __init__(self, error: Exception) -> None:
        self._error = error

    def settings(self) -> str:
        return "none"

    @contextmanager
    def start(self, folder: Path, accounts: int) -> Iterator[Running]:
        raise self._error
        yield  # a generator, as all of them are


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MissingError("its program is missing"), "its program is missing"),
        (RuntimeError("broken\nat length"), "RuntimeError: broken"),
    ],
)
def test_a_contender_that_fails_is_told_and_has_no_turns(
    tmp_path: Path, error: Exception, words: str
) -> None:
    seat = Seat(Failing(error))
    seat.start(tmp_path, 1)
    seat.take_place(USUAL)
    seat.check()
    seat.closed(1)
    seat.opened(tmp_path, 1)
    seat.end()
    assert seat.result.failed == words
    assert results(seat.result).of(seat.peer, USUAL) is None


def test_contenders_have_keys_of_their_own() -> None:
    assert len({peer.key for peer in PEERS}) == len({peer.name for peer in PEERS}) == len(PEERS)
    assert chosen("") == list(PEERS)
    assert chosen("starlette,ours") == [STARLETTE, OURS]


def test_a_shortened_run_leaves_the_page_alone(capsys: pytest.CaptureFixture[str]) -> None:
    whole = compared(parse(["compare"]))
    assert whole == run.Options(peers=list(PEERS), docs=PROJECT / "docs")
    short = compared(parse(["compare", "--rounds", "1", "--accounts", "1000", "--peers", "ours"]))
    assert (short.rounds, short.accounts, short.peers, short.docs) == (1, (1000,), [OURS], None)
    with pytest.raises(SystemExit):
        main(["compare", "--peers", "oracle"])
    assert "unknown: oracle; known: bare, starlette" in capsys.readouterr().err
