"""JSON with exact numbers, and the documents that the tests send."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

Document = dict[str, Any]
MCC: Final = {"FOOD": "5411", "MEAL": "5812", "CASH": "5999"}
"""An MCC that each wallet pays for first."""
MADE_HERE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it is spelled: `5000.00` and `5000.0` differ."""

    text: str


def encode(value: object) -> bytes:
    """Serialise `value`; a Decimal or a Number keeps its digits."""
    return _text(value).encode()


def _text(value: object) -> str:
    if isinstance(value, Number):
        return value.text
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        members = (f"{json.dumps(str(name))}:{_text(member)}" for name, member in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value)


def decode(body: bytes) -> Any:
    """Parse an answer; numbers with a fraction become Decimal. A member named twice is an error."""
    return json.loads(body, parse_float=Decimal, object_pairs_hook=_without_duplicates)


def decode_spelled(body: bytes) -> Any:
    """Parse an answer; every number becomes a Number, so that equality compares the spelling."""
    return json.loads(
        body, parse_float=Number, parse_int=Number, object_pairs_hook=_without_duplicates
    )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError(f"a member is named twice: {[name for name, _ in pairs]}")
    return document


def money(text: str) -> Number:
    """An amount in reais, spelled as the contract spells it: `money("10.00")`."""
    return Number(text)


def purchase(
    account: str,
    amount: str | int,
    *,
    mcc: str = "5411",
    merchant: str = "LOJA X",
    **more: object,
) -> Document:
    """A transaction as the challenge writes it; `more` adds members such as `id` and `card`."""
    document: Document = {
        "account": account,
        "totalAmount": Number(str(amount)),
        "mcc": mcc,
        "merchant": merchant,
    }
    return document | more


def card(card_id: str, limit: str = "1000.00", used: str = "0.00", **more: object) -> Document:
    """An active card as it stands in the customer document; `more` replaces or adds members."""
    available = Decimal(limit) - Decimal(used)
    document: Document = {
        "cartao_id": card_id,
        "numero_mascarado": f"**** **** **** {card_id[-4:].rjust(4, '0')}",
        "bandeira": "Visa",
        "status": "ativo",
        "limite_total": Number(limit),
        "limite_utilizado": Number(used),
        "limite_disponivel": Number(f"{available:.2f}"),
    }
    return document | more


def customer(customer_id: str, *cards: Document, **more: object) -> Document:
    """A customer document with an empty history; `more` replaces or adds members."""
    document: Document = {
        "cliente_id": customer_id,
        "nome": "Maria Souza",
        "cpf": "123.456.789-00",
        "telefone": "+55 11 91234-5678",
        "email": "maria@example.com",
        "cartoes": list(cards),
        "historico_operacoes": [],
    }
    return document | more


def time_of(text: str) -> datetime:
    assert MADE_HERE.fullmatch(text), text
    return datetime.fromisoformat(text)
