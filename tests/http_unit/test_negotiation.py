"""Which form a client prefers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.http.negotiation import prefers_csv


@pytest.mark.parametrize(
    ("accept", "csv"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/csv", True),
        ("TEXT/CSV", True),
        ("text/*", True),
        ("text/csv, application/json", False),
        ("text/csv, application/json;q=0.9", True),
        ("application/json, text/csv;q=0.9", False),
        ("text/csv;q=0.5, */*;q=0.1", True),
        ("text/csv;q=0.1, */*;q=0.5", False),
        ("text/csv; q=0", False),
        ("*/*, application/json;q=0.2", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/*;q=0.3, text/csv;q=0.7, application/json;q=0.5", True),
        ("text/csv;charset=utf-8;q=1.000", True),
        ("text/csv;q=high", False),
        ("text/csv;q=2", False),
        ("application/xml", False),
        (";;,,=", False),
    ],
)
def test_as_the_weights_say(accept: str, csv: bool) -> None:
    assert prefers_csv(accept) is csv


@given(st.text())
def test_any_header_has_an_answer(accept: str) -> None:
    assert prefers_csv(accept) in (True, False)
