"""Phone numbers: what is one number, however it is written, and what one may be found by.

A Brazilian number is found with and without the country's code, the area's, the trunk zero, a
carrier's code, and the ninth digit that mobile numbers came to have.
"""

import re
from contextlib import suppress
from typing import Final

from phonenumbers import (
    NumberParseException,
    is_valid_number,
    national_significant_number,
    parse,
)

from authorizer.domain.text import visible

END: Final = "$"
"""Stands behind a whole number: who looks for it finds no longer one."""
MIN_DIGITS: Final = 8
"""Of a whole number: one without the area's code, and without the ninth digit."""

_HOME: Final = "BR"
_COUNTRY: Final = "55"
_AREA_DIGITS: Final = 2
_LANDLINE_DIGITS: Final = 8
_NATIONAL_DIGITS: Final = (10, 11)
_MOBILE: Final = "6789"
"""What mobile numbers began with before they got their ninth digit."""
_NINTH: Final = "9"
_ABROAD: Final = "00"
_TRUNK: Final = "0"

_PLAIN: Final = re.compile(r"(?:\+?55)?((?:[1-8][1-9]|9[1-9])9?[0-9]{8})")
"""A Brazilian number that is dialled with nothing before the area's code but the country's."""
_NO_DIGIT: Final = re.compile(r"[^0-9]+")
_SEVERAL: Final = re.compile(r"[/;,|]|\s(?:ou|e)\s", re.IGNORECASE)
_EXTENSION: Final = re.compile(
    r"(?:\b(?:ramal|ram|rml|r|extens[aã]o|ext)\b\.?|(?<=[0-9 ])[x#])[\s:.()]*[0-9]{1,6}\s*\)?\s*$",
    re.IGNORECASE,
)


def digits_of(text: str) -> str:
    """The decimal digits in a text."""
    return _NO_DIGIT.sub("", text)


def found_by(text: str) -> set[str]:
    """All that a phone is found by: the beginnings of these. A whole number ends with END.

    One text may hold several numbers, and what is no number at all.
    """
    return {form for dialled in _numbers(text) for form in _forms(dialled)}


def beginnings(text: str) -> set[str]:
    """What a number begins with that is looked for by a part of it, or by all."""
    return {form for dialled in _numbers(text) for form in _beginnings(dialled)}


def whole(text: str) -> list[set[str]]:
    """Of each whole number in a text: what a phone must be, exactly, to be it. Empty: none is."""
    return [
        {_canonical(dialled) + END, _canonical("+" + digits_of(dialled)) + END}
        for dialled in _numbers(text)
        if len(digits_of(dialled)) >= MIN_DIGITS
    ]


def _numbers(text: str) -> list[str]:
    """The numbers in a text as they are dialled: digits, behind a + where the country's comes."""
    plain = visible(text)
    each = [_dialled(part) for part in _SEVERAL.split(plain)]
    numbers = [dialled for dialled in each if len(digits_of(dialled)) >= MIN_DIGITS]
    return numbers or [dialled for dialled in [_dialled(plain)] if dialled]


def _dialled(text: str) -> str:
    without = _EXTENSION.sub("", text)
    if len(digits_of(without)) >= MIN_DIGITS:
        text = without
    digits = digits_of(text)
    # Not left to the library: with carrier 55 "0055 31" is a number in the Netherlands to it.
    if digits.startswith(_ABROAD) and len(digits) > len(_ABROAD):
        return "+" + digits.removeprefix(_ABROAD)
    begins = text.partition(digits[:1])[0] if digits else ""
    return "+" + digits if "+" in begins else digits


def _parsed(dialled: str) -> tuple[str, str] | None:
    """Country and national number; None for what is none, or only a part or an extension."""
    plain = _PLAIN.fullmatch(dialled)
    if plain is not None:  # most are, and the library takes 20 us
        return _COUNTRY, plain[1]
    if len(digits_of(dialled)) < MIN_DIGITS:
        return None
    try:
        number = parse(dialled, _HOME)
    except NumberParseException:
        return _by_carrier(dialled)
    return str(number.country_code), national_significant_number(number)


def _by_carrier(dialled: str) -> tuple[str, str] | None:
    """A number abroad that is dialled through a carrier: 00, the carrier's code, the country's."""
    with suppress(NumberParseException):
        number = parse(dialled.replace("+", _ABROAD), _HOME)
        if is_valid_number(number):
            return str(number.country_code), national_significant_number(number)
    return None


def _canonical(dialled: str) -> str:
    """One number in one way: with the country's code if it has an area's, with the ninth digit."""
    parsed = _parsed(dialled)
    if parsed is None:
        return digits_of(dialled)
    country, national = parsed
    if country != _COUNTRY:
        return country + national
    subscribers = national
    area = ""
    if len(national) in _NATIONAL_DIGITS:
        area, subscribers = national[:_AREA_DIGITS], national[_AREA_DIGITS:]
    return (_COUNTRY + area if area else "") + _with_ninth(subscribers)


def _with_ninth(subscriber: str) -> str:
    if len(subscriber) == _LANDLINE_DIGITS and subscriber[0] in _MOBILE:
        return _NINTH + subscriber
    return subscriber


def _forms(dialled: str) -> set[str]:
    canonical = _canonical(dialled)
    forms = {canonical + END} | _national_forms(canonical)
    parsed = _parsed(dialled)
    if parsed is not None and parsed[0] == _COUNTRY:
        written = parsed[1]
        if len(written) in _NATIONAL_DIGITS:
            written = _COUNTRY + written
        if written != canonical:  # without its ninth digit
            forms |= {written} | _national_forms(written)
    digits = digits_of(dialled)
    if not any(form.startswith(digits) for form in forms):
        forms.add(digits)  # whatever it is, it is found as it was written
    return forms


def _national_forms(canonical: str) -> set[str]:
    national = canonical.removeprefix(_COUNTRY)
    if national == canonical or len(national) not in _NATIONAL_DIGITS:
        return set()
    return {national, national[_AREA_DIGITS:]}


def _beginnings(dialled: str) -> set[str]:
    digits = digits_of(dialled)
    forms = {digits}
    if dialled == digits:
        forms.add(digits.lstrip(_TRUNK) or digits)
    if digits.startswith(_COUNTRY + _TRUNK):
        forms.add(_COUNTRY + digits[len(_COUNTRY) :].lstrip(_TRUNK))
    if len(digits) >= min(_NATIONAL_DIGITS):
        forms.add(_canonical(dialled))
    return forms | {_completed(form) for form in forms}


def _completed(digits: str) -> str:
    """A whole number that lacks its ninth digit, with it; anything else as it is."""
    before = len(digits) - _LANDLINE_DIGITS
    if before in (0, _AREA_DIGITS) or (
        before == len(_COUNTRY) + _AREA_DIGITS and digits.startswith(_COUNTRY)
    ):
        return digits[:before] + _with_ninth(digits[before:])
    return digits
