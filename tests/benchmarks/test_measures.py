"""What the benchmarks compute from what they see."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.record import decode
from benchmarks import books, servers, throughput, wrk
from benchmarks.__main__ import main
from benchmarks.journals import accounts_opened, purchases_approved, write_journal
from benchmarks.turns import Turn

METRICS = """\
# HELP authorizer_decisions_total Answers to purchases.
# TYPE authorizer_decisions_total counter
authorizer_decisions_total{code="00",reason="approved",replayed="false",wallet="MEAL"} 12.0
authorizer_decisions_total{code="00",reason="approved",replayed="true",wallet="CASH"} 3.0
authorizer_decisions_total{code="07",reason="too_late",replayed="false",wallet=""} 2.0
# HELP authorizer_accounts Accounts there are.
# TYPE authorizer_accounts gauge
authorizer_accounts 7.0
"""


def turn(per_second: float) -> Turn:
    load = wrk.Load(
        requests=int(per_second),
        seconds=1.0,
        failed=0,
        wrong=0,
        max_ms=1.0,
        over_10_ms=0,
        over_50_ms=0,
        percentiles_ms={},
    )
    return Turn(load, user_us=30.0, system_us=10.0)


def test_the_ratio_compares_turns_not_totals() -> None:
    """The machine was slow in the second turn, for both."""
    constant = [turn(1000), turn(100), turn(1000)]
    authorizer = [turn(900), turn(95), turn(800)]
    assert throughput.ratio(constant, authorizer) == pytest.approx(0.9)


def test_decisions_are_added_up_by_code() -> None:
    assert servers.count_decisions(METRICS) == {"00": 15, "07": 2}


def test_declined_counts_all_that_was_not_approved() -> None:
    figure = books.declined("http", "declined", Counter({"00": 15, "07": 2}))
    assert (figure.value, figure.met) == (2, False)
    assert books.declined("http", "declined", Counter({"00": 15})).met is True


@pytest.mark.parametrize("decided", [1000, 1000 + 2 * wrk.CONNECTIONS])
def test_requests_in_flight_at_the_end_explain_a_small_difference(decided: int) -> None:
    books.check_answers(decided, answered=1000, loads=2)


@pytest.mark.parametrize("decided", [999, 1001 + 2 * wrk.CONNECTIONS])
def test_nothing_explains_a_larger_one(decided: int) -> None:
    with pytest.raises(books.WrongBooksError):
        books.check_answers(decided, answered=1000, loads=2)


def test_memory_is_that_of_the_process() -> None:
    now, highest = servers.memory_bytes(os.getpid())
    assert 1_000_000 < now <= highest


def test_processor_time_is_that_of_the_process() -> None:
    before_s, seen_s = time.process_time(), servers.processor_time(os.getpid()).total_s
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    assert before_s - 2 * tick_s <= seen_s <= time.process_time() + 2 * tick_s


def test_a_written_journal_holds_the_events_in_order(tmp_path: Path) -> None:
    events = [*accounts_opened(3), *purchases_approved(5, accounts=3)]
    write_journal(tmp_path / "data", events, batch_records=4)
    batches = list(JournalReader(LocalDisk(tmp_path / "data")))
    assert [len(batch.records()) for batch in batches] == [4, 4]
    assert [decode(record) for batch in batches for record in batch.records()] == events


def test_without_wrk_only_what_needs_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["journal", "memory"]) == 2
    assert "apt-get install wrk" in capsys.readouterr().out


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["journal", "speed"])
    assert "unknown: speed; known: http, path" in capsys.readouterr().err
