"""The table of docs/events.md is that of the events that are declared."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts.purchase_events import HoldApproved
from authorizer.followers.events.documents import FORMS
from tools import told_events

PAGE = told_events.DOCS.read_text(encoding="utf-8")


def test_the_page_has_every_event_as_it_is_told() -> None:
    """Where this fails: make docs."""
    assert told_events.written(PAGE) == PAGE


def test_a_row_says_what_happened_and_what_the_members_are() -> None:
    row = told_events.row(FORMS[HoldApproved], HoldApproved)
    assert row.startswith("| `hold_approved` | Money was reserved for a purchase. | *account*; ")
    assert "`amount` money, `mcc`, " in row
    assert "`expires_at` time" in row


def test_a_page_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        told_events.written("")
