"""The documents that requests carry, field for field, and what a field may hold."""

import re
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    WithJsonSchema,
    model_validator,
)

from authorizer.domain.accounts.card_rules import MAX_CARDS
from authorizer.domain.accounts.cards import (
    BLOCK_REASONS,
    MAX_CARD_ID_LENGTH,
    MAX_CHANNEL_LENGTH,
    BlockReason,
    CardStatus,
    CardTerms,
    Operation,
)
from authorizer.domain.customers.person_search import CPF_DIGITS
from authorizer.domain.moments import WrittenTime
from authorizer.domain.money import MAX_BALANCE_CENTS, parse_cents
from authorizer.http.api.query import Query
from authorizer.http.api.rules import (
    CPF_PATTERN,
    DESCRIPTOR_PATTERN,
    IDENTITY_PATTERN,
    LINES_PATTERN,
    MASKED_PATTERN,
    PLAIN_PATTERN,
    Rule,
)
from authorizer.http.api.wire import parse_time
from authorizer.http.transaction_body import MAX_TEXT_LENGTH

MAX_PAN_DIGITS_SHOWN: Final = 10
"""PCI DSS 4.0, 3.4.1: at most the first six and the last four digits of a card number are shown."""
DEFAULT_CHANNEL: Final = "API"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LINE_BREAKS: Final = dict.fromkeys(map(ord, "\t\n\r"), " ")


def _cents(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number of reais")
    cents = parse_cents(str(value))
    if cents is None or abs(cents) > MAX_BALANCE_CENTS:
        raise ValueError("must be a whole number of centavos, and not beyond what may be held")
    return cents


def _not_negative(cents: int) -> int:
    if cents < 0:
        raise ValueError("must not be negative")
    return cents


def _positive(cents: int) -> int:
    if cents <= 0:
        raise ValueError("must be more than zero")
    return cents


def _plain_text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    if _CONTROL.search(text):
        raise ValueError("must not hold control characters")
    return text


def _descriptor(text: str) -> str:
    """White space of any kind counts as a space, as it does in a transaction."""
    _plain_text(" ".join(text.split()))
    return text


def _plain_lines(text: str) -> str:
    """Plain text that may have several lines."""
    _plain_text(text.translate(_LINE_BREAKS))
    return text


def _path_text(text: str) -> str:
    if "/" in text:
        raise ValueError("must not hold a slash")
    return text


def _cpf(text: str) -> str:
    plain = text.isascii() and text.isdigit() and len(text) == CPF_DIGITS
    dotted = len(text) == CPF_DIGITS + 3 and (text[3], text[7], text[11]) == (".", ".", "-")
    digits = text.replace(".", "").replace("-", "")
    if plain or (dotted and len(digits) == CPF_DIGITS and digits.isascii() and digits.isdigit()):
        return text
    raise ValueError("must be eleven digits, as 12345678900 or 123.456.789-00")


def _masked_number(text: str) -> str:
    if sum(char.isdigit() for char in text) > MAX_PAN_DIGITS_SHOWN:
        raise ValueError("must be masked: it shows too many digits of the card's number")
    return text


def _moment(text: str) -> str:
    parse_time(text)
    return text


def _motivo(text: str) -> str:
    if text not in BLOCK_REASONS:
        raise ValueError(f"must be one of {', '.join(BLOCK_REASONS)}")
    return text


def _money_schema(minimum: float) -> WithJsonSchema:
    """Two decimals at most is for words alone: as a float hardly any is a multiple of 0.01."""
    maximum = MAX_BALANCE_CENTS // 100
    words = "Reais, two decimals at most."
    return WithJsonSchema(
        {"type": "number", "minimum": minimum, "maximum": maximum, "description": words}
    )


_PLAIN: Final = Rule(_plain_text, {"pattern": PLAIN_PATTERN})
_LINES: Final = Rule(_plain_lines, {"pattern": LINES_PATTERN})
_PATH: Final = Rule(_path_text, {"pattern": IDENTITY_PATTERN})
_DESCRIPTOR: Final = Rule(_descriptor, {"pattern": DESCRIPTOR_PATTERN})
_MASKED: Final = Rule(_masked_number, {"pattern": MASKED_PATTERN})
_CPF: Final = Rule(_cpf, {"pattern": CPF_PATTERN})
_MOMENT: Final = Rule(_moment, {"format": "date-time"})
_MOTIVO: Final = Rule(_motivo, {"enum": list(BLOCK_REASONS)})

Cents = Annotated[
    int, BeforeValidator(_cents), AfterValidator(_not_negative), _money_schema(minimum=0)
]
PositiveCents = Annotated[
    int, BeforeValidator(_cents), AfterValidator(_positive), _money_schema(minimum=0.01)
]
SignedCents = Annotated[
    int, BeforeValidator(_cents), _money_schema(minimum=-MAX_BALANCE_CENTS // 100)
]
Text = Annotated[StrictStr, Field(max_length=256), _PLAIN]
Identity = Annotated[
    StrictStr,
    Field(max_length=MAX_CARD_ID_LENGTH),
    _PLAIN,
    _PATH,
]
MaskedNumber = Annotated[Text, _MASKED]
PlainText = _PLAIN
PlainLines = _LINES
Wallet = Annotated[StrictStr, Field(max_length=32), _PLAIN]
Channel = Annotated[StrictStr, Field(max_length=MAX_CHANNEL_LENGTH), _PLAIN]
Motivo = Annotated[StrictStr, _MOTIVO]
Moment = Annotated[StrictStr, _MOMENT, Field(max_length=40)]


class Document(BaseModel):
    """A document whose members are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountDocument(Document):
    """An account's opening balances, and the customer that it belongs to."""

    balances: dict[Wallet, Cents] = Field(default_factory=dict, max_length=50)
    cliente_id: Identity | None = None


class CreditDocument(Document):
    """Money that comes into a wallet, once under its `id`."""

    id: Annotated[StrictStr, Field(max_length=128), _PLAIN]
    category: Wallet
    amount: PositiveCents


class MerchantDocument(Document):
    """A merchant's name, and the MCC that counts for it whatever a purchase says."""

    name: Annotated[StrictStr, Field(max_length=MAX_TEXT_LENGTH), _DESCRIPTOR]
    mcc: Annotated[StrictStr, Field(max_length=32), _PLAIN]


class MerchantQuery(Query):
    """`DELETE /merchants`."""

    name: Annotated[StrictStr, _DESCRIPTOR]


class LimitQuery(Query):
    """`GET /cartoes/{cartao_id}/limite`."""

    canal: Channel = DEFAULT_CHANNEL


class BlockDocument(Document):
    """Why a card is blocked, and how it was asked for."""

    motivo: Motivo
    canal: Channel

    @property
    def block_reason(self) -> BlockReason:
        """The reason that `motivo` names."""
        return BlockReason.of(self.motivo)


class UnblockDocument(Document):
    """Why a card is unblocked, and how it was asked for."""

    canal: Channel
    justificativa: Annotated[StrictStr, Field(max_length=1000), _PLAIN]


class ReplacementDocument(Document):
    """The card that takes another one's place; what is left out is made or taken over."""

    motivo: Motivo | None = None
    canal: Channel
    cartao_id: Identity | None = None
    numero_mascarado: MaskedNumber | None = None
    bandeira: Text | None = None

    @property
    def block_reason(self) -> BlockReason | None:
        """The reason that `motivo` names, if it is there."""
        return None if self.motivo is None else BlockReason.of(self.motivo)


class LimitDocument(Document):
    """A card's new credit limit; one below what is used must be asked for in so many words."""

    limite_total: Cents
    canal: Channel
    abaixo_do_utilizado: StrictBool = False


class CardDocument(Document):
    """A card in the customer document."""

    cartao_id: Identity
    numero_mascarado: MaskedNumber
    bandeira: Text
    status: CardStatus
    motivo_bloqueio: Motivo | None = None
    data_bloqueio: Moment | None = None
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
        """The card as the domain knows it."""
        return CardTerms(
            self.cartao_id,
            self.numero_mascarado,
            self.bandeira,
            self.status.value,
            self.motivo_bloqueio,
            parse_time(self.data_bloqueio) if self.data_bloqueio else None,
            self.limite_total,
            self.limite_utilizado or 0,
            self.substitui,
            self.substituido_por,
        )


class OperationDocument(Document):
    """A line of `historico_operacoes`."""

    tipo: Annotated[StrictStr, Field(max_length=40), _PLAIN]
    cartao_id: Identity
    data: Moment
    motivo: Motivo | None = None
    justificativa: Annotated[StrictStr, Field(max_length=1000)] | None = None
    limite_disponivel: SignedCents | None = None
    limite_total: Cents | None = None
    limite_anterior: Cents | None = None
    substituido_por: Identity | None = None
    canal: Channel | None = None

    def operation(self) -> Operation:
        """The operation as the domain knows it."""
        at: WrittenTime = parse_time(self.data)
        return Operation(
            self.tipo,
            self.cartao_id,
            at,
            self.canal,
            self.motivo,
            self.justificativa,
            self.limite_disponivel,
            self.limite_total,
            self.limite_anterior,
            self.substituido_por,
        )


class CustomerDocument(Document):
    """The customer document."""

    cliente_id: Identity
    conta: Identity | None = None
    nome: Text
    cpf: Annotated[StrictStr, _CPF]
    telefone: Annotated[Text, Field(max_length=40)] | None = None
    email: Text | None = None
    cartoes: list[CardDocument] = Field(default_factory=list, max_length=MAX_CARDS)
    historico_operacoes: list[OperationDocument] = Field(default_factory=list, max_length=1000)

    @model_validator(mode="after")
    def _cards_differ(self) -> Self:
        ids = [card.cartao_id for card in self.cartoes]
        if len(ids) != len(set(ids)):
            raise ValueError("two cards have one cartao_id")
        return self
