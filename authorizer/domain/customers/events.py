"""What happens to a customer."""

from typing import NamedTuple

from authorizer.domain.accounts.cards import Operation
from authorizer.domain.sealing import Sealed


class CustomerRegistered(NamedTuple):
    """A customer document came in; what it says about the person is an event of its own."""

    at_us: int
    by: str
    customer_id: str
    account_id: str
    names_account: bool
    """Whether the document named the account (`conta`), so that it is given back with it."""
    card_ids: tuple[str, ...]


class PersonalDataRecorded(NamedTuple):
    """What is known of a person, apart from money, took the place of what was known before."""

    at_us: int
    by: str
    customer_id: str
    personal: Sealed
    """JSON `[name, cpf, phone, email]`."""


class PersonalDataErased(NamedTuple):
    """A person is to be forgotten: the key of all that is sealed about them is destroyed."""

    at_us: int
    by: str
    customer_id: str


class OperationsImported(NamedTuple):
    """A document brought operations that took place before, elsewhere."""

    at_us: int
    by: str
    customer_id: str
    operations: tuple[Operation, ...]
