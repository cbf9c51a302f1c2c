"""Values by ranges of merchant category codes."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts.mcc_ranges import MccRange, parse_ranges, range_text, value_at
from authorizer.domain.accounts.policy import HoldHours

RANGES = parse_ranges({"7011": 1, "0000-0009": 2, "3351-3999": 3})


@pytest.mark.parametrize(
    ("mcc", "value"),
    [
        ("7011", 1), ("7010", None), ("7012", None),
        ("0000", 2), ("0009", 2), ("0010", None),
        ("3350", None), ("3351", 3), ("3500", 3), ("3999", 3), ("4000", None),
        ("", None), ("701", None), ("07011", None), ("7O11", None), (" 701", None), ("+701", None),
        ("\u0667\u0660\u0661\u0661", None), ("7_11", None),
    ],
)  # fmt: skip
def test_a_code_has_what_its_range_has(mcc: str, value: int | None) -> None:
    assert value_at(RANGES, mcc) == value


def test_ranges_are_in_order_and_written_as_they_were() -> None:
    assert list(RANGES) == [MccRange(0, 9, 2), MccRange(3351, 3999, 3), MccRange(7011, 7011, 1)]
    assert [range_text(codes) for codes in RANGES] == ["0000-0009", "3351-3999", "7011"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "12345",
        "1234-",
        "-1234",
        "1234-123",
        "1234\u20131240",
        "a234",
        "1234 ",
        "\u0667\u0660\u0661\u0661",
    ],
)
def test_what_is_no_range_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="neither an MCC of four digits nor a range"):
        parse_ranges({text: 1})


def test_a_range_that_ends_before_it_begins_is_told() -> None:
    with pytest.raises(ValueError, match="2000-1000 ends before it begins"):
        parse_ranges({"2000-1000": 1})


@pytest.mark.parametrize("other", ["3351", "3999", "3500-3600", "3000-3351", "3999-4000"])
def test_two_ranges_that_overlap_are_told(other: str) -> None:
    with pytest.raises(ValueError, match="overlap"):
        parse_ranges({"3351-3999": 1, other: 1})


def test_ranges_side_by_side_do_not_overlap() -> None:
    assert len(parse_ranges({"1000-1999": 1, "2000-2999": 2, "0999": 3})) == 3


@pytest.mark.parametrize(
    ("mcc", "hours"),
    [("3350", 168), ("3351", 744), ("3999", 744), ("7011", 744), ("7512", 744), ("7513", 168)],
)
def test_lodging_and_car_rental_are_held_longer(mcc: str, hours: int) -> None:
    assert HoldHours().hours_for(mcc) == hours
