"""What a customer can be found by: each field folded, and found by a prefix of it.

Names are found from any of their words on: "morais" and "leonardo mor" both find Leonardo Morais.
"""

import re
from typing import Final, NamedTuple

from authorizer.domain.merchants import normalize_name
from authorizer.domain.personal import Person

CPF_DIGITS: Final = 11
COUNTRY: Final = "55"
_AREA_DIGITS: Final = 2
_NATIONAL_DIGITS: Final = (10, 11)
"""How long a Brazilian number with its area code is."""
MAX_FOLDED: Final = 256
"""Characters of a folded text that count: one letter may unfold into eighteen."""
_CPF_SIGNS: Final = frozenset("0123456789.-")
_PHONE_SIGNS: Final = frozenset("0123456789+-.() /")

_NO_WORD: Final = re.compile(r"[\W_]+")
_NO_DIGIT: Final = re.compile(r"[^0-9]+")

NAME, CPF, PHONE, EMAIL = "nome", "cpf", "telefone", "email"


class Term(NamedTuple):
    """A text by which a person is found, or a prefix of one that is looked for."""

    field: str
    text: str


class Found(NamedTuple):
    """A customer that was found, at their place in the order."""

    name: str
    """Folded; customers are in the order of it, then of their ids."""
    customer_id: str


class UnsearchableError(ValueError):
    """Nothing can be looked for with this; the message says why."""


def fold_name(name: str) -> str:
    """A name without accents, case and punctuation, its words one space apart."""
    return _NO_WORD.sub(" ", _fold(name)).strip()


def fold_email(email: str) -> str:
    """An e-mail address without accents and case."""
    return _fold(email).strip()


def _fold(text: str) -> str:
    folded = text.casefold() if text.isascii() else normalize_name(text)
    return folded[:MAX_FOLDED]


def digits_of(text: str) -> str:
    """The decimal digits in a text."""
    return _NO_DIGIT.sub("", text)


def terms_of(person: Person) -> set[Term]:
    """All that a person is found by."""
    words = fold_name(person.name).split()
    found = {Term(NAME, " ".join(words[at:])) for at in range(len(words))}
    found.add(Term(CPF, digits_of(person.cpf)))
    if person.phone is not None:
        found |= {Term(PHONE, digits) for digits in _phones(digits_of(person.phone))}
    if person.email is not None:
        found.add(Term(EMAIL, fold_email(person.email)))
    return found


def _phones(digits: str) -> set[str]:
    """A phone number as people write it: with and without the country's code and the area's."""
    national = digits.removeprefix(COUNTRY)
    if len(national) not in _NATIONAL_DIGITS:
        national = digits
    if len(national) not in _NATIONAL_DIGITS:
        return {digits} - {""}
    return {digits, COUNTRY + national, national, national[_AREA_DIGITS:]}


def wanted(field: str, text: str) -> Term:
    """What a field of a search looks for.

    Raises:
        UnsearchableError: nothing in that field can begin like this.
    """
    folded = _FOLD[field](text)
    if not folded:
        raise UnsearchableError("holds nothing to look for")
    return Term(field, folded)


def _wanted_cpf(text: str) -> str:
    digits = digits_of(text)
    if not _CPF_SIGNS.issuperset(text) or len(digits) > CPF_DIGITS:
        raise UnsearchableError("must be up to eleven digits, as 12345678900 or 123.456.789-00")
    return digits


def _wanted_phone(text: str) -> str:
    if not _PHONE_SIGNS.issuperset(text):
        raise UnsearchableError("must be digits, as +55 11 91234-5678 or 11912345678")
    return digits_of(text)


_FOLD: Final = {NAME: fold_name, CPF: _wanted_cpf, PHONE: _wanted_phone, EMAIL: fold_email}
