"""Column types that hold on SQLite and PostgreSQL what events hold."""

from typing import Any, Final

from sqlalchemy import BigInteger, Integer, Numeric, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

MAX_DIGITS: Final = 38
"""More than any amount that is looked at has."""
NUL: Final = "\x00"
INSTEAD_OF_NUL: Final = "\u2400"
"""PostgreSQL has no NUL in a text, and a purchase may name one. The symbol for it stands there."""


def storable(text: str) -> str:
    """A text as it comes back from a table."""
    return text.replace(NUL, INSTEAD_OF_NUL) if NUL in text else text


WholeNumber = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits. SQLite's own row numbers must be declared as INTEGER to be the primary key."""


class AnyText(TypeDecorator[str]):
    """Any text, NUL excepted."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """See `TypeDecorator`."""
        return None if value is None else storable(value)


class RequestedCents(TypeDecorator[int]):
    """An amount that was asked for, in centavos: perhaps more than 64 bits hold."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """A number on PostgreSQL; SQLite would make a float of it, so there it is a text."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(MAX_DIGITS, 0))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        """See `TypeDecorator`."""
        return value if value is None or dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """See `TypeDecorator`."""
        return None if value is None else int(value)
