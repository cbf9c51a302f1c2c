"""The customers of the care benchmark: who they are, by their number."""

from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.customers.person import Person
from benchmarks.wrk import FIRST_ACCOUNT

FIRST_NAMES = (
    *("Ana", "Antônio", "Beatriz", "Bruno", "Camila", "Carlos", "Daniela", "Eduardo", "Fernanda"),
    *("Gabriel", "Helena", "Igor", "João", "Juliana", "Larissa", "Leonardo", "Letícia", "Lucas"),
    *("Luís", "Marcelo", "Maria", "Mariana", "Mateus", "Paula", "Pedro", "Rafael", "Sofia"),
    *("Tiago", "Vitória", "Yasmin"),
)
LAST_NAMES = (
    *("Almeida", "Alves", "Araújo", "Barbosa", "Barros", "Batista", "Cardoso", "Carvalho"),
    *("Castro", "Correia", "Costa", "Dias", "Fernandes", "Ferreira", "Freitas", "Gomes"),
    *("Gonçalves", "Lima", "Lopes", "Machado", "Marques", "Martins", "Melo", "Mendes", "Morais"),
    *("Moreira", "Nascimento", "Nunes", "Oliveira", "Pereira", "Pinto", "Ramos", "Ribeiro"),
    *("Rocha", "Santos", "Silva", "Soares", "Souza", "Teixeira", "Vieira"),
)
_CPF_STEP = 7_919_000_023
"""Has no divisor in common with the number of CPFs, so no two customers share one."""


def customer_id(number: int) -> str:
    """The id of a customer."""
    return f"cliente-{number}"


def account_id(number: int) -> str:
    """The account of a customer, named as wrk's scripts expect."""
    return str(FIRST_ACCOUNT + number)


def card_id(number: int) -> str:
    """The card of a customer."""
    return f"{4_000_000_000 + number}"


def person(number: int) -> Person:
    """What is known of a customer: common names, everything else unlike anybody else's."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    middle = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    last = LAST_NAMES[number // (len(FIRST_NAMES) * len(LAST_NAMES)) % len(LAST_NAMES)]
    return Person(
        f"{first} {middle} {last}",
        cpf(number),
        f"+55 {11 + number % 80} 9{number:08d}",
        f"cliente{number}@example.com",
    )


def cpf(number: int) -> str:
    """A customer's CPF, dotted."""
    digits = f"{number * _CPF_STEP % 10**11:011d}"
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def card(number: int) -> CardTerms:
    """The card of a customer, as a document brings it."""
    masked = f"**** **** **** {number % 10_000:04d}"
    return CardTerms(card_id(number), masked, "Visa", "ativo", None, None, 5_000_00, 0)
