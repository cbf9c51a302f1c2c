"""What happens in the demo data: two weeks of purchases, cards and a service desk.

Each rule of a purchase is in it, and a ticket in each state, so that every list and report has
something to show. Account 123 is left alone: README begins with it.
"""

from collections.abc import Iterator
from datetime import time
from typing import Final, NamedTuple

from authorizer.domain.accounts.cards import BlockReason
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    ChangeLimit,
    Credit,
    QueryLimit,
    UnblockCard,
)
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, Capture, PutLimit, Refund
from authorizer.domain.tickets.commands import (
    CloseTicket,
    OpenTicket,
    PauseTicket,
    RecordInteraction,
    ReopenTicket,
    Resolution,
    ResolveTicket,
    TakeTicket,
)
from authorizer.domain.tickets.service_levels import Priority
from authorizer.domain.tickets.state import ATTENDANT, BOT, CUSTOMER

Step = (
    Authorize
    | Credit
    | BlockCard
    | UnblockCard
    | ChangeLimit
    | QueryLimit
    | AuthorizeHold
    | Capture
    | Refund
    | PutLimit
    | OpenTicket
    | TakeTicket
    | RecordInteraction
    | PauseTicket
    | ResolveTicket
    | ReopenTicket
    | CloseTicket
)
"""Something that is asked for. A ticket is named by the client's own id, before it has a number."""


class Scene(NamedTuple):
    """A step, and when it is taken: so many days ago, at a local time."""

    days_ago: int
    at: time
    step: Step


FIRST_DAYS_AGO: Final = 14
"""The accounts, merchants and customers of the demo are there from that day on."""

_BY: Final = "init"
_CUSTOMER: Final = "12345"
_ROBBED, _LIMIT_CARD = "987654321", "555666777"

_MARKET: Final = "MERCADO DO BAIRRO           SAO PAULO BR"
_BAKERY: Final = "PADARIA DO ZE               SAO PAULO BR"
_LUNCH: Final = "RESTAURANTE DA ESQUINA      SAO PAULO BR"
_PHARMACY: Final = "FARMACIA CENTRAL            SAO PAULO BR"
_SHOES: Final = "SAPATARIA MODELO            SAO PAULO BR"
_UBER_EATS: Final = "UBER EATS                   SAO PAULO BR"
_HOTEL: Final = "HOTEL DA PRACA              SAO PAULO BR"
_UBER_TRIP: Final = "UBER TRIP                   SAO PAULO BR"

_FRAUD, _PIN, _LIMIT, _DELIVERY, _BENEFIT, _RATE, _STATEMENT = (
    "demo-compra-estranha",
    "demo-senha",
    "demo-aumento-de-limite",
    "demo-entrega",
    "demo-vale-nao-caiu",
    "demo-juros",
    "demo-extrato",
)


def story() -> Iterator[Scene]:
    """All scenes, in the order of time."""
    scenes = (Scene(days_ago, time.fromisoformat(at), step) for days_ago, at, step in _steps())
    return iter(sorted(scenes, key=lambda scene: (-scene.days_ago, scene.at)))


def _steps() -> Iterator[tuple[int, str, Step]]:
    yield from _purchases()
    yield from _lives()
    yield from _cards()
    yield from _tickets()


def _purchases() -> Iterator[tuple[int, str, Step]]:
    yield 13, "06:00", _credit("456", "FOOD", 300_00)
    yield 13, "06:00", _credit("456", "MEAL", 200_00)
    yield 13, "06:00", _credit("789", "CASH", 150_00)
    yield 13, "06:00", _credit("12345", "FOOD", 350_00)
    yield 13, "06:00", _credit("12345", "MEAL", 250_00)
    # The wallet that the merchant's category names.
    yield 13, "09:12", _buy("456", 82_35, "5411", _MARKET)
    yield 12, "12:20", _buy("456", 31_90, "5812", _LUNCH)
    yield 11, "12:41", _buy("12345", 42_50, "5812", _LUNCH, _LIMIT_CARD)
    yield 10, "18:05", _buy("12345", 128_70, "5411", _MARKET, _LIMIT_CARD)
    yield 8, "08:02", _buy("456", 14_80, "5811", _BAKERY)
    yield 6, "17:30", _buy("12345", 96_15, "5412", _MARKET, _LIMIT_CARD)
    yield 4, "12:33", _buy("456", 28_00, "5812", _LUNCH)
    # Any other category, and a wallet that can't pay all of it: cash.
    yield 12, "19:44", _buy("789", 37_25, "5912", _PHARMACY)
    yield 9, "10:15", _buy("789", 64_90, "5411", _MARKET)
    yield 5, "13:02", _buy("789", 22_40, "5811", _BAKERY)
    # A registered merchant: its own category, not the one that the purchase says.
    yield 10, "20:51", _buy("456", 46_70, "5999", _UBER_EATS)
    yield 7, "07:55", _buy("456", 18_30, "4121", _UBER_TRIP)
    yield 3, "20:18", _buy("12345", 54_90, "5999", _UBER_EATS, _LIMIT_CARD)
    # No wallet covers it, the limit of the card does.
    yield 9, "16:27", _buy("12345", 219_90, "5661", _SHOES, _LIMIT_CARD)
    yield 2, "11:08", _buy("12345", 89_00, "5912", _PHARMACY, _LIMIT_CARD)
    # Declined.
    yield 8, "15:19", _buy("789", 420_00, "5661", _SHOES)
    yield 6, "21:10", _buy("12345", 2_890_00, "5661", _SHOES, _LIMIT_CARD)
    yield 5, "03:14", _buy("12345", 150_00, "5661", _SHOES, _ROBBED)
    yield 4, "16:02", _buy("456", 75_00, "5912", _PHARMACY, "000000000")
    yield 1, "09:30", _buy("12345", 33_00, "5812", _LUNCH, _ROBBED)
    yield 1, "12:15", _buy("456", 26_40, "5812", _LUNCH)


def _cards() -> Iterator[tuple[int, str, Step]]:
    yield 11, "10:00", QueryLimit("12345", _LIMIT_CARD, "App Mobile", _BY)
    reason = BlockReason.SUSPECTED_FRAUD
    yield 7, "09:05", BlockCard("12345", _LIMIT_CARD, reason, "Telefone", _BY)
    told = "O cliente reconheceu as compras."
    yield 7, "10:40", UnblockCard("12345", _LIMIT_CARD, "Telefone", told, _BY)
    yield 3, "10:25", ChangeLimit("12345", _LIMIT_CARD, 2_000_00, False, "Chat", _BY)


def _tickets() -> Iterator[tuple[int, str, Step]]:
    # Closed, in time.
    yield (
        7,
        "09:00",
        _open(_FRAUD, "Compra que não fiz", "contestação", Priority.HIGH, "Telefone", _LIMIT_CARD),
    )
    yield (
        7,
        "09:04",
        _say(_FRAUD, ATTENDANT, "Ana", "Telefone", "Vou bloquear o cartão e verificar."),
    )
    yield (
        7,
        "10:38",
        _resolve(_FRAUD, "Ana", "Telefone", "Compra reconhecida pelo cliente, cartão liberado."),
    )
    yield 6, "09:00", CloseTicket(_FRAUD, "Sistema", _BY)
    # Closed, and the first answer was a bot's; the attendant's came too late.
    yield 12, "08:50", _open(_PIN, "Esqueci a senha", "senha", Priority.URGENT, "App Mobile")
    yield 12, "08:50", _say(_PIN, BOT, None, "App Mobile", "Recebemos o seu pedido.")
    yield 12, "09:35", _say(_PIN, ATTENDANT, "Rui", "App Mobile", "A senha nova vai por carta.")
    yield 12, "09:50", _resolve(_PIN, "Rui", "App Mobile", "Senha nova enviada.")
    yield 10, "08:00", CloseTicket(_PIN, "Sistema", _BY)
    # Resolved, after the customer was waited for.
    yield (
        4,
        "11:00",
        _open(_LIMIT, "Aumento de limite", "limite", Priority.MEDIUM, "Chat", _LIMIT_CARD),
    )
    yield 4, "11:20", TakeTicket(_LIMIT, "Ana", "Chat", _BY)
    yield 4, "11:25", PauseTicket(_LIMIT, "Chat", "Qual limite deseja?", "Ana", _BY)
    yield 3, "09:40", _say(_LIMIT, CUSTOMER, None, "Chat", "Dois mil reais.")
    yield 3, "10:30", _resolve(_LIMIT, "Ana", "Chat", "Limite alterado para 2.000,00.")
    # Reopened.
    yield 5, "14:00", _open(_BENEFIT, "O vale não caiu", "saldo", Priority.HIGH, "Email")
    yield (
        5,
        "14:50",
        _say(_BENEFIT, ATTENDANT, "Rui", "Email", "O crédito entrou no dia combinado."),
    )
    yield 5, "15:00", _resolve(_BENEFIT, "Rui", "Email", "O crédito está no extrato.")
    yield 2, "08:30", ReopenTicket(_BENEFIT, "Falta o vale da refeição.", "Email", _BY)
    # Waits for the customer.
    yield 2, "15:00", _open(_DELIVERY, "O cartão não chegou", "entrega", Priority.LOW, "Chat")
    yield 2, "16:10", PauseTicket(_DELIVERY, "Chat", "Pode confirmar o endereço?", "Rui", _BY)
    # Somebody is at it.
    yield 1, "14:00", _open(_RATE, "Que juros são esses?", "fatura", Priority.MEDIUM, "Telefone")
    yield 1, "14:20", _say(_RATE, ATTENDANT, "Ana", "Telefone", "Vou verificar a fatura.")
    # Open, and nobody has answered.
    yield (
        1,
        "17:45",
        _open(_STATEMENT, "Onde vejo o extrato?", "dúvida", Priority.MEDIUM, "App Mobile"),
    )


def _lives() -> Iterator[tuple[int, str, Step]]:
    """Purchases of several messages, and a limit that only watches."""
    # Captured for less than was held, and refunded in part.
    yield 9, "19:40", _hold("456", "demo-jantar", 48_00, "5812", _LUNCH)
    yield 9, "21:55", _capture("456", "demo-jantar", 44_50)
    yield 8, "10:30", Refund("456", "demo-jantar", "demo-devolucao", 4_50, _BY)
    # Open: a hotel holds for longer than a shop.
    yield 2, "15:10", _hold("789", "demo-hotel", 120_00, "7011", _HOTEL)
    terms = LimitTerms("day", None, 300_00, None, LimitScope(), LimitMode.SHADOW)
    yield 1, "09:00", PutLimit("456", "dia", False, terms, (), None, 0, _BY)


def _hold(account_id: str, purchase_id: str, cents: int, mcc: str, merchant: str) -> AuthorizeHold:
    return AuthorizeHold(
        account_id, purchase_id, cents, mcc, merchant, None, False, None, None, 0, _BY
    )


def _capture(account_id: str, purchase_id: str, cents: int) -> Capture:
    return Capture(
        account_id, purchase_id, "demo-captura", cents, True, False, None, None, None, _BY
    )


def _credit(account_id: str, wallet: str, amount_cents: int) -> Credit:
    return Credit(account_id, f"demo-vale-{wallet}", wallet, amount_cents, _BY)


def _buy(
    account_id: str, amount_cents: int, mcc: str, merchant: str, card_id: str | None = None
) -> Authorize:
    return Authorize(account_id, None, amount_cents, mcc, merchant, card_id, 0, _BY)


def _open(
    client_id: str,
    subject: str,
    category: str,
    priority: Priority,
    channel: str,
    card_id: str | None = None,
) -> OpenTicket:
    description = "Chamado de demonstração."
    return OpenTicket(
        _CUSTOMER, subject, description, category, priority, channel, card_id, None, _BY, client_id
    )


def _say(
    client_id: str, author: str, name: str | None, channel: str, message: str
) -> RecordInteraction:
    return RecordInteraction(client_id, author, name, channel, message, True, _BY)


def _resolve(client_id: str, attendant: str, channel: str, text: str) -> ResolveTicket:
    return ResolveTicket(client_id, Resolution(attendant, text), channel, _BY)
