"""What the released journal of `tests/fixtures/journal-v1` holds, batch by batch.

Every kind of event at its version 1. The bytes there never change. When an event changes, its old
records are read as the new event, and only this file follows.
"""

from __future__ import annotations

from typing import Final

from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardUnblocked,
    LimitQueried,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.customers.events import (
    CustomerRegistered,
    OperationsImported,
    PersonalDataRecorded,
)
from authorizer.domain.merchants.events import MerchantRegistered, MerchantRemoved
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.sealing import unsealed

AT_US: Final = 1_751_155_200_123_456
"""2025-06-29T00:00:00.123456Z"""

MERCHANT: Final = "PADARIA DO ZE               SAO PAULO BR"

_ACTIVE = CardTerms("9999", "**** **** **** 1234", "Visa", "ativo", None, None, 500_000, 120_000)
_BLOCKED = CardTerms(
    card_id="8888",
    masked_number="5555 44** **** 4321",
    brand="Mastercard",
    status="bloqueado",
    block_reason="roubo",
    blocked_at=WrittenTime(1_751_068_800_000_000, "2025-06-28T00:00:00Z"),
    limit_total_cents=None,
    limit_used_cents=0,
)

BATCHES: Final[list[list[Event]]] = [
    [
        AccountOpened(AT_US, "api", "123", {"FOOD": 10_000, "MEAL": 5_000, "CASH": 0}, None),
        AccountOpened(AT_US, "import", "conta-ção-€-😀", {"GIFT": 10**17}, "12345"),
    ],
    [AccountLinked(AT_US + 1, "api", "123", "777")],
    [
        CardOpened(AT_US + 5, "api", "123", "777", _ACTIVE),
        CardOpened(AT_US + 5, "api", "123", "777", _BLOCKED),
        CustomerRegistered(AT_US + 5, "api", "777", "123", True, ("9999", "8888")),
        PersonalDataRecorded(
            AT_US + 5,
            "api",
            "777",
            unsealed('["João da Silva","123.456.789-00",null,"joao@example.com"]'),
        ),
        PersonalDataRecorded(
            AT_US + 6, "api", "777", unsealed('["João","12345678900","+55 11 9",null]')
        ),
        OperationsImported(
            AT_US + 6,
            "api",
            "777",
            (
                Operation(
                    "bloqueio",
                    "8888",
                    WrittenTime(1_751_068_800_000_000, "2025-06-27T21:00:00-03:00"),
                    "App Mobile",
                    block_reason="roubo",
                ),
                Operation("consulta_limite", "9999", WrittenTime(5), None, available_cents=380_000),
                Operation("desbloqueio", "9999", WrittenTime(6), "Chat", None, unsealed("engano")),
            ),
        ),
    ],
    [
        AccountCredited(AT_US + 2, "api", "123", "crédito 1", "CASH", 250_000),
        PurchaseApproved(AT_US + 3, "api", "123", "t-1", 1, "5811", MERCHANT, None, None, "MEAL"),
        PurchaseApproved(
            AT_US + 3, "api", "123", None, 300_000, "4111", "PAG*JoseDaSilva", "9999", "5812", None
        ),
        PurchaseDeclined(
            AT_US + 4, "api", "123", "t-2", 10**27, "5411", 'A "B" \\ \t', "9999", None, "too_late"
        ),
        PurchaseDeclined(
            AT_US + 4, "api", "123", None, 2**63, "x", "\u2028", None, "5411", "insufficient_funds"
        ),
    ],
    [
        CardBlocked(AT_US + 7, "api", "123", "9999", "suspeita_fraude", "App Mobile"),
        CardUnblocked(AT_US + 8, "api", "123", "9999", "Telefone", unsealed("cliente confirmou")),
    ],
    [LimitQueried(AT_US + 9, "api", "123", "9999", "Chat", -1)],
    [
        MerchantRegistered(AT_US + 10, "api", "UBER EATS                   SAO PAULO BR", "5812"),
        MerchantRegistered(AT_US + 10, "api", "PAG*JoseDaSilva", "5411"),
        MerchantRemoved(AT_US + 11, "api", "PAG*JoseDaSilva"),
    ],
]
