"""A card: its credit limit, its state, and the motives that block it."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, NamedTuple

from authorizer.domain.accounts.controls import NO_CONTROLS, CardControls
from authorizer.domain.descriptors import DescriptorTable
from authorizer.domain.moments import WrittenTime
from authorizer.domain.revival import reviver

MAX_CHANNEL_LENGTH: Final = 40
MAX_CARD_ID_LENGTH: Final = 128
_NAME_TRIES: Final = 1000


class CardStatus(Enum):
    """The state of a card, in the words of the customer document."""

    ACTIVE = "ativo"
    BLOCKED = "bloqueado"
    CANCELLED = "cancelado"


class BlockReason(Enum):
    """`motivo`: why a card is blocked. After a final one it is never unblocked."""

    LOST = ("perda", True)
    MISPLACED = ("extravio", True)
    ROBBED = ("roubo", True)
    STOLEN = ("furto", True)
    CLONED = ("clonagem", True)
    CONFIRMED_FRAUD = ("fraude_confirmada", True)
    DATA_COMPROMISED = ("dados_comprometidos", True)
    SUSPECTED_FRAUD = ("suspeita_fraude", False)
    CUSTOMER_REQUEST = ("pedido_cliente", False)
    UNDER_REVIEW = ("em_analise", False)
    INACTIVITY = ("inatividade", False)
    PIN_LOCKED = ("senha_bloqueada", False)
    DAMAGED = ("danificado", False)
    OTHER = ("outro", False)

    def __init__(self, motivo: str, final: bool) -> None:
        self.motivo = motivo
        self.final = final

    @classmethod
    def of(cls, motivo: str) -> "BlockReason":
        """The reason that a `motivo` names. KeyError for a word that is none."""
        return BLOCK_REASONS[motivo]


BLOCK_REASONS: Final = {reason.motivo: reason for reason in BlockReason}


class CardTerms(NamedTuple):
    """A card as a customer document describes it, when it is opened."""

    card_id: str
    masked_number: str
    brand: str
    status: str
    block_reason: str | None
    blocked_at: WrittenTime | None
    limit_total_cents: int | None
    limit_used_cents: int
    replaces: str | None = None
    """The card in whose place this one is."""
    replaced_by: str | None = None
    """The card that is in the place of this one, which is cancelled."""

    def on_the_wire(self) -> "CardTerms":
        """The terms at the wire's precision, for comparison."""
        return self._replace(blocked_at=self.blocked_at and self.blocked_at.on_the_wire())


class Card:
    """The living state of a card. Only its account changes it, through events."""

    __slots__ = (
        "_blocked_merchants",
        "_controls",
        "block_reason",
        "blocked_at",
        "brand",
        "card_id",
        "customer_id",
        "limit_total_cents",
        "limit_used_cents",
        "masked_number",
        "opening",
        "replaced_by",
        "replaces",
        "status",
    )

    def __init__(self, customer_id: str, terms: CardTerms) -> None:
        self.customer_id = customer_id
        self.opening = terms
        self.card_id = terms.card_id
        self.masked_number = terms.masked_number
        self.brand = terms.brand
        self.status = CardStatus(terms.status)
        self.block_reason = BlockReason.of(terms.block_reason) if terms.block_reason else None
        self.blocked_at = terms.blocked_at
        self.limit_total_cents = terms.limit_total_cents
        self.limit_used_cents = terms.limit_used_cents
        self.replaces = terms.replaces
        self.replaced_by = terms.replaced_by
        self.put_controls(NO_CONTROLS)

    @property
    def controls(self) -> CardControls:
        """What its holder does not want to be bought with it."""
        return self._controls

    def put_controls(self, controls: CardControls) -> None:
        """Have these controls in the place of those before."""
        self._controls = controls
        self._blocked_merchants = DescriptorTable.of(controls.blocked_merchants)

    def control_against(self, amount_cents: int, mcc: str, merchant: str) -> str | None:
        """Which control is in the way of a purchase: see `CardControls.obstacle`."""
        return self.controls.obstacle(amount_cents, mcc, merchant, self._blocked_merchants)

    @property
    def available_cents(self) -> int:
        """What is left of the credit limit, in centavos; 0 for a card without one.

        Negative where the limit was set below what was used: then nothing can be bought on it.
        """
        return (self.limit_total_cents or 0) - self.limit_used_cents

    def terms(self) -> CardTerms:
        """The card as it stands now, in the form in which a document describes it."""
        return CardTerms(
            self.card_id,
            self.masked_number,
            self.brand,
            self.status.value,
            self.block_reason.motivo if self.block_reason else None,
            self.blocked_at,
            self.limit_total_cents,
            self.limit_used_cents,
            self.replaces,
            self.replaced_by,
        )


class OperationKind(Enum):
    """`tipo`: what happened to a card, in the words of the customer document."""

    BLOCK = "bloqueio"
    UNBLOCK = "desbloqueio"
    LIMIT_QUERY = "consulta_limite"
    REPLACEMENT = "substituicao"
    LIMIT_CHANGE = "alteracao_limite"


class Operation(NamedTuple):
    """One line of a customer's operation history (`historico_operacoes`)."""

    kind: str
    """The value of an `OperationKind`; what a document brings may be called anything."""
    card_id: str
    at: WrittenTime
    channel: str | None
    block_reason: str | None = None
    justification: str | None = None
    """Free text: sealed in events and in state, plain in documents and answers."""
    available_cents: int | None = None
    limit_total_cents: int | None = None
    """The credit limit since this operation."""
    previous_limit_cents: int | None = None
    """The credit limit until this operation; None where there was none."""
    replaced_by: str | None = None
    """The card that came in the place of this one."""

    def on_the_wire(self) -> "Operation":
        """The operation at the wire's precision, for comparison."""
        return self._replace(at=self.at.on_the_wire())


unpack_terms: Final[Callable[[list[Any]], CardTerms]] = reviver(CardTerms)
unpack_operation: Final[Callable[[list[Any]], Operation]] = reviver(Operation)


def pack_operation(operation: Operation) -> tuple[Any, ...]:
    """An operation as plain values."""
    return (operation[0], operation[1], tuple(operation[2]), *operation[3:])


def pack_terms(terms: CardTerms) -> tuple[Any, ...]:
    """Card terms as plain values."""
    blocked_at = tuple(terms.blocked_at) if terms.blocked_at else None
    return (*terms[:5], blocked_at, *terms[6:])


def new_card_id(card_id: str, taken: Callable[[str], bool]) -> str | None:
    """An id for the card that replaces another: its id with -2 behind it, -3 if that is taken, ….

    None where no such id is free, or all are too long.
    """
    for number in range(2, _NAME_TRIES):
        found = f"{card_id}-{number}"
        if not taken(found):
            return found if len(found) <= MAX_CARD_ID_LENGTH else None
    return None
