"""A card in the customer document, in and out."""

from typing import Annotated, Any, Final, NotRequired, Self

from pydantic import StrictStr, model_validator
from typing_extensions import TypedDict

from authorizer.domain.accounts.cards import BLOCK_REASONS, CardStatus, CardTerms
from authorizer.http.api.fields import (
    Cents,
    Document,
    Identity,
    Moment,
    Money,
    ShortText,
    SignedCents,
    WrittenMoment,
)
from authorizer.http.api.rules import MASKED_PATTERN, Rule
from authorizer.http.api.wire import money, parse_time, time_text

MAX_PAN_DIGITS_SHOWN: Final = 10
"""PCI DSS 4.0, 3.4.1: at most the first six and the last four digits of a card number are shown."""


def _masked_number(text: str) -> str:
    if sum(char.isdigit() for char in text) > MAX_PAN_DIGITS_SHOWN:
        raise ValueError("must be masked: it shows too many digits of the card's number")
    return text


def _motivo(text: str) -> str:
    if text not in BLOCK_REASONS:
        raise ValueError(f"must be one of {', '.join(BLOCK_REASONS)}")
    return text


_MASKED: Final = Rule(_masked_number, {"pattern": MASKED_PATTERN})
MaskedNumber = Annotated[ShortText, _MASKED]
Motivo = Annotated[StrictStr, Rule(_motivo, {"enum": list(BLOCK_REASONS)})]


class CardDocument(Document):
    """A card in the customer document."""

    cartao_id: Identity
    numero_mascarado: MaskedNumber
    bandeira: ShortText
    status: CardStatus
    motivo_bloqueio: Motivo | None = None
    data_bloqueio: WrittenMoment | None = None
    limite_total: Cents | None = None
    limite_utilizado: Cents | None = None
    limite_disponivel: SignedCents | None = None
    substitui: Identity | None = None
    substituido_por: Identity | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        blocked = self.status is CardStatus.BLOCKED
        if blocked and self.motivo_bloqueio is None:
            raise ValueError("a card that is bloqueado has a motivo_bloqueio")
        if self.status is CardStatus.ACTIVE and (self.motivo_bloqueio or self.data_bloqueio):
            raise ValueError("a card that is ativo has no motivo_bloqueio and no data_bloqueio")
        if self.substituido_por and self.status is not CardStatus.CANCELLED:
            raise ValueError("a card with a substituido_por is cancelado")
        self._limit_adds_up()
        return self

    def _limit_adds_up(self) -> None:
        total, used = self.limite_total, self.limite_utilizado or 0
        if total is None:
            if self.limite_utilizado is not None or self.limite_disponivel is not None:
                raise ValueError("limite_utilizado and limite_disponivel need a limite_total")
        elif total < used and self.limite_disponivel is None:
            raise ValueError("limite_utilizado is more than limite_total")
        elif self.limite_disponivel not in (None, total - used):
            raise ValueError("limite_disponivel must be limite_total - limite_utilizado")

    def terms(self) -> CardTerms:
        """The card as the domain has it."""
        return CardTerms(
            card_id=self.cartao_id,
            masked_number=self.numero_mascarado,
            brand=self.bandeira,
            status=self.status.value,
            block_reason=self.motivo_bloqueio,
            blocked_at=parse_time(self.data_bloqueio) if self.data_bloqueio else None,
            limit_total_cents=self.limite_total,
            limit_used_cents=self.limite_utilizado or 0,
            replaces=self.substitui,
            replaced_by=self.substituido_por,
        )


class Card(TypedDict):
    """A card's part of the customer document."""

    cartao_id: str
    numero_mascarado: str
    bandeira: str
    status: CardStatus
    motivo_bloqueio: NotRequired[str]
    data_bloqueio: NotRequired[Moment]
    limite_total: NotRequired[Money]
    limite_utilizado: NotRequired[Money]
    limite_disponivel: NotRequired[Money]
    substitui: NotRequired[str]
    substituido_por: NotRequired[str]


def card_part(card: CardTerms) -> dict[str, Any]:
    """Build a card's part of the customer document."""
    part: dict[str, Any] = {
        "cartao_id": card.card_id,
        "numero_mascarado": card.masked_number,
        "bandeira": card.brand,
        "status": card.status,
    }
    if card.block_reason is not None:
        part["motivo_bloqueio"] = card.block_reason
    if card.blocked_at is not None:
        part["data_bloqueio"] = time_text(card.blocked_at)
    part |= limit_part(card)
    if card.replaces is not None:
        part["substitui"] = card.replaces
    if card.replaced_by is not None:
        part["substituido_por"] = card.replaced_by
    return part


def limit_part(card: CardTerms) -> dict[str, Any]:
    """Build a card's limit, what is used of it and what is left; empty without a limit."""
    if card.limit_total_cents is None:
        return {}
    return {
        "limite_total": money(card.limit_total_cents),
        "limite_utilizado": money(card.limit_used_cents),
        "limite_disponivel": money(card.limit_total_cents - card.limit_used_cents),
    }
