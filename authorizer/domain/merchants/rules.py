"""Registering and removing merchant overrides."""

from typing import Final

from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.merchants.events import (
    MerchantEvent,
    MerchantRegistered,
    MerchantRemoved,
)
from authorizer.domain.merchants.state import MerchantTable, merchant_key
from authorizer.domain.outcomes import Decision, Done, Refusal, RefusalKind, invalid, not_found

MAX_MERCHANTS: Final = 10_000
MAX_KEY_LENGTH: Final = 1024


def register_merchant(table: MerchantTable, command: RegisterMerchant, now_us: int) -> Decision:
    """Register a name, or give it another MCC. The same again changes nothing."""
    if merchant_key(command.name).strip("*") == "":
        return invalid("a name of blanks and a trailing * would match every merchant", "name")
    if len(merchant_key(command.name)) > MAX_KEY_LENGTH:
        return invalid("the name is too long once its characters are taken apart", "name")
    known = table.get(command.name)
    if known is not None and known[1] == command.mcc:
        return Decision(Done())
    if known is None and len(table) >= MAX_MERCHANTS:
        return Decision(Refusal(RefusalKind.CONFLICT, f"there are {MAX_MERCHANTS} merchants"))
    event = MerchantRegistered(now_us, command.by, command.name, command.mcc)
    return Decision(Done(created=known is None), (event,))


def remove_merchant(table: MerchantTable, command: RemoveMerchant, now_us: int) -> Decision:
    """Take a name out, in whatever spelling of it."""
    known = table.get(command.name)
    if known is None:
        return not_found(f"there is no merchant {command.name!r}")
    return Decision(Done(), (MerchantRemoved(now_us, command.by, known[0]),))


def evolve(table: MerchantTable, event: MerchantEvent, position: int) -> None:
    """Apply one event to the merchant table, live and on replay; the only writer of it."""
    if isinstance(event, MerchantRegistered):
        table.register(event.name, event.mcc)
    else:
        table.remove(event.name)
    table.position = position
