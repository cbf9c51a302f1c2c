"""A customer: who the person is and which cards are theirs. Money is on the account."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from authorizer.domain import events
from authorizer.domain.cards import Operation
from authorizer.domain.commands import RegisterCustomer
from authorizer.domain.outcomes import Decision, Done, conflict, invalid

MAX_IMPORTED_OPERATIONS: Final = 1000
"""Operations from documents that a customer keeps in memory."""


class Customer:
    """The state of one customer. It changes through `evolve` only."""

    __slots__ = (
        "account_id",
        "card_ids",
        "cpf",
        "customer_id",
        "email",
        "imported_operations",
        "name",
        "names_account",
        "phone",
        "position",
    )

    def __init__(self, customer_id: str) -> None:
        self.customer_id = customer_id
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.account_id = ""
        self.names_account = False
        self.card_ids: tuple[str, ...] = ()
        self.imported_operations: tuple[Operation, ...] = ()
        self.name = ""
        self.cpf = ""
        self.phone: str | None = None
        self.email: str | None = None

    @property
    def exists(self) -> bool:
        """Whether a document has come in."""
        return self.position > 0


class CustomerView(NamedTuple):
    """What may be seen of a customer from outside: a copy that stays as it is."""

    customer_id: str
    account_id: str
    names_account: bool
    name: str
    cpf: str
    phone: str | None
    email: str | None
    card_ids: tuple[str, ...]
    imported_operations: tuple[Operation, ...]


def customer_view(customer: Customer) -> CustomerView:
    """Describe a customer as they stand."""
    return CustomerView(
        customer.customer_id,
        customer.account_id,
        customer.names_account,
        customer.name,
        customer.cpf,
        customer.phone,
        customer.email,
        customer.card_ids,
        customer.imported_operations,
    )


def register_customer(customer: Customer, command: RegisterCustomer, now_us: int) -> Decision:
    """Register a customer, or take over what is new in the document.

    The person's data is replaced; cards and operations are added, never taken away.
    """
    if customer.exists and customer.account_id != command.account_id:
        return conflict(f"customer {customer.customer_id} has the account {customer.account_id}")
    found: list[events.CustomerEvent] = []
    card_ids = tuple(dict.fromkeys((*customer.card_ids, *command.card_ids)))
    registration = (command.account_id, command.names_account, card_ids)
    if registration != (customer.account_id, customer.names_account, customer.card_ids):
        found.append(
            events.CustomerRegistered(now_us, command.by, command.customer_id, *registration)
        )
    person = (command.name, command.cpf, command.phone, command.email)
    if person != (customer.name, customer.cpf, customer.phone, customer.email):
        found.append(events.PersonalDataRecorded(now_us, command.by, command.customer_id, *person))
    imported = new_operations(customer.imported_operations, command.operations)
    if len(customer.imported_operations) + len(imported) > MAX_IMPORTED_OPERATIONS:
        return invalid(f"more than {MAX_IMPORTED_OPERATIONS} operations", "historico_operacoes")
    if imported:
        found.append(events.OperationsImported(now_us, command.by, command.customer_id, imported))
    return Decision(Done(created=not customer.exists), found)


def new_operations(known: Iterable[Operation], given: Iterable[Operation]) -> tuple[Operation, ...]:
    """The operations that are given and not known yet, in the order given.

    Two that differ in less than a millisecond, which the wire does not show, are the same.
    """
    seen = {operation.on_the_wire() for operation in known}
    return tuple(operation for operation in given if operation.on_the_wire() not in seen)


def evolve(customer: Customer, event: events.CustomerEvent, position: int) -> None:
    """Apply one event that the journal holds at `position`; the only writer of the state."""
    _APPLY[type(event)](customer, event)
    customer.position = position


def _registered(customer: Customer, event: events.CustomerRegistered) -> None:
    customer.account_id = event.account_id
    customer.names_account = event.names_account
    customer.card_ids = tuple(event.card_ids)


def _personal_data_recorded(customer: Customer, event: events.PersonalDataRecorded) -> None:
    customer.name = event.name
    customer.cpf = event.cpf
    customer.phone = event.phone
    customer.email = event.email


def _operations_imported(customer: Customer, event: events.OperationsImported) -> None:
    customer.imported_operations += tuple(event.operations)


_APPLY: dict[type, Callable[[Customer, Any], None]] = {
    events.CustomerRegistered: _registered,
    events.PersonalDataRecorded: _personal_data_recorded,
    events.OperationsImported: _operations_imported,
}
