"""The answers of cards."""

from typing import NotRequired

from typing_extensions import TypedDict

from authorizer.domain.accounts.cards import CardStatus
from authorizer.http.answers.common import Moment, Money


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


class BlockedCard(Card):
    """A card's part of the customer document, and the ticket that its block opened."""

    protocolo: NotRequired[str | None]
    """There only where the request had a `chamado`; null where no ticket was opened."""


class Limit(TypedDict):
    """A card's limit in real time."""

    cartao_id: str
    limite_total: Money
    limite_utilizado: Money
    limite_disponivel: Money
    data: Moment
