"""The tables of events in docs/journal-format.md are those that are declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NewType

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.cards import CardTerms
from tools import event_table

PAGE = event_table.DOCS.read_text(encoding="utf-8")


def test_the_page_has_every_event_as_it_is_declared() -> None:
    """Where this fails: make docs."""
    assert event_table.written(PAGE) == PAGE


def test_the_page_tells_what_every_event_does() -> None:
    assert f"| {event_table.UNKNOWN} |" not in PAGE


def test_a_new_event_has_a_row_and_what_the_others_do_is_kept() -> None:
    told = {kind.name: f"what {kind.name} does" for kind in ACCOUNTS.events[1:]}
    first, *others = event_table.table(ACCOUNTS, told).splitlines()[2:]
    assert first.startswith("| `account_opened` | 1 | `account_id` text, `opening_cents` object")
    assert first.endswith("| … |")
    assert [row.rpartition(" | ")[2] for row in others] == [f"{each} |" for each in told.values()]


def test_an_aggregate_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match="no table of the events of account"):
        event_table.written("")


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (str, "text"),
        (bool, "boolean"),
        (int | None, "integer?"),
        (NewType("Sealed", str), "sealed"),
        (CardTerms, "card terms"),
        (tuple[str, ...], "array of text"),
        (Mapping[str, int], "object, text → integer"),
    ],
)
def test_types_are_told_in_words(hint: Any, words: str) -> None:
    assert event_table.spelled(hint) == words
