"""The limits for every account: every command and every event, declared."""

from typing import Final

from authorizer.domain.aggregate import Aggregate, EventKind, Handler, TableCodec, read
from authorizer.domain.limits import commands, events, rules
from authorizer.domain.limits.state import GlobalLimits, add_part, parts

LIMITS: Final[Aggregate[GlobalLimits]] = Aggregate(
    name="limit",
    id_field=None,
    new=lambda _: GlobalLimits(),
    codec=TableCodec(parts, add_part),
    snapshot_kind=10,
    commands=(
        Handler(commands.PutGlobalLimit, rules.put_global_limit),
        Handler(commands.RemoveGlobalLimit, rules.remove_global_limit),
        Handler(commands.ReadGlobalLimits, read),
    ),
    events=(
        EventKind("global_limit_put", events.GlobalLimitPut, rules.global_limit_put),
        EventKind("global_limit_removed", events.GlobalLimitRemoved, rules.global_limit_removed),
    ),
)
"""Accounts read the limits as they stand (`Policy.global_limits`); each counts for itself."""
