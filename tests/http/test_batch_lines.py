"""A batch's body becomes lines, however its parts come in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.http import batch_lines
from authorizer.http.api.wire import MAX_BODY_BYTES
from authorizer.http.batch_lines import BatchLines


def lines_of(*parts: bytes) -> list[bytes]:
    lines = BatchLines()
    found = [line for part in parts for line in lines.feed(part)]
    return found + lines.end()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r\nb\r", [b"a", b"b"]),
        (b"\n\na\n \t\n\r\n\nb", [b"a", b"b"]),
        (b" a \n", [b" a "]),
        (b"a\rb\n", [b"a\rb"]),
        (b"a\r\r\n", [b"a\r"]),
    ],
)
def test_lines_end_with_a_line_feed_and_blank_ones_are_passed_over(
    body: bytes, expected: list[bytes]
) -> None:
    assert lines_of(body) == expected


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b" ", b"\r"])), st.data())
def test_it_does_not_matter_where_a_part_ends(pieces: list[bytes], data: st.DataObject) -> None:
    body = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    edges = [0, *cuts, len(body)]
    parts = [body[start:end] for start, end in pairwise(edges)]
    assert lines_of(*parts) == lines_of(body)


def test_of_a_line_that_is_too_long_enough_is_kept_to_say_so() -> None:
    lines = BatchLines()
    kept = [line for _ in range(30) for line in lines.feed(b"x" * 10_000)]
    kept += lines.feed(b"\nb\n")
    assert [len(line) for line in kept] == [MAX_BODY_BYTES + 1, 1]


def test_a_line_may_be_as_long_as_a_body() -> None:
    assert [len(line) for line in lines_of(b"x" * MAX_BODY_BYTES + b"\n")] == [MAX_BODY_BYTES]


@pytest.mark.parametrize("parts", [1, 4])
def test_lines_beyond_the_bound_are_not_taken(parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_lines, "MAX_LINES", 10)
    lines = BatchLines()
    body = b"a\n\n" * 8
    found = [line for _ in range(parts) for line in lines.feed(body)]
    assert (len(found), lines.is_too_long) == (min(10, 8 * parts), parts > 1)
    assert lines.feed(b"b\n") == ([] if parts > 1 else [b"b"])


def test_exactly_as_many_lines_as_there_may_be_are_not_too_many() -> None:
    lines = BatchLines()
    found = lines.feed(b"a\n" * batch_lines.MAX_LINES) + lines.feed(b"\n") + lines.end()
    assert (len(found), lines.is_too_long) == (batch_lines.MAX_LINES, False)


def test_of_a_body_that_is_too_long_the_lines_within_the_bound_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_lines, "MAX_BATCH_BYTES", 10)
    lines = BatchLines()
    assert lines.feed(b"aaa\nbbb\ncc") == [b"aaa", b"bbb"]
    assert not lines.is_too_long
    assert lines.feed(b"c\n") == []
    assert lines.is_too_long
    assert lines.end() == []
