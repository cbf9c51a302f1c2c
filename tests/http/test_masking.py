"""CPF, phone and e-mail as they are shown to those who need not know them."""

from __future__ import annotations

import pytest

from authorizer.domain.access import ANONYMOUS, LOCAL, Caller, Role
from authorizer.domain.customers.person import Person
from authorizer.http.access.masking import masked_cpf, masked_email, masked_phone, person_for

PERSON = Person("Leonardo", "123.456.789-00", "+55 31 98765-4321", "leonardo@email.com")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("123.456.789-00", "***.***.789-**"),
        ("12345678900", "***.***.789-**"),
        ("1234", "***"),
        ("", "***"),
    ],
)
def test_a_cpf_shows_its_middle(text: str, masked: str) -> None:
    assert masked_cpf(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+55 31 98765-4321", "*********4321"),
        ("98765-4321", "*****4321"),
        ("190", "***"),
        ("1234567", "*******"),
        ("ramal", "***"),
    ],
)
def test_a_phone_shows_its_last_four_digits(text: str, masked: str) -> None:
    assert masked_phone(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("leonardo@email.com", "l***@email.com"),
        ("a@b", "a***@b"),
        ("@b", "***@b"),
        ("odd@name@b", "o***@b"),
        ("no address", "n***"),
        ("", "***"),
    ],
)
def test_an_email_shows_its_first_letter_and_where_it_is(text: str, masked: str) -> None:
    assert masked_email(text) == masked


@pytest.mark.parametrize(
    "caller", [LOCAL, Caller("x", Role.ATTENDANT), Caller("x", Role.SUPERVISOR)]
)
def test_who_needs_to_know_is_shown_all(caller: Caller) -> None:
    assert person_for(caller, PERSON) is PERSON


@pytest.mark.parametrize(
    "caller",
    [ANONYMOUS, *(Caller("x", role) for role in (Role.TERMINAL, Role.OPERATOR, Role.AUDITOR))],
)
def test_everybody_else_is_not(caller: Caller) -> None:
    assert person_for(caller, PERSON) == Person(
        "Leonardo", "***.***.789-**", "*********4321", "l***@email.com"
    )
    assert person_for(caller, Person("A", "1", None, None)) == Person("A", "***", None, None)
