"""The settings that decide, as the journal keeps them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import orjson
import pytest

from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.mcc_ranges import parse_ranges
from authorizer.domain.accounts.policy import HoldHours, Policy
from authorizer.domain.accounts.policy_values import policy_from, policy_values
from authorizer.domain.aggregate import Context
from authorizer.domain.limits.state import GlobalLimits
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.outcomes import HOLDS
from authorizer.domain.settings.aggregate import SETTINGS
from authorizer.domain.settings.commands import ChangePolicy
from authorizer.domain.settings.state import SettingsInForce
from tests.support.builders import context

MERCHANTS, LIMITS = MerchantTable(), GlobalLimits()


def table_less(policy: Policy) -> Policy:
    return replace(policy, merchants=MERCHANTS, global_limits=LIMITS)


OTHER = table_less(
    Policy(
        categories=CategoryTable({"9": "X", "1": "Y"}, "Z"),
        deadline_ns=1,
        hold_hours=HoldHours(5),
        late_capture_us=7,
        fallback_of={"X": None, "Y": "Z"},
        over_capture_percent=parse_ranges({"5812": 20, "4000-4999": 50}),
        wallet_by_product={"01": "X", "03": None},
    )
)


def after_json(policy: Policy) -> Any:
    return orjson.loads(orjson.dumps(policy_values(policy)))


@pytest.mark.parametrize("policy", [table_less(Policy()), OTHER])
def test_what_is_kept_makes_the_same_policy_again(policy: Policy) -> None:
    assert after_json(policy) == policy_values(policy)
    assert policy_from(after_json(policy), MERCHANTS, LIMITS) == policy


def test_every_setting_is_kept_and_no_table() -> None:
    """A field that `Policy` comes to take is kept without another change."""
    settings = {each.name for each in fields(Policy) if each.init}
    assert policy_values(Policy()).keys() == settings - {"merchants", "global_limits"}


def test_what_an_older_record_does_not_tell_has_its_default() -> None:
    values = {"deadline_ns": 5, "hold_hours": {"usual": 9}, "categories": {"fallback": "Q"}}
    found = policy_from(values, MERCHANTS, LIMITS)
    assert found.deadline_ns == 5
    assert found.hold_hours == HoldHours(9)
    assert found.categories == CategoryTable(fallback="Q")
    assert found.late_capture_us == Policy().late_capture_us


def test_a_table_of_over_captures_by_name_is_none() -> None:
    """So records of before there was a setting have it, always empty."""
    assert policy_from({"over_capture_percent": {}}, MERCHANTS, LIMITS) == table_less(Policy())


def test_what_a_newer_record_tells_besides_says_nothing() -> None:
    values = {"deadline_ns": 5, "moon_phase": 3, "merchants": "no", "hold_hours": {"sun": 1}}
    assert policy_from(values, MERCHANTS, LIMITS) == table_less(Policy(deadline_ns=5))


def changed(state: SettingsInForce, policy: Policy, time_zone: str = "UTC") -> bool:
    """Whether noting these settings is an event, which then has become part of the state."""
    around: Context = context()
    command = ChangePolicy(after_json(policy), time_zone, "start")
    decision = SETTINGS.decide(state, command, around, 1)
    assert decision.events or decision is HOLDS
    for event in decision.events:
        SETTINGS.evolve(state, event, state.position + 1)
    return bool(decision.events)


def test_settings_are_noted_when_they_are_others_than_before() -> None:
    state = SettingsInForce()
    assert changed(state, Policy())
    assert not changed(state, Policy())
    assert changed(state, OTHER)
    assert changed(state, OTHER, "America/Sao_Paulo")
    assert not changed(state, OTHER, "America/Sao_Paulo")
    assert changed(state, Policy(), "America/Sao_Paulo")
    assert policy_from(state.policy, MERCHANTS, LIMITS) == table_less(Policy())


def test_settings_without_a_value_are_noted_once() -> None:
    state = SettingsInForce()
    for expected in (True, False):
        decision = SETTINGS.decide(state, ChangePolicy({}, "", "start"), context(), 1)
        assert bool(decision.events) is expected
        for event in decision.events:
            SETTINGS.evolve(state, event, 1)
