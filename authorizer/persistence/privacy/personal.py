"""What is known of a person ⇄ the text that is sealed: a JSON array of the fields in order."""

import orjson

from authorizer.domain.customers.person import Person


def pack(person: Person) -> str:
    """The text of a person's data."""
    return orjson.dumps(tuple(person)).decode()


def unpack(text: str) -> Person:
    """The person that `pack` made a text of."""
    return Person(*orjson.loads(text))
