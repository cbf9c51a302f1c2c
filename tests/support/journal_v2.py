"""What the released journal of `tests/fixtures/journal-v2` holds, batch by batch.

Every kind of event as it was when personal text came to be sealed. The bytes there never change.
When an event changes, its old records are read as the new event, and only this file follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import count
from typing import Final

from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.customers.events import (
    CustomerRegistered,
    OperationsImported,
    PersonalDataErased,
    PersonalDataRecorded,
)
from authorizer.domain.customers.person import Person
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.events import (
    InteractionRecorded,
    TicketClosed,
    TicketOpened,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketTaken,
)
from authorizer.persistence.disk import Disk
from authorizer.persistence.privacy.personal import join_texts
from authorizer.persistence.privacy.vault import Vault
from authorizer.simulation.memory_disk import MemoryDisk

AT_US: Final = 1_782_864_000_123_456
"""2026-07-01T00:00:00.123456Z"""
BY: Final = "atendente:k1"
CUSTOMERS: Final = ("777", "forgotten-é")
PERSON: Final = Person("João da Silva", "123.456.789-00", "+55 11 91234-5678", "joao@example.com")
JUSTIFICATION: Final = "cliente confirmou — é ele"
PROTOCOL: Final = "20260701000001"


def _unrandom() -> Callable[[int], bytes]:
    """Bytes that are the same on every run, as the released bytes must be."""
    numbers = count()
    return lambda length: hashlib.sha256(b"journal-v2 %d" % next(numbers)).digest()[:length]


def make_keys(disk: Disk) -> Vault:
    """The keys of the people in the journal; the second person's is destroyed later."""
    vault = Vault(disk, "keys", _unrandom())
    for customer_id in CUSTOMERS:
        vault.create([customer_id])
    return vault


_VAULT: Final = make_keys(MemoryDisk())


def _seal(plain: str, customer_id: str = "777") -> Sealed:
    return _VAULT.seal(customer_id, plain)


_ACTIVE = CardTerms("9999", "**** **** **** 1234", "Visa", "ativo", None, None, 500_000, 120_000)
_NEW = CardTerms(
    card_id="9999-2",
    masked_number="**** **** **** 1234",
    brand="Visa",
    status="ativo",
    block_reason=None,
    blocked_at=None,
    limit_total_cents=600_000,
    limit_used_cents=120_000,
    replaces="9999",
)
_MERCHANT: Final = "PADARIA DO ZE               SAO PAULO BR"

BATCHES: Final[list[list[Event]]] = [
    [
        AccountOpened(AT_US, "local", "123", {"FOOD": 10_000, "MEAL": 5_000, "CASH": 0}, None),
        AccountLinked(AT_US + 1, BY, "123", "777"),
        CustomerRegistered(AT_US + 1, BY, "777", "123", True, ("9999",)),
        PersonalDataRecorded(AT_US + 1, BY, "777", _seal(join_texts(PERSON))),
        CustomerRegistered(AT_US + 1, BY, "forgotten-é", "forgotten-é", False, ()),
        PersonalDataRecorded(
            AT_US + 1, BY, "forgotten-é", _seal(join_texts(PERSON), "forgotten-é")
        ),
        OperationsImported(
            AT_US + 1,
            BY,
            "777",
            (
                Operation(
                    "desbloqueio",
                    "9999",
                    WrittenTime(1_751_068_800_000_000, "2025-06-27T21:00:00-03:00"),
                    "App Mobile",
                    justification=_seal(JUSTIFICATION),
                ),
                Operation("consulta_limite", "9999", WrittenTime(5), None, available_cents=380_000),
            ),
        ),
        CardOpened(AT_US + 1, BY, "123", "777", _ACTIVE),
    ],
    [
        AccountCredited(AT_US + 2, "operador:k2", "123", "crédito 1", "CASH", 250_000),
        PurchaseApproved(
            AT_US + 3, "terminal:k3", "123", "t-1", 1, "5811", _MERCHANT, None, None, "MEAL"
        ),
        PurchaseDeclined(
            AT_US + 4, "terminal:k3", "123", "t-2", 10**27, "5411", "X", "9999", None, "too_late"
        ),
    ],
    [
        CardBlocked(AT_US + 7, BY, "123", "9999", "suspeita_fraude", "App Mobile"),
        CardUnblocked(AT_US + 8, BY, "123", "9999", "Telefone", _seal(JUSTIFICATION)),
        LimitChanged(AT_US + 9, BY, "123", "9999", "Chat", 600_000, 500_000),
        LimitQueried(AT_US + 9, BY, "123", "9999", "Chat", 480_000),
        CardReplaced(AT_US + 9, BY, "123", "777", "9999", "danificado", "Chat", _NEW),
    ],
    [
        MerchantRegistered(AT_US + 10, "operador:k2", "PAG*JoseDaSilva", "5411"),
        MerchantRemoved(AT_US + 11, "operador:k2", "PAG*JoseDaSilva"),
    ],
    [
        TicketOpened(
            AT_US + 12, BY, PROTOCOL, "777", "fatura", "alta", "App", "9999-2",
            14_400_000_000, 86_400_000_000, _seal('["Fatura","Não reconheço"]'),
        ),
        TicketTaken(AT_US + 13, BY, PROTOCOL, "777", "Ana", "Chat"),
        InteractionRecorded(
            AT_US + 14, BY, PROTOCOL, "777", "atendente", "Ana", "Chat", True,
            _seal('["Qual compra?",null]'),
        ),
        TicketPaused(AT_US + 15, BY, PROTOCOL, "777", "Chat"),
        TicketResumed(AT_US + 16, BY, PROTOCOL, "777", "Chat"),
        TicketResolved(AT_US + 17, BY, PROTOCOL, "777", "Ana", "Chat", _seal('["Estornada"]')),
        TicketReopened(AT_US + 18, BY, PROTOCOL, "777", "App", _seal('["Voltou"]')),
        TicketResolved(AT_US + 19, BY, PROTOCOL, "777", "Ana", "Chat", _seal('["Estornada"]')),
        TicketClosed(AT_US + 20, BY, PROTOCOL, "777", "Chat"),
    ],
    [PersonalDataErased(AT_US + 21, BY, "forgotten-é")],
]  # fmt: skip
