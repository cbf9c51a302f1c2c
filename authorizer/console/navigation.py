"""The parts of the console, and who is led to each."""

from typing import Final, NamedTuple

from authorizer.console.words import said
from authorizer.domain.access import Role
from authorizer.http.access.roles import BOTH_READ, CARE_READ, OPERATIONS_READ


class Place(NamedTuple):
    """A part of the console."""

    path: str
    title: str
    roles: frozenset[Role]


PLACES: Final = (
    Place("/console/fila", said("Fila"), CARE_READ),
    Place("/console/relatorios", said("Relatórios"), BOTH_READ),
    Place("/console/contas", said("Contas"), BOTH_READ),
    Place("/console/operacao", said("Operação"), OPERATIONS_READ),
)


def places_for(role: Role) -> list[Place]:
    """The parts that are for a role."""
    return [place for place in PLACES if role in place.roles]
