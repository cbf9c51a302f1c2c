"""What a customer is found by, and what can be looked for."""

from __future__ import annotations

import pytest

from authorizer.domain.person_search import (
    CPF,
    EMAIL,
    MAX_FOLDED,
    NAME,
    PHONE,
    Term,
    UnsearchableError,
    fold_name,
    terms_of,
    wanted,
)
from authorizer.domain.personal import Person

LEO = Person("Leonardo D'Ávila Morais", "123.456.789-00", "+55 31 98765-4321", "Leo@Email.com")


def finds(person: Person, field: str, text: str) -> bool:
    look = wanted(field, text)
    return any(term.field == field and term.text.startswith(look.text) for term in terms_of(person))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (NAME, "leonardo"),
        (NAME, "LEO"),
        (NAME, "Morais"),
        (NAME, "leonardo d'avila mor"),
        (NAME, "davila".replace("d", "d ")),
        (NAME, "ÁVILA   MORAIS"),
        (NAME, " m "),
        (CPF, "123.456.789-00"),
        (CPF, "12345678900"),
        (CPF, "123.4"),
        (PHONE, "+55 31 98765-4321"),
        (PHONE, "5531987654321"),
        (PHONE, "(31) 98765-4321"),
        (PHONE, "31 987"),
        (PHONE, "98765-4321"),
        (EMAIL, "leo@email.com"),
        (EMAIL, "LEO@"),
    ],
)
def test_a_prefix_of_any_notation_finds(field: str, text: str) -> None:
    assert finds(LEO, field, text)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (NAME, "onardo"),
        (NAME, "leonardo morais"),
        (NAME, "moraiss"),
        (CPF, "456"),
        (CPF, "12345678901"),
        (PHONE, "4321"),
        (PHONE, "+55 11"),
        (EMAIL, "email.com"),
        (EMAIL, "leonardo@"),
    ],
)
def test_nothing_else_does(field: str, text: str) -> None:
    assert not finds(LEO, field, text)


@pytest.mark.parametrize("written", ["+55 (11) 91234-5678", "11912345678", "(11) 91234-5678"])
@pytest.mark.parametrize("asked", ["+55 11 91234-5678", "5511912345678", "11912345678", "91234"])
def test_a_phone_is_found_with_and_without_the_countrys_code(written: str, asked: str) -> None:
    assert finds(Person("A", "12345678900", written, None), PHONE, asked)


@pytest.mark.parametrize("written", ["+1 212 555 0100", "190", "5555", "ramal"])
def test_a_phone_of_another_kind_is_found_as_it_is_written(written: str) -> None:
    person = Person("A", "12345678900", written, None)
    if any(char.isdigit() for char in written):
        assert finds(person, PHONE, written)
    else:
        assert {term.field for term in terms_of(person)} == {NAME, CPF}


def test_who_gave_no_phone_and_no_mail_is_found_by_the_rest() -> None:
    assert terms_of(Person("Ana  ", "12345678900", None, None)) == {
        Term(NAME, "ana"),
        Term(CPF, "12345678900"),
    }


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (CPF, "abc"),
        (CPF, "123456789000"),
        (CPF, "123 456"),
        (CPF, "..-"),
        (CPF, "١٢٣"),
        (PHONE, "call me"),
        (PHONE, "+"),
        (NAME, "--- '"),
        (EMAIL, "   "),
    ],
)
def test_what_nothing_can_begin_with_is_refused(field: str, text: str) -> None:
    with pytest.raises(UnsearchableError):
        wanted(field, text)


def test_names_fold_alike_however_they_are_written() -> None:
    assert fold_name("JOÃO  da-Silva") == fold_name("joa\u0303o DA silva") == "joao da silva"


def test_a_name_whose_letters_unfold_into_many_is_cut() -> None:
    """Else one name would be found by megabytes of terms, and a cursor behind it be too long."""
    person = Person("\ufdfa" * 256, "12345678900", None, "\ufdfa" * 256)
    assert sum(len(term.text) for term in terms_of(person)) < 64 * MAX_FOLDED
    assert len(fold_name(person.name)) <= MAX_FOLDED
    assert finds(person, NAME, person.name)
    assert finds(person, EMAIL, "\ufdfa" * 256)
