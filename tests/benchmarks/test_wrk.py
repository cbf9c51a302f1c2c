"""Reading what wrk's scripts print."""

from collections.abc import Callable

import pytest

from benchmarks import wrk

OUTPUT = """\
Running 5s test @ http://127.0.0.1:8080
  1 threads and 64 connections
Requests/sec:  39812.40
WRK {"requests":199062,"duration_us":5000000,"failed":0,"wrong":0,"max_us":4210,\
"over_10_ms":0,"over_50_ms":0,"percentiles_us":{"50":1510,"99":2650,"99.9":3100}}
"""


def test_the_result_is_found_among_what_wrk_prints_itself() -> None:
    load = wrk.parse_load(OUTPUT)
    assert load.requests == 199_062
    assert load.per_second == pytest.approx(39_812.4)
    assert load.max_ms == 4.21
    assert load.percentiles_ms == {"50": 1.51, "99": 2.65, "99.9": 3.1}


def test_output_without_a_result_is_refused() -> None:
    with pytest.raises(wrk.WrkError, match="no result"):
        wrk.parse_load("unable to connect to 127.0.0.1:8080 Connection refused\n")


@pytest.fixture
def wrk_prints(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have wrk print this instead of running it."""

    def prints(output: str) -> None:
        monkeypatch.setattr(wrk, "_run", lambda *_: output)

    return prints


def test_a_clean_load_is_taken(wrk_prints: Callable[[str], None]) -> None:
    wrk_prints(OUTPUT)
    assert wrk.purchases("http://127.0.0.1:1", 10, 5).requests == 199_062


@pytest.mark.parametrize("count", ["failed", "wrong"])
def test_a_load_with_bad_answers_is_refused(wrk_prints: Callable[[str], None], count: str) -> None:
    wrk_prints(OUTPUT.replace(f'"{count}":0', f'"{count}":3'))
    with pytest.raises(wrk.WrkError, match="3"):
        wrk.purchases("http://127.0.0.1:1", 10, 5)


def test_without_wrk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(wrk.WrkError, match="apt-get install wrk"):
        wrk.purchases("http://127.0.0.1:1", 10, 5)
