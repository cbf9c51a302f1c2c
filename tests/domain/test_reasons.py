"""Every reason, with the challenge's code and the one of ISO 8583 field 39."""

from __future__ import annotations

import pytest

from authorizer.domain.outcomes import Reason

CODES = {
    "approved": ("00", "00"),
    "insufficient_funds": ("51", "51"),
    "malformed": ("07", "30"),
    "invalid_amount": ("07", "13"),
    "account_not_found": ("07", "14"),
    "card_not_found": ("07", "14"),
    "card_blocked": ("07", "62"),
    "duplicate_mismatch": ("07", "94"),
    "too_late": ("07", "68"),
    "overloaded": ("07", "91"),
    "unavailable": ("07", "91"),
    "partially_approved": ("00", "10"),
    "account_frozen": ("07", "62"),
    "account_closed": ("07", "14"),
    "reversed_before": ("07", "94"),
    "card_control": ("07", "57"),
    "merchant_not_eligible": ("07", "57"),
    "amount_limit": ("07", "61"),
    "count_limit": ("07", "65"),
}


@pytest.mark.parametrize(("word", "codes"), CODES.items())
def test_a_reason_has_a_wire_code_and_an_iso_8583_code(word: str, codes: tuple[str, str]) -> None:
    reason = Reason.of(word)
    assert reason.name_on_wire == word
    assert (reason.answer_code, reason.response_code) == codes


def test_there_is_no_other_reason() -> None:
    assert {reason.name_on_wire for reason in Reason} == set(CODES)


def test_only_approvals_are_00_and_only_missing_funds_are_51() -> None:
    approvals = [Reason.APPROVED, Reason.PARTIALLY_APPROVED]
    assert [reason for reason in Reason if reason.answer_code == "00"] == approvals
    assert [reason for reason in Reason if reason.answer_code == "51"] == [
        Reason.INSUFFICIENT_FUNDS
    ]


def test_no_reason_carries_the_07_of_iso_8583_which_means_pick_up_the_card() -> None:
    assert "07" not in {reason.response_code for reason in Reason}


def test_a_word_that_never_was_a_reason_is_an_error() -> None:
    with pytest.raises(KeyError):
        Reason.of("because")
