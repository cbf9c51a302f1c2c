"""A customer: who the person is and which cards are theirs. Money is on the account."""

from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.cards import Operation, pack_operation, unpack_operation
from authorizer.domain.customers.events import PersonalDataErased
from authorizer.domain.index import Index
from authorizer.domain.sealing import Sealed


class Customer:
    """The state of one customer. It changes through events only (`Aggregate.evolve`)."""

    __slots__ = (
        "account_id",
        "card_ids",
        "customer_id",
        "erased",
        "imported_operations",
        "names_account",
        "personal",
        "position",
        "was_plain",
    )

    def __init__(self, customer_id: str) -> None:
        self.customer_id = customer_id
        self.position = 0
        """The journal position of the newest event that is in this state; 0 before the first."""
        self.account_id = ""
        self.names_account = False
        self.card_ids: tuple[str, ...] = ()
        self.imported_operations: tuple[Operation, ...] = ()
        self.personal = Sealed("")
        """What is known of the person; see `PersonalDataRecorded`."""
        self.was_plain = False
        """Whether personal text was ever journaled unsealed: then it can't be erased."""
        self.erased = False

    @property
    def exists(self) -> bool:
        """Whether a document has come in."""
        return self.position > 0


class CustomerView(NamedTuple):
    """What may be seen of a customer from outside: a copy that stays as it is."""

    customer_id: str
    account_id: str
    names_account: bool
    personal: Sealed
    card_ids: tuple[str, ...]
    imported_operations: tuple[Operation, ...]
    erased: bool
    position: int
    """The journal position of the newest event that is in it: its version."""


def customer_view(customer: Customer) -> CustomerView:
    """Describe a customer as they stand."""
    return CustomerView(
        customer.customer_id,
        customer.account_id,
        customer.names_account,
        customer.personal,
        customer.card_ids,
        customer.imported_operations,
        customer.erased,
        customer.position,
    )


def _erased(event: PersonalDataErased) -> tuple[str, str]:
    return event.customer_id, ""


ERASED: Final = Index("erased", snapshot_kind=8, entries={PersonalDataErased: _erased})
"""Customers whose personal data was erased."""


def pack(customer: Customer) -> tuple[Any, ...]:
    """A customer as plain values."""
    return (
        customer.customer_id,
        customer.position,
        customer.account_id,
        customer.names_account,
        customer.card_ids,
        [pack_operation(operation) for operation in customer.imported_operations],
        customer.personal,
        customer.was_plain,
        customer.erased,
    )


def unpack(values: list[Any]) -> Customer:
    """The customer that `pack` made values of."""
    customer_id, position, account_id, names_account, card_ids, operations, *person = values
    customer = Customer(customer_id)
    customer.position = position
    customer.account_id = account_id
    customer.names_account = names_account
    customer.card_ids = tuple(card_ids)
    customer.imported_operations = tuple(map(unpack_operation, operations))
    customer.personal, customer.was_plain, customer.erased = person
    return customer
