"""Card claims: one claimant a card, for as long as its requests are under way."""

from __future__ import annotations

import pytest

from authorizer.actors.card_claims import CardClaims, Replaced
from authorizer.domain.outcomes import RefusalKind


def test_a_claimed_card_is_refused_to_another_claimant_and_nothing_of_theirs_is_claimed() -> None:
    claims = CardClaims()
    with claims.claiming("c", ["k1", "k2"]) as first:
        assert first is None
        with claims.claiming("d", ["k3", "k2"]) as second:
            assert second is not None
            assert second.kind is RefusalKind.CONFLICT
            assert "card k2 " in second.detail
            assert "k3" not in claims
        assert "k2" in claims
    assert "k1" not in claims
    assert "k2" not in claims


def test_requests_of_one_claimant_share_a_claim_until_the_last_of_them_ends() -> None:
    claims = CardClaims()
    with claims.claiming("c", ["k"]):
        with claims.claiming("c", ["k"]) as again:
            assert again is None
        assert "k" in claims
        with claims.claiming("d", ["k"]) as other:
            assert other is not None
    assert "k" not in claims


def test_a_replacement_is_another_claimant_than_the_customer_with_its_cards_id() -> None:
    claims = CardClaims()
    with claims.claiming("k", ["new"]), claims.claiming(Replaced("k"), ["new"]) as refusal:
        assert refusal is not None


def test_a_claim_ends_with_a_request_that_fails() -> None:
    claims = CardClaims()
    with pytest.raises(RuntimeError), claims.claiming("c", ["k", "k"]):
        raise RuntimeError
    assert "k" not in claims
