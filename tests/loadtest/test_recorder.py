"""What a load run hands on."""

from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.merchants import MERCHANTS
from loadtest.model import APPROVED, Purchase, SequentialAccount
from loadtest.recorder import KEPT_PROBLEMS, Ledger, Recorder, percentile
from loadtest.run import LATENCY_LIMIT_MS, ledger_problems


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 50.0), (99, 99.0), (99.9, 100.0), (100, 100.0)]
)
def test_percentiles_are_values_that_were_seen(percent: float, value: float) -> None:
    assert percentile([float(ms) for ms in range(1, 101)], percent) == value


def test_the_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 99) == 0.0


@pytest.fixture
def ledger() -> Ledger:
    """What a run hands on in which one purchase was approved."""
    recorder = Recorder()
    recorder.start()
    model = SequentialAccount("1", {"FOOD": 100, "MEAL": 100, "CASH": 100})
    purchase = Purchase("a", "1", MERCHANTS[0], 30)
    model.send(purchase)
    model.settle(purchase, APPROVED)
    recorder.answered(1.5)
    recorder.code(APPROVED)
    recorder.stop()
    return recorder.ledger("steady", [model])


def test_a_ledger_survives_its_file(ledger: Ledger, tmp_path: Path) -> None:
    ledger.write(tmp_path / "ledger.json")
    assert Ledger.read(tmp_path / "ledger.json") == ledger


def test_it_says_what_the_wallets_lost_and_what_they_must_hold(ledger: Ledger) -> None:
    assert ledger.approved_cents == {"FOOD": 0, "MEAL": 0, "CASH": 30}
    available = {wallet: told["available"] for wallet, told in ledger.expected_cents["1"].items()}
    assert available == {"FOOD": 100, "MEAL": 100, "CASH": 70}
    assert ledger.expected_cents["1"]["CASH"] == {
        "available": 70,
        "held": 0,
        "ledger": 70,
        "owed": 0,
    }
    assert ledger.sums_cents["CASH"] == {"put in": 100, "captured": 30, "given back": 0}


def test_problems_are_all_counted_and_the_first_kept() -> None:
    recorder = Recorder()
    recorder.start()
    for number in range(KEPT_PROBLEMS + 5):
        recorder.wrong(f"problem {number}")
    recorder.lost("no answer")
    recorder.stop()
    ledger = recorder.ledger("steady", [])
    assert (ledger.wrong, ledger.lost) == (KEPT_PROBLEMS + 5, 1)
    assert ledger.problems == [f"problem {number}" for number in range(KEPT_PROBLEMS)]


def test_a_clean_ledger_passes(ledger: Ledger) -> None:
    assert ledger_problems(ledger) == []


@pytest.mark.parametrize(
    "spoilt",
    [
        {"requests": 0},
        {"wrong": 1},
        {"lost": 1},
        {"unsettled": 1},
        {"p99_ms": LATENCY_LIMIT_MS},
        {"max_ms": LATENCY_LIMIT_MS},
    ],
)
def test_each_thing_that_is_amiss_fails_the_load_test(
    ledger: Ledger, spoilt: dict[str, float]
) -> None:
    assert len(ledger_problems(replace(ledger, **spoilt))) == 1  # type: ignore[arg-type]
