"""Which form a client prefers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.http.api.negotiation import CSV, HTML, JSON, preferred_form, prefers_portuguese


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/*", CSV),
        ("text/csv, application/json", JSON),
        ("text/csv, application/json;q=0.9", CSV),
        ("application/json, text/csv;q=0.9", JSON),
        ("text/csv;q=0.5, */*;q=0.1", CSV),
        ("text/csv;q=0.1, */*;q=0.5", JSON),
        ("text/csv; q=0", JSON),
        ("*/*, application/json;q=0.2", CSV),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/html", HTML),
        ("text/html, application/json", JSON),
        ("text/html;q=0.4, text/csv;q=0.5", CSV),
        ("text/*;q=0.3, text/csv;q=0.7, application/json;q=0.5", CSV),
        ("text/csv;charset=utf-8;q=1.000", CSV),
        ("text/csv;q=high", JSON),
        ("text/csv;q=2", JSON),
        ("application/xml", JSON),
        (";;,,=", JSON),
    ],
)
def test_as_the_weights_say(accept: str, form: str) -> None:
    assert preferred_form(accept) == form


@pytest.mark.parametrize(
    ("languages", "portuguese"),
    [
        ("pt-BR", True),
        ("PT-br,pt;q=0.9,en;q=0.8", True),
        ("pt", True),
        ("en;q=0.8, pt-BR;q=0.9", True),
        ("", False),
        ("*", False),
        ("en-US,pt-BR;q=0.9", False),
        ("pt-BR;q=0", False),
        ("ptx", False),
        ("en, pt-BR", False),
        (";;,,=", False),
    ],
)
def test_whose_first_choice_is_portuguese(languages: str, portuguese: bool) -> None:
    assert prefers_portuguese(languages) is portuguese


@given(st.text())
def test_any_header_has_an_answer(header: str) -> None:
    assert preferred_form(header) in (JSON, CSV, HTML)
    assert prefers_portuguese(header) in (True, False)
