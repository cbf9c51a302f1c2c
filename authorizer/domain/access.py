"""Who may ask for what: the roles, the keys, and the caller that a request comes from."""

from enum import Enum
from typing import Final, NamedTuple


class Role(Enum):
    """What a key is for."""

    TERMINAL = "terminal"
    """Purchases: decided, captured, reversed, refunded. It reads nothing."""
    ATTENDANT = "atendente"
    """Customer care: customers, cards, tickets, refunds; reads accounts, purchases, reports."""
    SUPERVISOR = "supervisor"
    """An attendant who may also erase persons, and set limits beyond an attendant's ceiling."""
    OPERATOR = "operador"
    """Accounts, money, limits, merchants, operations; captures by force."""
    AUDITOR = "auditor"
    """Reads everything, personal data masked; changes nothing."""


class Standing(Enum):
    """Whether a key is good for anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ApiKey(NamedTuple):
    """A key as it is kept. The key itself cannot be made from it."""

    key_id: str
    role: Role
    name: str
    """Whose it is, for people; empty where nobody said."""
    digest: bytes
    """SHA-256 of the key's secret part. That part is 256 random bits, so no slow hash is needed."""
    created_at_us: int
    expires_at_us: int | None
    """The first moment at which it is good no more; None: never."""
    revoked_at_us: int | None

    def standing(self, now_us: int) -> Standing:
        """What it is good for at a time. A key that was revoked stays so, expired or not."""
        if self.revoked_at_us is not None:
            return Standing.REVOKED
        if self.expires_at_us is not None and now_us >= self.expires_at_us:
            return Standing.EXPIRED
        return Standing.ACTIVE

    @property
    def by(self) -> str:
        """What events say of whoever asks with it."""
        return f"{self.role.value}:{self.key_id}"


class Caller(NamedTuple):
    """Who a request comes from."""

    by: str
    """What events say of who asked for them."""
    role: Role | None
    """None where no key is configured, or none was needed."""

    @property
    def sees_personal_data(self) -> bool:
        """Whether CPF, phone and e-mail are shown to them in full."""
        return self.role in (Role.ATTENDANT, Role.SUPERVISOR) or self == LOCAL


LOCAL: Final = Caller("local", None)
"""Anybody on this machine, while no key is configured: they may do anything."""
ANONYMOUS: Final = Caller("anonymous", None)
"""Whoever asks for what needs no key, while keys are configured."""


class AccessKind(Enum):
    """What was read, or how somebody came in to read."""

    DOCUMENT = "documento"
    SEARCH = "busca"
    EXPORT = "exportacao"
    TICKET = "chamado"
    TICKETS = "chamados"
    CONTACTS = "interacoes"
    OPERATIONS = "operacoes"
    REVEAL = "revelacao"
    """Data that are masked were shown in full; `kind` has the reason behind a colon."""
    LOG_IN = "entrada"
    LOG_IN_REFUSED = "entrada_recusada"
    LOG_OUT = "saida"
    PASSWORD_CHANGED = "senha_mudada"  # noqa: S105 - a word
    PASSKEY_LOG_IN = "entrada_por_chave"
    PASSKEY_ADDED = "chave_incluida"
    PASSKEY_REMOVED = "chave_retirada"


class DataAccess(NamedTuple):
    """One request that was answered with personal data."""

    at_us: int
    by: str
    """Who asked: `role:key id`, `role:@person`, or `local` while there are no keys."""
    kind: str
    """The value of an `AccessKind`; of a reveal the reason follows behind a colon."""
    customer_ids: tuple[str, ...]
    """Whose data was in the answer: of a search all who were found, once."""
    request_id: str


class Accessed(NamedTuple):
    """A record of it and its place in the log."""

    position: int
    access: DataAccess
