"""Who may ask for what: the roles, and the caller that a request comes from."""

from enum import Enum
from typing import Final, NamedTuple


class Role(Enum):
    """What a key is for."""

    TERMINAL = "terminal"
    """Posts transactions, and nothing else."""
    ATTENDANT = "atendente"
    """Customer care: customers, cards, tickets, and their reports."""
    OPERATOR = "operador"
    """Accounts, credits, merchants, operations."""
    AUDITOR = "auditor"
    """Reads everything, personal data masked; changes nothing."""


class Caller(NamedTuple):
    """Who a request comes from."""

    by: str
    """What events say of who asked for them."""
    role: Role | None
    """None where no key is configured: then anybody on this machine may do anything."""

    @property
    def sees_personal_data(self) -> bool:
        """Whether CPF, phone and e-mail are shown to them in full."""
        return self.role in (None, Role.ATTENDANT)


LOCAL: Final = Caller("local", None)
"""Anybody on this machine, while no key is configured."""
