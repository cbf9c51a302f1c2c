"""What a customer can be found by: each field folded, and found by a prefix of it.

Names are found by the beginnings of any of their words: "morais" and "leonardo mor" both find
Leonardo D'Ávila Morais.
"""

import unicodedata
from typing import Final, NamedTuple

from authorizer.domain.customers import phones
from authorizer.domain.customers.person import Person
from authorizer.domain.customers.phones import digits_of
from authorizer.domain.text import fold, name_words, visible, wanted_words

CPF_DIGITS: Final = 11

NAME, CPF, PHONE, EMAIL = "nome", "cpf", "telefone", "email"
MASKED: Final = (CPF, PHONE, EMAIL)
"""The fields that some see masked."""


class Term(NamedTuple):
    """A text by which a person is found."""

    field: str
    text: str


class Criterion(NamedTuple):
    """What is looked for: one of these texts, or what begins with it, is a term of the person."""

    field: str
    texts: tuple[str, ...]
    whole: bool = False
    """One of the texts must be the term, not only begin it."""


class Found(NamedTuple):
    """A customer that was found, at their place in the order."""

    name: str
    """Folded; customers are in the order of it, then of their ids."""
    customer_id: str


class UnsearchableError(ValueError):
    """Nothing can be looked for with this; the message says why."""


_WHOLE: Final = "must be whole: this role sees it masked, and may not look for a part of it"


def terms_of(person: Person) -> set[Term]:
    """All that a person is found by."""
    found = {Term(NAME, word) for word in name_words(person.name)}
    found.add(Term(CPF, digits_of(person.cpf)))
    if person.phone is not None:
        found |= {Term(PHONE, form) for form in phones.found_by(person.phone)}
    if person.email is not None:
        found.add(Term(EMAIL, fold(person.email)))
    return found


def wanted(field: str, text: str, whole: bool = False) -> tuple[Criterion, ...]:
    """What a field of a search looks for; all of it must be found.

    `whole`: a field that is masked is compared whole, for the beginning of it that is found would
    give it away digit by digit.

    Raises:
        UnsearchableError: nothing in that field can begin like this, or be it.
    """
    if field == NAME:
        found = tuple(Criterion(NAME, (word,)) for word in wanted_words(text))
        return found or _nothing()
    each = _WANTED[field](text, whole)
    return tuple(Criterion(field, tuple(sorted(texts)), whole) for texts in each) or _nothing()


def same_cpf(cpf: str) -> Criterion:
    """Everybody who has this CPF."""
    return Criterion(CPF, (digits_of(cpf),), whole=True)


def _nothing() -> tuple[Criterion, ...]:
    raise UnsearchableError("holds nothing to look for")


def _wanted_cpf(text: str, whole: bool) -> list[set[str]]:
    plain = visible(text)
    digits = digits_of(plain)
    is_letter = (unicodedata.category(char)[0] in "LMNC" for char in plain if char not in digits)
    if any(is_letter) or len(digits) > CPF_DIGITS:
        raise UnsearchableError("must be up to eleven digits, as 12345678900 or 123.456.789-00")
    if whole and digits and len(digits) < CPF_DIGITS:
        raise UnsearchableError(_WHOLE)
    return [{digits}] if digits else []


def _wanted_phone(text: str, whole: bool) -> list[set[str]]:
    """Of several numbers one is enough, but for a whole one: many would be guessed at once."""
    found = phones.beginnings(text)
    if text.strip() and not found:
        raise UnsearchableError("must be digits, as +55 11 91234-5678 or 11912345678")
    if not (whole and found):
        return [found] if found else []
    numbers = phones.whole(text)
    if not numbers:
        raise UnsearchableError(_WHOLE)
    return numbers


def _wanted_email(text: str, whole: bool) -> list[set[str]]:
    folded = fold(text)
    local, _, domain = folded.rpartition("@")
    if whole and folded and not (local and domain):
        raise UnsearchableError(_WHOLE)
    return [{folded}] if folded else []


_WANTED: Final = {CPF: _wanted_cpf, PHONE: _wanted_phone, EMAIL: _wanted_email}
