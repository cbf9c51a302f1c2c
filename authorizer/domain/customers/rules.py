"""Registering a customer and forgetting the person: how it is decided, and what it changes."""

from collections.abc import Iterable
from typing import Final

from authorizer.domain.accounts.cards import Operation
from authorizer.domain.aggregate import Context
from authorizer.domain.customers.commands import ErasePersonalData, RegisterCustomer
from authorizer.domain.customers.events import (
    CustomerRegistered,
    OperationsImported,
    PersonalDataErased,
    PersonalDataRecorded,
)
from authorizer.domain.customers.state import Customer
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import (
    HOLDS,
    Decision,
    Done,
    conflict,
    erased,
    invalid,
    not_as_seen,
)
from authorizer.domain.sealing import Sealed, Sealer, is_plain

MAX_IMPORTED_OPERATIONS: Final = 1000
"""Operations from documents that a customer keeps in memory."""


def register_customer(
    customer: Customer, command: RegisterCustomer, context: Context, now_us: int
) -> Decision:
    """Register a customer, or take over what is new in the document.

    The person's data is replaced; cards and operations are added, never taken away.
    """
    unsealable = context.unsealable(customer.customer_id)
    if unsealable is not None:
        return Decision(unsealable)
    if customer.erased:
        return Decision(erased(customer.customer_id))
    if command.expected is not None and not command.expected.holds(customer.position):
        return Decision(not_as_seen(customer.customer_id))
    if customer.exists and customer.account_id != command.account_id:
        return conflict(f"customer {customer.customer_id} has the account {customer.account_id}")
    found: list[Event] = []
    card_ids = tuple(dict.fromkeys((*customer.card_ids, *command.card_ids)))
    registration = (command.account_id, command.names_account, card_ids)
    if registration != (customer.account_id, customer.names_account, customer.card_ids):
        found.append(CustomerRegistered(now_us, command.by, command.customer_id, *registration))
    sealer = context.sealer
    personal = context.join_texts((command.name, command.cpf, command.phone, command.email))
    if not customer.exists or sealer.open(customer.customer_id, customer.personal) != personal:
        sealed = sealer.seal(customer.customer_id, personal)
        found.append(PersonalDataRecorded(now_us, command.by, command.customer_id, sealed))
    known = opened(customer.imported_operations, customer.customer_id, sealer)
    imported = new_operations(known, command.operations)
    if len(customer.imported_operations) + len(imported) > MAX_IMPORTED_OPERATIONS:
        return invalid(f"more than {MAX_IMPORTED_OPERATIONS} operations", "historico_operacoes")
    if imported:
        lines = tuple(_sealed(operation, customer.customer_id, sealer) for operation in imported)
        found.append(OperationsImported(now_us, command.by, command.customer_id, lines))
    return Decision(Done(created=not customer.exists), found)


def new_operations(known: Iterable[Operation], given: Iterable[Operation]) -> tuple[Operation, ...]:
    """The operations that are given and not known yet, in the order given.

    Two that differ in less than a millisecond, which the wire does not show, are the same.
    """
    seen = {operation.on_the_wire() for operation in known}
    return tuple(operation for operation in given if operation.on_the_wire() not in seen)


def opened(
    operations: Iterable[Operation], customer_id: str, sealer: Sealer
) -> tuple[Operation, ...]:
    """Operations with their free text in plain; None where its key was destroyed."""
    return tuple(
        operation
        if operation.justification is None
        else operation._replace(
            justification=sealer.open(customer_id, Sealed(operation.justification))
        )
        for operation in operations
    )


def _sealed(operation: Operation, customer_id: str, sealer: Sealer) -> Operation:
    if operation.justification is None:
        return operation
    return operation._replace(justification=sealer.seal(customer_id, operation.justification))


def erase_personal_data(
    customer: Customer, command: ErasePersonalData, _: Context, now_us: int
) -> Decision:
    """Forget a person (LGPD, art. 18, VI). Again: nothing changes."""
    if customer.was_plain:
        return conflict(
            f"the personal data of customer {customer.customer_id!r} was journaled before it was "
            "encrypted, and destroying a key would not erase it"
        )
    if customer.erased:
        return HOLDS
    event = PersonalDataErased(now_us, command.by, customer.customer_id)
    return Decision(Done(created=True), (event,))


def customer_registered(customer: Customer, event: CustomerRegistered) -> None:
    """The customer has this account and these cards."""
    customer.account_id = event.account_id
    customer.names_account = event.names_account
    customer.card_ids = tuple(event.card_ids)


def personal_data_recorded(customer: Customer, event: PersonalDataRecorded) -> None:
    """This is known of the person."""
    customer.personal = event.personal
    customer.was_plain |= is_plain(event.personal)


def personal_data_erased(customer: Customer, _: PersonalDataErased) -> None:
    """Nothing is known of the person any more."""
    customer.personal = Sealed("")
    customer.erased = True


def operations_imported(customer: Customer, event: OperationsImported) -> None:
    """The customer has these operations too."""
    customer.imported_operations += tuple(event.operations)
