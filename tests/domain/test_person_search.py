"""What a customer is found by, and what can be looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.customers.person import Person
from authorizer.domain.customers.person_search import (
    CPF,
    EMAIL,
    NAME,
    PHONE,
    Criterion,
    Term,
    UnsearchableError,
    terms_of,
    wanted,
)
from authorizer.domain.text import MAX_FOLDED, MAX_WORDS, fold_name

LEO = Person("Leonardo D'Ávila Morais", "123.456.789-00", "+55 31 98765-4321", "Leo@Email.com")


def meets(person: Person, criterion: Criterion) -> bool:
    return any(
        term.field == criterion.field
        and (term.text == text if criterion.whole else term.text.startswith(text))
        for term in terms_of(person)
        for text in criterion.texts
    )


def finds(person: Person, field: str, text: str, whole: bool = False) -> bool:
    return all(meets(person, criterion) for criterion in wanted(field, text, whole))


def named(name: str) -> Person:
    return Person(name, "12345678900", None, None)


def with_phone(phone: str) -> Person:
    return Person("A", "12345678900", phone, None)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (NAME, "leonardo"),
        (NAME, "LEO"),
        (NAME, "Morais"),
        (NAME, "leonardo d'avila mor"),
        (NAME, "leonardo morais"),
        (NAME, "Morais, Leonardo"),
        (NAME, "davila"),
        (NAME, "d avila"),
        (NAME, "D\u2019Ávila"),
        (NAME, "d'av"),
        (NAME, "ÁVILA   MORAIS"),
        (NAME, " m "),
        (CPF, "123.456.789-00"),
        (CPF, "12345678900"),
        (CPF, "123 456 789 00"),
        (CPF, "123 456 789\u201100"),
        (CPF, "\u202a123.456.789-00\u202c"),
        (CPF, "\uff11\uff12\uff13"),
        (CPF, "123/456"),
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
        (NAME, "leonardo moraes"),
        (NAME, "moraiss"),
        (NAME, "leonardo silva"),
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


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Łukasz Żółć", "lukasz zolc"),
        ("Łukasz Żółć", "łukasz"),
        ("Søren Æbelø", "soren aebelo"),
        ("Đặng Thị Hương", "dang huong"),
        ("Weiß", "weiss"),
        ("D' Ávila", "davila"),
        ("D Avila", "d'avila"),
        ("Davila", "d'ávila"),
        ("Ana\u2011Maria", "anamaria"),
        ("Ana-Maria", "ana maria"),
        ("Sant\u00b4Anna", "santanna"),
        ("O'Neil", "o neil"),
        ("João Silva", "j silva"),
        ("Maria de Lourdes da Silva", "maria silva"),
        ("Maria de Lourdes da Silva", "silva, maria"),
    ],
)
def test_a_name_is_found_as_people_type_it(name: str, asked: str) -> None:
    assert finds(named(name), NAME, asked)


def test_the_longest_words_of_a_name_count() -> None:
    words = [f"{'x' * length}" for length in range(1, MAX_WORDS + 3)]
    found = wanted(NAME, " ".join(words))
    assert [criterion.texts[0] for criterion in found] == list(reversed(words))[:MAX_WORDS]


SAME_NUMBER = [
    "+55 31 98765-1001",
    "(31) 98765-1001",
    "(031) 98765-1001",
    "031987651001",
    "0 31 98765-1001",
    "+55 (0) 31 98765-1001",
    "+55 031 98765-1001",
    "0055 31 98765-1001",
    "00 55 (0)31 98765-1001",
    "0 21 31 98765-1001",
    "(0xx31) 98765-1001",
    "0**31 98765.1001",
    "31 8765-1001",
    "+55 31 8765-1001",
    "031 8765 1001",
    "5531987651001",
    "+55\u00a031\u00a098765\u20111001",
    "\u202a+55 31 98765-1001\u202c",
    "\u2066(31)\u2069 98765\u20131001",
    "\uff0b\uff15\uff15 \uff13\uff11 \uff19\uff18\uff17\uff16\uff15\uff11\uff10\uff10\uff11",
    "31 98765-1001 ramal 12",
    "31 98765-1001 (Ramal: 12)",
    "31 98765-1001 r. 12",
    "+55 31 98765-1001 x12",
    "+55 31 98765-1001 #12",
    "tel. +55 31 98765-1001",
    "31 98765-1001 (recado com Ana)",
    "tel:+55-31-98765-1001",
]


@pytest.mark.parametrize("written", SAME_NUMBER)
@pytest.mark.parametrize("asked", SAME_NUMBER)
def test_one_number_is_found_in_every_notation_in_which_it_can_be_stored(
    written: str, asked: str
) -> None:
    """By who sees it, and by who sees it masked."""
    assert finds(with_phone(written), PHONE, asked)
    assert finds(with_phone(written), PHONE, asked, whole=True)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("+55 31 98765-1001", "98765-1001"),
        ("+55 31 98765-1001", "8765-1001"),
        ("31 8765-1001", "98765-1001"),
        ("31 8765-1001", "31 8765"),
        ("31 8765-1001", "8765"),
        ("31 98765-1001", "(031) 987"),
        ("31 98765-1001", "+55 (0) 31 987"),
        ("31 98765-1001", "0055 31 9"),
        ("31 3333-4444", "(031) 3333"),
        ("31 3333-4444 / 31 98765-1001", "31 98765"),
        ("31 3333-4444 ou 31 98765-1001", "3333"),
        ("98765-1001", "8765-1001"),
        ("+44 20 7946 0958", "+44 (0)20 7946 0958"),
        ("+44 (0)20 7946 0958", "0044 20 7946"),
        ("+1 212 555 0100", "12125550100"),
        ("0800 123 4567", "0800 12"),
        ("55 98765-1001", "55 98765-1001"),
    ],
)
def test_a_number_is_found_by_a_part_as_people_type_it(written: str, asked: str) -> None:
    assert finds(with_phone(written), PHONE, asked)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("+55 31 98765-1001", "+55 31 98765-100"),
        ("+55 31 98765-1001", "98765-1001"),
        ("+55 31 98765-1001", "55319876"),
        ("+55 31 98765-1001", "+55 31 98765-10011"),
        ("+55 31 3333-4444", "+55 31 93333-4444"),
        ("98765-1001", "31 98765-1001"),
        ("+44 20 7946 0958", "+44 20 7946 095"),
    ],
)
def test_who_sees_it_masked_finds_no_part_of_a_number(written: str, asked: str) -> None:
    assert not finds(with_phone(written), PHONE, asked, whole=True)


@pytest.mark.parametrize("between", ["/", ";", ",", "|", " ou ", " e "])
def test_a_search_guesses_at_one_masked_number(between: str) -> None:
    """Of several numbers that are asked for, all must be there; twenty would be twenty guesses."""
    person, both = with_phone("31 98765-1001"), with_phone("31 98765-1001 / 31 3333-4444")
    asked = between.join(("31 98765-1001", "31 3333-4444"))
    assert finds(person, PHONE, asked)
    assert not finds(person, PHONE, asked, whole=True)
    assert finds(both, PHONE, asked, whole=True)
    assert finds(both, PHONE, "31 3333-4444", whole=True)


@given(st.text("0123456789", min_size=8, max_size=16), st.integers(1, 8))
def test_no_longer_beginning_tells_more_of_a_masked_number(digits: str, cut: int) -> None:
    """What begins a number that is stored, and is none of its notations, finds nothing."""
    person = with_phone("+55 31 98765-1001")
    for number in (digits, "5531987651001"[:-cut], "31987651001"[:-cut]):
        try:
            found = finds(person, PHONE, number, whole=True)
        except UnsearchableError:
            continue
        assert not found or finds(with_phone(number), PHONE, "5531987651001", whole=True)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (CPF, "123.456.789-0"),
        (PHONE, "4321"),
        (PHONE, "31 98765"),
        (EMAIL, "leo"),
        (EMAIL, "leo@"),
        (EMAIL, "@email.com"),
    ],
)
def test_a_part_of_what_is_masked_is_refused(field: str, text: str) -> None:
    with pytest.raises(UnsearchableError, match="must be whole"):
        wanted(field, text, whole=True)


@pytest.mark.parametrize(
    ("field", "text"),
    [(CPF, "12345678900"), (EMAIL, "LEO@email.com"), (PHONE, "31 98765-4321"), (NAME, "leo")],
)
def test_the_whole_of_it_finds(field: str, text: str) -> None:
    assert finds(LEO, field, text, whole=True)


def test_a_longer_address_is_not_found_by_what_it_begins_with() -> None:
    person = Person("A", "12345678900", None, "leo@email.com.br")
    assert not finds(person, EMAIL, "leo@email.com", whole=True)
    assert finds(person, EMAIL, "leo@email.com")


@pytest.mark.parametrize("written", ["+1 212 555 0100", "190", "5555", "ramal"])
def test_a_phone_of_another_kind_is_found_as_it_is_written(written: str) -> None:
    person = with_phone(written)
    if any(char.isdigit() for char in written):
        assert finds(person, PHONE, written)
    else:
        assert {term.field for term in terms_of(person)} == {NAME, CPF}


@given(st.text(max_size=40))
def test_any_phone_that_can_be_stored_is_found_as_it_is_written(written: str) -> None:
    try:
        criteria = wanted(PHONE, written)
    except UnsearchableError:
        assert not any(term.field == PHONE for term in terms_of(with_phone(written)))
        return
    assert all(meets(with_phone(written), criterion) for criterion in criteria)


@given(st.text(max_size=60))
def test_any_name_is_found_as_it_is_written(name: str) -> None:
    try:
        criteria = wanted(NAME, name)
    except UnsearchableError:
        return
    assert all(meets(named(name), criterion) for criterion in criteria), criteria


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
        (CPF, "123x456"),
        (CPF, "..-"),
        (CPF, "١٢٣"),
        (CPF, ""),
        (PHONE, "call me"),
        (PHONE, "+"),
        (PHONE, ""),
        (NAME, "--- '"),
        (NAME, ""),
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
    assert sum(len(term.text) for term in terms_of(person)) < 4 * MAX_FOLDED
    assert len(fold_name(person.name)) <= MAX_FOLDED
    assert finds(person, NAME, person.name)
    assert finds(person, EMAIL, "\ufdfa" * 256)
