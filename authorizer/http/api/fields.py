"""Kinds of fields that several documents share: what a request's may hold, how an answer's looks.

A kind that one resource has alone is declared in that resource's file.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    WithJsonSchema,
)

from authorizer.domain.accounts.cards import MAX_CARD_ID_LENGTH, MAX_CHANNEL_LENGTH
from authorizer.domain.descriptors import names_a_merchant
from authorizer.domain.money import MAX_BALANCE_CENTS, parse_cents
from authorizer.http.api.rules import (
    ID_PATTERN,
    IDENTITY_PATTERN,
    LINES_PATTERN,
    NAME_PATTERN,
    PRINTABLE_PATTERN,
    Rule,
)
from authorizer.http.api.wire import parse_time

MAX_TEXT_LENGTH: Final = 1024
"""The longest merchant descriptor, and any other text of a transaction but its ids."""
MAX_ID_LENGTH: Final = 128
"""The longest id of a transaction, a credit or a ticket, and of a card in a transaction."""
MAX_DETAIL_LENGTH: Final = 160
"""The longest `Authorizer-Detail`."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ANY_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LINE_BREAKS: Final = dict.fromkeys(map(ord, "\t\n\r"), " ")


class Document(BaseModel):
    """A request's document. Unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --- texts ---------------------------------------------------------------------------------------


def printable(text: str) -> str:
    """The text. ValueError: it is blank or holds control characters."""
    if not text.strip():
        raise ValueError("must not be blank")
    if _CONTROL.search(text):
        raise ValueError("must not hold control characters")
    return text


def _printable_lines(text: str) -> str:
    printable(text.translate(_LINE_BREAKS))
    return text


def _without_any_control(text: str) -> str:
    if _ANY_CONTROL.search(text):
        raise ValueError("must not hold control characters")
    return printable(text)


def _without_slash(text: str) -> str:
    if "/" in text:
        raise ValueError("must not hold a slash")
    return text


def _name(text: str) -> str:
    if not names_a_merchant(text):
        raise ValueError("must have more than blanks and a trailing *")
    return text


def _moment(text: str) -> str:
    parse_time(text)
    return text


PRINTABLE: Final = Rule(printable, {"pattern": PRINTABLE_PATTERN})
PRINTABLE_LINES: Final = Rule(_printable_lines, {"pattern": LINES_PATTERN})
_ID: Final = Rule(_without_any_control, {"pattern": ID_PATTERN})
_WITHOUT_SLASH: Final = Rule(_without_slash, {"pattern": IDENTITY_PATTERN})
_NAME: Final = Rule(_name, {"pattern": NAME_PATTERN})
_MOMENT: Final = Rule(_moment, {"format": "date-time"})

ShortText = Annotated[StrictStr, Field(max_length=256), PRINTABLE]
Identity = Annotated[StrictStr, Field(max_length=MAX_CARD_ID_LENGTH), _ID, _WITHOUT_SLASH]
"""The id of an account, a customer or a card: it stands in paths."""
ClientId = Annotated[StrictStr, Field(max_length=MAX_ID_LENGTH), _ID]
"""The client's own id for what it asks: the same id is done once."""
PurchaseId = Annotated[StrictStr, Field(max_length=MAX_ID_LENGTH), _ID, _WITHOUT_SLASH]
"""The client's own id of a purchase or of an operation on it: it stands in paths."""
CardIdText = Annotated[StrictStr, Field(max_length=MAX_CARD_ID_LENGTH), _ID]
MccText = Annotated[StrictStr, Field(max_length=MAX_TEXT_LENGTH), PRINTABLE]
"""A merchant category code; compared as exact text."""
MerchantText = Annotated[StrictStr, Field(max_length=MAX_TEXT_LENGTH), PRINTABLE]
"""A merchant descriptor."""
MerchantName = Annotated[StrictStr, Field(max_length=MAX_TEXT_LENGTH), PRINTABLE, _NAME]
"""A name, or with a `*` behind it the beginning of names, to compare descriptors with."""
Product = Literal["01", "02", "03", "04", "05"]
"""Meal PAT, food PAT, culture, meal CLT, food CLT."""
Wallet = Annotated[StrictStr, Field(max_length=32), PRINTABLE]
Channel = Annotated[StrictStr, Field(max_length=MAX_CHANNEL_LENGTH), PRINTABLE]
WrittenMoment = Annotated[StrictStr, _MOMENT, Field(max_length=40)]
"""RFC 3339, in a request; kept as it was written."""
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339, in an answer."""
Cursor = Annotated[str, Field(description="What the next page is asked for with; null: no more.")]


# --- money ---------------------------------------------------------------------------------------


def _cents(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number of reais")
    cents = parse_cents(str(value))
    if cents is None or abs(cents) > MAX_BALANCE_CENTS:
        raise ValueError("must be a whole number of centavos, and not beyond what may be held")
    return cents


def _not_negative(cents: int) -> int:
    if cents < 0:
        raise ValueError("must not be negative")
    return cents


def _positive(cents: int) -> int:
    if cents <= 0:
        raise ValueError("must be more than zero")
    return cents


def _money_schema(minimum: float) -> WithJsonSchema:
    """Two decimals at most is for words alone: as a float hardly any is a multiple of 0.01."""
    maximum = MAX_BALANCE_CENTS // 100
    words = "Reais, two decimals at most."
    return WithJsonSchema(
        {"type": "number", "minimum": minimum, "maximum": maximum, "description": words}
    )


def _whole(value: Any) -> int:
    """A whole number as JSON has them: `24.0` is one. ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != value // 1:
        raise ValueError("must be a whole number")
    return int(value)


def _not_zero(cents: int) -> int:
    if cents == 0:
        raise ValueError("must not be zero")
    return cents


WHOLE: Final = BeforeValidator(_whole)
"""Takes a whole number as JSON has them; `Annotated[int, Field(ge=…), WHOLE]`."""
Cents = Annotated[
    int, BeforeValidator(_cents), AfterValidator(_not_negative), _money_schema(minimum=0)
]
PositiveCents = Annotated[
    int, BeforeValidator(_cents), AfterValidator(_positive), _money_schema(minimum=0.01)
]
SignedCents = Annotated[
    int, BeforeValidator(_cents), _money_schema(minimum=-MAX_BALANCE_CENTS // 100)
]
ChangeCents = Annotated[
    int,
    BeforeValidator(_cents),
    AfterValidator(_not_zero),
    WithJsonSchema(
        {
            "type": "number",
            "anyOf": [
                {"minimum": -MAX_BALANCE_CENTS // 100, "maximum": -0.01},
                {"minimum": 0.01, "maximum": MAX_BALANCE_CENTS // 100},
            ],
            "description": "Reais, two decimals at most, and not zero.",
        }
    ),
]
Money = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""Reais with two decimals, in an answer."""
