"""What is asked of a customer, and what is answered."""

from typing import NamedTuple

from authorizer.domain.accounts.cards import Operation
from authorizer.domain.customers.state import Customer, CustomerView, customer_view
from authorizer.domain.preconditions import Precondition


class RegisterCustomer(NamedTuple):
    """Register a customer, or replace what is known of the person; cards are opened apart."""

    customer_id: str
    account_id: str
    names_account: bool
    name: str
    cpf: str
    phone: str | None
    email: str | None
    card_ids: tuple[str, ...]
    operations: tuple[Operation, ...]
    by: str
    expected: Precondition | None = None
    """How the customer must be for it to happen."""

    def reply(self, customer: Customer) -> CustomerView:
        """The customer."""
        return customer_view(customer)


class ErasePersonalData(NamedTuple):
    """Forget a person; money and the audit trail stay."""

    customer_id: str
    by: str

    def reply(self, customer: Customer) -> CustomerView:
        """The customer."""
        return customer_view(customer)


class ReadCustomer(NamedTuple):
    """Describe a customer."""

    customer_id: str

    def reply(self, customer: Customer) -> CustomerView:
        """The customer."""
        return customer_view(customer)
