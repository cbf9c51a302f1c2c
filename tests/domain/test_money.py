"""Money: the decimal text decides, nothing is rounded, and hostile numbers cost nothing."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from authorizer.domain.money import (
    MAX_AMOUNT_DIGITS,
    MAX_BALANCE_CENTS,
    format_cents,
    parse_cents,
    whole_cents,
)

JSON_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,6}0{0,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)
HOSTILE_NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,40})?", fullmatch=True
)
FAR = 1000
"""An exponent beyond all digits that the strategies generate."""


def reference(text: str) -> int | None:
    """The centavos of a JSON number, by fractions."""
    match = JSON_NUMBER.fullmatch(text)
    assert match is not None
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or 0)
    digits = int(whole + fraction)
    if digits == 0:
        return 0
    if abs(exponent) > FAR:
        return None
    cents = Fraction(digits) * Fraction(10) ** (exponent - len(fraction) + 2)
    if cents.denominator != 1 or len(str(cents.numerator)) > MAX_AMOUNT_DIGITS:
        return None
    return -cents.numerator if sign else cents.numerator


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("10", 1000),
        ("10.5", 1050),
        ("10.50", 1050),
        ("10.500", 1050),
        ("10.0000000000000000000000000000", 1000),
        ("1e1", 1000),
        ("1E+1", 1000),
        ("1.05e1", 1050),
        ("1050e-2", 1050),
        ("100000e-3", 10000),
        ("0.01", 1),
        ("0.1", 10),
        ("1e-2", 1),
        ("5000.00", 500000),
        ("1.15", 115),
        ("0.29", 29),
        ("4.35", 435),
        ("1234567890123456.78", 123456789012345678),
        ("99999999999999999.99", 9999999999999999999),
        ("0", 0),
        ("0.00", 0),
        ("-0", 0),
        ("-0.00", 0),
        ("0e5", 0),
        ("-1", -100),
        ("-10.50", -1050),
    ],
)
def test_a_whole_number_of_centavos_is_read_exactly(text: str, cents: int) -> None:
    assert parse_cents(text) == cents
    assert whole_cents(Decimal(text)) == cents


@pytest.mark.parametrize(
    "text",
    [
        "10.005",
        "0.001",
        "1e-3",
        "-0.005",
        "99.99999999999999999",
        "10.0000000000000000000000000001",
        "123456789012345678901234567.891",
    ],
)
def test_what_is_no_whole_number_of_centavos_is_refused_never_rounded(text: str) -> None:
    assert parse_cents(text) is None


def test_an_amount_of_28_digits_of_centavos_is_read_and_one_of_29_is_not() -> None:
    assert parse_cents("9" * 26 + ".99") == 10**28 - 1
    assert parse_cents("9" * 27 + ".99") is None
    assert parse_cents("1e25") == 10**27
    assert parse_cents("1e26") is None
    assert parse_cents("-1e25") == -(10**27)
    assert parse_cents("-1e26") is None


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "1e999999999",
        "1E-2000000000",
        "1e2000000000",
        "1e-99999999999999999999",
        "1e99999999999999999999",
        "1e" + "9" * 5000,
        "1e-" + "9" * 5000,
        "1" * 60_000,
        "0." + "0" * 60_000 + "1",
    ],
    ids=lambda text: text[:12] + f"({len(text)})",
)
def test_a_number_that_is_a_bomb_is_no_amount_and_costs_nothing(text: str) -> None:
    assert parse_cents(text) is None


LONG = {
    "1." + "0" * 60_000: 100,
    "0." + "0" * 60_000 + "1": None,
    "1" + "0" * 60_000: None,
    "1." + "0" * 30_000 + "1" + "0" * 30_000: None,
}


@pytest.mark.parametrize(("text", "cents"), LONG.items(), ids=range(len(LONG)))
def test_a_number_as_long_as_a_body_does_not_hold_up_the_others(
    text: str, cents: int | None
) -> None:
    """No step in Python is taken for each digit: a body of them took 35 ms."""
    steps = 0

    def count(*_: object) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        found = parse_cents(text)
    finally:
        sys.settrace(before)
    assert found == cents
    assert 0 < steps < 100


@pytest.mark.parametrize("text", ["0e99999999999999999999", "0.0e-99999999999999999999"])
def test_zero_is_zero_whatever_its_exponent(text: str) -> None:
    assert parse_cents(text) in (0, None)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_has_no_centavos(text: str) -> None:
    assert whole_cents(Decimal(text)) is None


@settings(max_examples=200)
@example("0.00")
@example("100000000000000000.00")
@example("-1.00")
@given(NUMBERS)
def test_every_decimal_text_is_read_as_decimal_arithmetic_says(text: str) -> None:
    assert parse_cents(text) == reference(text)


@settings(max_examples=150)
@given(HOSTILE_NUMBERS)
def test_no_number_whatever_its_exponent_raises_or_is_read_wrongly(text: str) -> None:
    if reference(text) == 0:
        assert parse_cents(text) in (0, None)
    else:
        assert parse_cents(text) == reference(text)


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.00"),
        (1, "0.01"),
        (10, "0.10"),
        (100, "1.00"),
        (500000, "5000.00"),
        (-5, "-0.05"),
        (-12345, "-123.45"),
        (MAX_BALANCE_CENTS, "1000000000000000.00"),
    ],
)
def test_money_is_written_with_two_decimals(cents: int, text: str) -> None:
    assert format_cents(cents) == text


@settings(max_examples=150)
@given(st.integers(-(10**28) + 1, 10**28 - 1))
def test_what_is_written_is_read_back(cents: int) -> None:
    text = format_cents(cents)
    assert parse_cents(text) == cents
    assert Decimal(text) == Decimal(cents).scaleb(-2)


def test_the_most_that_a_wallet_holds_leaves_room_in_64_bits_for_sums() -> None:
    assert MAX_BALANCE_CENTS == 10**17
    assert 50 * MAX_BALANCE_CENTS < 2**63
