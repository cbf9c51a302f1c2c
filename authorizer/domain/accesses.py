"""Who read whose data: what is kept of it. No personal text: ids, and what kind of read it was."""

from enum import Enum
from typing import NamedTuple


class AccessKind(Enum):
    """What was read."""

    DOCUMENT = "documento"
    SEARCH = "busca"
    EXPORT = "exportacao"
    TICKET = "chamado"
    TICKETS = "chamados"
    CONTACTS = "interacoes"
    OPERATIONS = "operacoes"


class DataAccess(NamedTuple):
    """One request that was answered with personal data."""

    at_us: int
    by: str
    """Who asked: `role:key id`, or `local` while there are no keys."""
    kind: str
    """The value of an `AccessKind`."""
    customer_ids: tuple[str, ...]
    """Whose data was in the answer: of a search all who were found, once."""
    request_id: str


class Accessed(NamedTuple):
    """A record of it and its place in the log."""

    position: int
    access: DataAccess
