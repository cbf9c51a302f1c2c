"""Column types for the values of events, on SQLite and PostgreSQL alike."""

from typing import Any, Final

from sqlalchemy import BigInteger, Integer, Numeric, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

MAX_DIGITS: Final = 38
"""The digits of an amount: more than any that is decided has."""
_MOST_IN_64_BITS: Final = 2**63 - 1
NUL: Final = "\x00"
INSTEAD_OF_NUL: Final = "\u2400"
"""PostgreSQL has no NUL in a text, and a purchase may name one. The symbol for it stands there."""


def storable(text: str) -> str:
    """The text as a table gives it back."""
    return text.replace(NUL, INSTEAD_OF_NUL) if NUL in text else text


def storable_json(value: Any) -> Any:
    """What JSON holds, with all of its texts as a table gives them back."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [storable_json(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable_json(item) for name, item in value.items()}
    return value


def cents_value(cents: int) -> int | str:
    """An amount as a driver takes it for a column of `RequestedCents`."""
    return cents if cents <= _MOST_IN_64_BITS else str(cents)


WholeNumber = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits. SQLite's own row numbers must be declared as INTEGER to be the primary key."""


class AnyText(TypeDecorator[str]):
    """Any text, NUL excepted."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class RequestedCents(TypeDecorator[int]):
    """A requested amount in centavos, which 64 bits may not hold."""

    impl = Text
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC on PostgreSQL; TEXT on SQLite, which would make a float of a number."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(MAX_DIGITS, 0))
        return dialect.type_descriptor(Text())

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else str(value)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)
