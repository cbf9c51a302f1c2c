"""CPF, phone and e-mail, masked for roles that may not see them in full."""

from authorizer.domain.access import Caller
from authorizer.domain.customers.person import Person
from authorizer.domain.customers.person_search import CPF_DIGITS
from authorizer.domain.customers.phones import digits_of

_PHONE_DIGITS_SHOWN = 4


def person_for(caller: Caller, person: Person) -> Person:
    """The person, masked unless the caller's role sees personal data."""
    return person if caller.sees_personal_data else masked(person)


def masked(person: Person) -> Person:
    """The person, with CPF, phone and e-mail masked."""
    return Person(
        person.name,
        masked_cpf(person.cpf),
        person.phone and masked_phone(person.phone),
        person.email and masked_email(person.email),
    )


def masked_cpf(cpf: str) -> str:
    """`123.456.789-00` as `***.***.789-**`.

    The last two digits follow from the others: six masked ones leave a million candidates.
    """
    digits = digits_of(cpf)
    if len(digits) != CPF_DIGITS:
        return "***"
    return f"***.***.{digits[6:9]}-**"


def masked_phone(phone: str) -> str:
    """`+55 11 91234-5678` as `*********5678`; a short number as stars only."""
    digits = digits_of(phone)
    if len(digits) < 2 * _PHONE_DIGITS_SHOWN:
        return "*" * len(digits) or "***"
    return digits[-_PHONE_DIGITS_SHOWN:].rjust(len(digits), "*")


def masked_email(email: str) -> str:
    """`maria@example.com` as `m***@example.com`."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}***{at}{domain}" if at else f"{email[:1]}***"
