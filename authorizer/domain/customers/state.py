"""A customer: who the person is and which cards are theirs. Money is on the account."""

from collections.abc import Callable
from typing import Any, NamedTuple

from authorizer.domain.accounts.cards import Operation
from authorizer.domain.customers import events
from authorizer.domain.sealing import Sealed, is_plain


class Customer:
    """The state of one customer. It changes through `evolve` only."""

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


def evolve(customer: Customer, event: events.CustomerEvent, position: int) -> None:
    """Apply one event that the journal holds at `position`; the only writer of the state."""
    _APPLY[type(event)](customer, event)
    customer.position = position


def _registered(customer: Customer, event: events.CustomerRegistered) -> None:
    customer.account_id = event.account_id
    customer.names_account = event.names_account
    customer.card_ids = tuple(event.card_ids)


def _personal_data_recorded(customer: Customer, event: events.PersonalDataRecorded) -> None:
    customer.personal = event.personal
    customer.was_plain |= is_plain(event.personal)


def _personal_data_erased(customer: Customer, _: events.PersonalDataErased) -> None:
    customer.personal = Sealed("")
    customer.erased = True


def _operations_imported(customer: Customer, event: events.OperationsImported) -> None:
    customer.imported_operations += tuple(event.operations)


_APPLY: dict[type, Callable[[Customer, Any], None]] = {
    events.CustomerRegistered: _registered,
    events.PersonalDataRecorded: _personal_data_recorded,
    events.PersonalDataErased: _personal_data_erased,
    events.OperationsImported: _operations_imported,
}
