"""The merchant table: every command and every event, declared."""

from typing import Final

from authorizer.domain.aggregate import Aggregate, EventKind, Handler, TableCodec, read
from authorizer.domain.merchants import commands, events, rules
from authorizer.domain.merchants.state import MerchantTable, add_part, parts

MERCHANTS: Final[Aggregate[MerchantTable]] = Aggregate(
    name="merchant",
    id_field=None,
    new=lambda _: MerchantTable(),
    codec=TableCodec(parts, add_part),
    snapshot_kind=5,
    commands=(
        Handler(commands.RegisterMerchant, rules.register_merchant),
        Handler(commands.RemoveMerchant, rules.remove_merchant),
        Handler(commands.ReadMerchants, read),
    ),
    events=(
        EventKind("merchant_registered", events.MerchantRegistered, rules.merchant_registered),
        EventKind("merchant_removed", events.MerchantRemoved, rules.merchant_removed),
    ),
)
"""Accounts read the table as it stands (`Policy.merchants`). A purchase that an override steers is
appended behind the override, so its answer waits for both to be durable."""
