"""A card's controls: which is in the way of a purchase, and what a purchase costs to find out."""

from __future__ import annotations

import pytest

from authorizer.domain.accounts.cards import Card, CardTerms
from authorizer.domain.accounts.controls import CardControls, unpack_controls
from authorizer.domain.descriptors import DescriptorTable

BLOCKED = CardControls(blocked_merchants=("BAR DO ZE", "UBER*"))


def card(controls: CardControls = BLOCKED) -> Card:
    found = Card("1", CardTerms("k", "**** 1", "X", "ativo", None, None, None, 0))
    found.put_controls(controls)
    return found


@pytest.mark.parametrize(
    ("merchant", "control"),
    [
        ("Bar do Zé", "estabelecimentos_bloqueados"),
        ("UBER TRIP", "estabelecimentos_bloqueados"),
        ("UBERABA", None),
        ("", None),
    ],
)
def test_blocked_merchants_are_met_as_overrides_are(merchant: str, control: str | None) -> None:
    assert card().control_against(1, "5812", merchant) == control


def test_other_controls_have_other_merchants() -> None:
    found = card()
    found.put_controls(CardControls())
    assert found.control_against(1, "5812", "UBER TRIP") is None
    assert found.controls == CardControls()


def test_a_purchase_makes_no_table_of_the_blocked_merchants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = card()

    def never(*_: object) -> None:
        raise AssertionError("registered again")

    monkeypatch.setattr(DescriptorTable, "register", never)
    assert found.control_against(1, "5812", "UBER TRIP") == "estabelecimentos_bloqueados"


@pytest.mark.parametrize("controls", [CardControls(), BLOCKED, CardControls((), ("1",), (), 5)])
def test_controls_come_back_from_plain_values(controls: CardControls) -> None:
    values = [list(one) if isinstance(one, tuple) else one for one in controls]
    assert unpack_controls(values) == controls
