"""Customers: every command and every event, declared."""

from typing import Any, Final

from authorizer.domain.accounts.cards import Operation
from authorizer.domain.aggregate import Aggregate, Codec, EventKind, Handler, read
from authorizer.domain.customers import commands, events, rules
from authorizer.domain.customers.state import ERASED, Customer, pack, unpack
from authorizer.domain.sealing import PlainTexts, unsealed


def _with_plain_person(fields: list[Any]) -> list[Any]:
    """Version 1 held personal text as it was; nothing can make it unreadable."""
    return [*fields[:3], PlainTexts(fields[3:])]


def _with_unsealed_texts(fields: list[Any]) -> list[Any]:
    """Operations came to say how a limit changed, too, and which card replaced another."""
    return [*fields[:-1], [_with_unsealed_text(Operation(*each)) for each in fields[-1]]]


def _with_unsealed_text(operation: Operation) -> list[Any]:
    text = operation.justification
    return list(operation._replace(justification=None if text is None else unsealed(text)))


CUSTOMERS: Final[Aggregate[Customer]] = Aggregate(
    name="customer",
    id_field="customer_id",
    new=Customer,
    codec=Codec(pack, unpack),
    snapshot_kind=2,
    commands=(
        Handler(commands.RegisterCustomer, rules.register_customer, creates=True),
        Handler(commands.ErasePersonalData, rules.erase_personal_data),
        Handler(commands.ReadCustomer, read),
    ),
    events=(
        EventKind("customer_registered", events.CustomerRegistered, rules.customer_registered),
        EventKind(
            "personal_data_recorded",
            events.PersonalDataRecorded,
            rules.personal_data_recorded,
            version=2,
            upgrades={1: _with_plain_person},
        ),
        EventKind("personal_data_erased", events.PersonalDataErased, rules.personal_data_erased),
        EventKind(
            "operations_imported",
            events.OperationsImported,
            rules.operations_imported,
            version=2,
            upgrades={1: _with_unsealed_texts},
        ),
    ),
    indexes=(ERASED,),
)
