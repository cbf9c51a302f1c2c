"""Money is an integer count of centavos; its decimal text exists only on the wire."""

from decimal import Decimal, InvalidOperation
from typing import Final

MAX_BALANCE_CENTS: Final = 10**17
"""The most that one wallet or limit may hold: far below 2**63, so that sums stay in 64 bits."""

MAX_AMOUNT_DIGITS: Final = 28
"""Longest amount, in digits of centavos, that is looked at; a longer one is no amount at all."""

MAX_JSON_INT: Final = 2**63 - 1
"""The largest integer that JSON on disk holds as a number."""

_SHORT: Final = 18
"""Digits that are read without a second thought."""


def parse_cents(text: str) -> int | None:
    """Read the decimal text of a JSON number as whole centavos.

    The text decides, never a float: `10.005` and `99.99999999999999999` are not whole centavos and
    give None, like anything longer than `MAX_AMOUNT_DIGITS`; `10.500`, `1e1` and `10` are fine.
    """
    digits = text[:-3] + text[-2:] if text[-3:-2] == "." else text + "00"
    if len(digits) <= _SHORT and digits.isascii() and digits.isdigit():
        return int(digits)
    try:
        return whole_cents(Decimal(text))
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return None


def whole_cents(value: Decimal) -> int | None:
    """The centavos of an exact decimal number of reais; None if they are not a whole number.

    Works on the digits alone: an exponent of minus two thousand millions costs nothing.
    """
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):  # NaN and infinities have a letter there
        return None
    written = bytes(digits)  # there may be tens of thousands: no object for each
    significant = written.strip(b"\0")
    if not significant:
        return 0
    trailing_zeros = len(written) - len(written.rstrip(b"\0"))
    scale = exponent + 2 + trailing_zeros
    if scale < 0 or len(significant) + scale > MAX_AMOUNT_DIGITS:
        return None
    cents: int = int("".join(map(str, significant))) * 10**scale
    return -cents if sign else cents


def format_cents(cents: int) -> str:
    """Write centavos as the wire does, always with two decimals: 500000 is `5000.00`."""
    reais, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{reais}.{rest:02d}"
