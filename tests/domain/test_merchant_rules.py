"""Registering and removing merchant overrides."""

from __future__ import annotations

import pytest

from authorizer.domain.merchants import rules as merchant_rules
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.merchants.rules import (
    MAX_KEY_LENGTH,
    register_merchant,
    remove_merchant,
)
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.outcomes import Done, Refusal, RefusalKind
from tests.support.builders import BY, NOW_US, context, merchants


def register(table: MerchantTable, name: str, mcc: str = "5811") -> Done | Refusal | object:
    """Register, and let what follows take place."""
    decision = register_merchant(table, RegisterMerchant(name, mcc, BY), context(), NOW_US)
    for event in decision.events:
        assert isinstance(event, MerchantRegistered)
        MERCHANTS.evolve(table, event, table.position + 1)
    return decision.outcome


def test_a_new_name_is_registered() -> None:
    table = MerchantTable()
    decision = register_merchant(table, RegisterMerchant("UBER*", "5812", BY), context(), NOW_US)
    assert decision.outcome == Done(created=True)
    assert decision.events == (MerchantRegistered(NOW_US, BY, "UBER*", "5812"),)
    assert table.entries() == []


def test_the_same_again_in_any_spelling_changes_nothing() -> None:
    table = merchants(("Padaria do Zé", "5811"))
    decision = register_merchant(
        table, RegisterMerchant("PADARIA DO ZE", "5811", BY), context(), NOW_US
    )
    assert decision.outcome == Done(created=False)
    assert decision.events == ()


def test_a_known_name_with_another_mcc_is_replaced() -> None:
    table = merchants(("UBER", "5811"))
    assert register(table, "Uber", "5812") == Done(created=False)
    assert table.entries() == [("Uber", "5812")]
    assert table.position == 1


@pytest.mark.parametrize("name", ["*", " * ", "**", "* *", "", "  ", "\N{COMBINING ACUTE ACCENT}*"])
def test_a_name_that_would_match_every_merchant_is_refused(name: str) -> None:
    outcome = register(MerchantTable(), name)
    assert isinstance(outcome, Refusal)
    assert (outcome.kind, outcome.field) == (RefusalKind.INVALID, "name")


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("x" * MAX_KEY_LENGTH, True),
        ("x" * (MAX_KEY_LENGTH + 1), False),
        ("x" * (MAX_KEY_LENGTH - 1) + " *", True),
        ("a" + " " * MAX_KEY_LENGTH + "b", True),
        ("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100, False),
    ],
)
def test_a_name_is_as_long_as_it_is_when_it_is_compared(name: str, fits: bool) -> None:
    outcome = register(MerchantTable(), name)
    if fits:
        assert outcome == Done(created=True)
    else:
        assert isinstance(outcome, Refusal)
        assert (outcome.kind, outcome.field) == (RefusalKind.INVALID, "name")


def test_the_table_is_bounded_but_known_names_can_still_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merchant_rules, "MAX_MERCHANTS", 2)
    table = merchants(("A", "1"), ("B", "1"))
    refusal = register(table, "C")
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.CONFLICT
    assert register(table, "b", "2") == Done(created=False)
    assert table.entries() == [("A", "1"), ("b", "2")]


def test_a_name_is_removed_in_whatever_spelling() -> None:
    table = merchants(("Padaria do Zé", "5811"))
    decision = remove_merchant(table, RemoveMerchant("PADARIA  DO ZE", BY), context(), NOW_US)
    assert decision.outcome == Done()
    [event] = decision.events
    assert event == MerchantRemoved(NOW_US, BY, "Padaria do Zé")
    MERCHANTS.evolve(table, event, 7)
    assert (table.entries(), table.position) == ([], 7)


def test_removing_an_unknown_name_is_not_found() -> None:
    decision = remove_merchant(
        merchants(("UBER", "1")), RemoveMerchant("UBER*", BY), context(), NOW_US
    )
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.kind is RefusalKind.NOT_FOUND
    assert decision.events == ()


def test_there_is_always_a_table_if_an_empty_one() -> None:
    assert MerchantTable().exists
