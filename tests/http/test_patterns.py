"""The patterns of the OpenAPI document, as ECMA-262 reads them, say what the server checks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final

import pytest
from pydantic import StrictStr, TypeAdapter, ValidationError
from regress import Regex

from authorizer.domain.accounts.commands import Authorize
from authorizer.http import card_document, customer_document, events, limits, merchants
from authorizer.http.api import fields, rules
from authorizer.http.api.fields import PRINTABLE, PRINTABLE_LINES
from authorizer.http.api.openapi import openapi_document
from authorizer.http.api.openapi_parts import COMPONENT_HEADERS, HEADER_PARAMETERS
from authorizer.http.transaction_body import parse
from tests.support.documents import encode
from tests.support.endpoints import ENDPOINTS

Check = Callable[[str], bool]

DOCUMENT: Final = openapi_document(ENDPOINTS, "test")
SPACES: Final = [chr(code) for code in range(sys.maxunicode) if chr(code).isspace()]
SIGNS: Final = [
    *SPACES,
    *map(chr, range(32)),
    *"\x7f\x80\x85\x9f\ufeff\u180e\u200b\u2028\u2060\u00ad",
    *"aÉéß\u0301/*.-_@+5\u0663\u00b2\u0967",
    "\U0001f600",
]
TEXTS: Final = [
    "",
    *SIGNS,
    *(f"{sign}a" for sign in SIGNS),
    *(f"a{sign}" for sign in SIGNS),
    *(f"a{sign}a" for sign in SIGNS),
    *(f"{sign} " for sign in SIGNS),
    *(f"{sign}\n" for sign in SIGNS),
    *("0" * number for number in range(1, 13)),
    *("1 " * number + "*" for number in range(8, 13)),
    "123.456.789-00",
    "12345678900\n",
    "123.45678900",
    "a" * 300,
    *("transaction", "day", "month", "lifetime", "days", " day"),
    *("PT9S", "PT10S", "PT2678400S", "PT1M", "PT44640M", "PT744H", "P31D", "P32D"),
    *("card_opened", "card_opened,hold_expired", "card_opened,", ",card_opened", "opened"),
    *("P0W", "P1W", "P4W", "P5W", "P1W1D", "P01W", "*", "LOJA*", " *", "* *"),
    *("P1DT1H", "PT1H30M", "P30DT24H", "PT0H10S", "P", "PT", "P1D1H", "pt10s", "PT1.5S"),
]


def patterns() -> list[str]:
    def inside(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("pattern"), str):
                yield part["pattern"]
            for member in part.values():
                yield from inside(member)
        elif isinstance(part, list):
            for member in part:
                yield from inside(member)

    return sorted(set(inside(DOCUMENT)))


def takes(kind: Any) -> Check:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def check(text: str) -> bool:
        try:
            adapter.validate_python(text)
        except ValidationError:
            return False
        return True

    return check


def is_read(text: str) -> bool:
    body = {"account": text, "totalAmount": 1, "mcc": "5811", "merchant": "M"}
    return isinstance(parse(encode(body), "", (), 0), Authorize)


def names_a_merchant(text: str) -> bool:
    """A name of stars alone is refused by the merchant table."""
    is_taken = takes(Annotated[StrictStr, merchants._DESCRIPTOR])
    return is_taken(text) and "".join(text.split()).strip("*") != ""


CHECKS: Final[dict[str, Check]] = {
    rules.PRINTABLE_PATTERN: takes(Annotated[StrictStr, PRINTABLE]),
    rules.LINES_PATTERN: takes(Annotated[StrictStr, PRINTABLE_LINES]),
    rules.ID_PATTERN: takes(Annotated[StrictStr, fields._ID]),
    rules.IDENTITY_PATTERN: takes(Annotated[StrictStr, fields._ID, fields._WITHOUT_SLASH]),
    rules.NAME_PATTERN: takes(Annotated[StrictStr, PRINTABLE, fields._NAME]),
    rules.DESCRIPTOR_PATTERN: names_a_merchant,
    rules.MASKED_PATTERN: takes(Annotated[StrictStr, PRINTABLE, card_document._MASKED]),
    rules.CPF_PATTERN: takes(Annotated[StrictStr, customer_document._CPF]),
    rules.NOT_BLANK_PATTERN: is_read,
    limits.WINDOW_PATTERN: takes(limits.Window),
    events.TYPES_PATTERN: takes(events.Types),
}
STRICTER: Final = {
    rules.MASKED_PATTERN: "counts the digits of all scripts",
    rules.NAME_PATTERN: "takes no name of accents alone",
    rules.NOT_BLANK_PATTERN: "takes no NUL",
    limits.WINDOW_PATTERN: "adds up the units of a duration",
}
"""Where the server refuses what the pattern lets through, and why JSON Schema can't tell."""
OF_HEADERS: Final = {
    one["schema"].get("pattern")
    for one in (*COMPONENT_HEADERS.values(), *HEADER_PARAMETERS.values())
}


@pytest.mark.parametrize("pattern", patterns())
def test_a_pattern_is_one_of_ecma_262_and_is_known_here(pattern: str) -> None:
    Regex(pattern)
    Regex(pattern, "u")
    assert not any(sign in pattern for sign in (r"\w", r"\W", r"\s", r"\S", r"\d", r"\D", r"\b"))
    assert pattern in CHECKS or pattern in OF_HEADERS


@pytest.mark.parametrize("flags", ["", "u"])
@pytest.mark.parametrize("pattern", list(CHECKS))
def test_a_pattern_allows_what_the_server_takes(pattern: str, flags: str) -> None:
    expression, check = Regex(pattern, flags), CHECKS[pattern]
    allowed = {text for text in TEXTS if expression.find(text) is not None}
    taken = {text for text in TEXTS if check(text)}
    assert taken - allowed == set()
    if pattern not in STRICTER:
        assert allowed - taken == set()
    assert taken
    assert allowed != set(TEXTS)
