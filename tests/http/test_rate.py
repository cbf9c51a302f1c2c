"""Rates: so many a second, so many at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authorizer.http.access.rate import RateLimit, Rates

SECOND_NS = 1_000_000_000


class Time:
    now_ns = 5 * SECOND_NS

    def __call__(self) -> int:
        return self.now_ns


def admitted(rates: Rates, key_id: str, requests: int) -> int:
    return sum(rates.wait_ns(key_id) == 0 for _ in range(requests))


def test_a_burst_then_the_rate() -> None:
    time = Time()
    rates = Rates(RateLimit(requests=10, burst=3), time)
    assert admitted(rates, "a", 10) == 3
    assert rates.wait_ns("a") == SECOND_NS // 10
    time.now_ns += SECOND_NS // 10 - 1
    assert rates.wait_ns("a") == 1
    time.now_ns += 1
    assert admitted(rates, "a", 10) == 1
    time.now_ns += SECOND_NS
    assert admitted(rates, "a", 10) == 3, "what is saved up is bounded by the burst"


def test_keys_do_not_pay_for_each_other() -> None:
    rates = Rates(RateLimit(1, 2), Time())
    assert admitted(rates, "a", 5) == 2
    assert admitted(rates, "b", 5) == 2


def test_0_is_no_limit() -> None:
    rates = Rates(RateLimit(0, 1), Time())
    assert admitted(rates, "a", 1000) == 1000


def test_what_is_kept_is_bounded_by_the_keys() -> None:
    rates = Rates(RateLimit(1, 1), Time())
    assert admitted(rates, "a", 2) == admitted(rates, "b", 2) == 1
    rates.forget_all_but({"b"})
    assert admitted(rates, "b", 1) == 0, "a key that stays gets no second burst"
    assert set(rates._full_at_ns) == {"b"}


@given(
    st.integers(1, 1000),
    st.integers(1, 50),
    st.lists(st.integers(0, SECOND_NS), min_size=1, max_size=60),
)
def test_never_more_than_the_burst_and_the_rate_over_any_stretch(
    per_second: int, burst: int, pauses_ns: list[int]
) -> None:
    time = Time()
    rates = Rates(RateLimit(per_second, burst), time)
    interval_ns = SECOND_NS // per_second
    let_in: list[int] = []
    for pause_ns in pauses_ns:
        time.now_ns += pause_ns
        wait_ns = rates.wait_ns("a")
        if wait_ns == 0:
            let_in.append(time.now_ns)
        else:
            time.now_ns += wait_ns
            assert rates.wait_ns("a") == 0, "whoever waits as told is let in"
            let_in.append(time.now_ns)
    for first, begin_ns in enumerate(let_in):
        for last, end_ns in enumerate(let_in[first:], first):
            assert last - first + 1 <= burst + (end_ns - begin_ns) // interval_ns + 1
