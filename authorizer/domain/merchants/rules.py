"""Registering and removing merchant overrides: how it is decided, and what it changes."""

from typing import Final

from authorizer.domain.aggregate import Context
from authorizer.domain.descriptors import merchant_key, names_a_merchant
from authorizer.domain.merchants.commands import RegisterMerchant, RemoveMerchant
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.merchants.state import MerchantTable
from authorizer.domain.outcomes import (
    HOLDS,
    Decision,
    Done,
    Refusal,
    RefusalKind,
    invalid,
    unknown,
)

MAX_MERCHANTS: Final = 10_000
MAX_KEY_LENGTH: Final = 1024


def register_merchant(
    table: MerchantTable, command: RegisterMerchant, _: Context, now_us: int
) -> Decision:
    """Register a name, or give it another MCC. The same again changes nothing."""
    if not names_a_merchant(command.name):
        return invalid("a name of blanks and a trailing * would match every merchant", "name")
    if len(merchant_key(command.name)) > MAX_KEY_LENGTH:
        return invalid("the name is too long once its characters are taken apart", "name")
    known = table.get(command.name)
    if known is not None and known[1] == command.mcc:
        return HOLDS
    if known is None and len(table) >= MAX_MERCHANTS:
        return Decision(Refusal(RefusalKind.CONFLICT, f"there are {MAX_MERCHANTS} merchants"))
    event = MerchantRegistered(now_us, command.by, command.name, command.mcc)
    return Decision(Done(created=known is None), (event,))


def remove_merchant(
    table: MerchantTable, command: RemoveMerchant, _: Context, now_us: int
) -> Decision:
    """Take a name out, in whatever spelling of it."""
    known = table.get(command.name)
    if known is None:
        return Decision(unknown("merchant", command.name))
    return Decision(Done(), (MerchantRemoved(now_us, command.by, known[0]),))


def merchant_registered(table: MerchantTable, event: MerchantRegistered) -> None:
    """The name has this MCC."""
    table.register(event.name, event.mcc)


def merchant_removed(table: MerchantTable, event: MerchantRemoved) -> None:
    """The name is not in the table."""
    table.remove(event.name)
