"""The settings that decide: every command and every event, declared."""

from typing import Final

from authorizer.domain.aggregate import Aggregate, Context, EventKind, Handler, TableCodec
from authorizer.domain.outcomes import HOLDS, Decision, Done
from authorizer.domain.settings.commands import ChangePolicy
from authorizer.domain.settings.events import PolicyChanged
from authorizer.domain.settings.state import SettingsInForce, add_part, parts


def change_policy(
    settings: SettingsInForce, command: ChangePolicy, _: Context, now_us: int
) -> Decision:
    """Note the settings; those that were journaled last change nothing."""
    known = (settings.policy, settings.time_zone) == (command.policy, command.time_zone)
    if settings.are_known and known:
        return HOLDS
    event = PolicyChanged(now_us, command.by, command.policy, command.time_zone)
    return Decision(Done(created=not settings.are_known), (event,))


def policy_changed(settings: SettingsInForce, event: PolicyChanged) -> None:
    """The settings are these."""
    settings.policy, settings.time_zone = event.policy, event.time_zone


SETTINGS: Final[Aggregate[SettingsInForce]] = Aggregate(
    name="setting",
    id_field=None,
    new=lambda _: SettingsInForce(),
    codec=TableCodec(parts, add_part),
    snapshot_kind=11,
    commands=(Handler(ChangePolicy, change_policy),),
    events=(EventKind("policy_changed", PolicyChanged, policy_changed),),
)
"""Nobody decides by it: it is the record of what the running program was told."""
