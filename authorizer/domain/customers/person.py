"""What is known of a person, apart from money."""

from typing import NamedTuple


class Person(NamedTuple):
    """The personal part of a customer document, as it was written there."""

    name: str
    cpf: str
    phone: str | None
    email: str | None
