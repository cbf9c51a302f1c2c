"""The words of the wire in the Portuguese of a page."""

from typing import Any, Final

from authorizer.domain.accounts.categories import CASH, CREDIT_LIMIT, FOOD, MEAL
from authorizer.domain.outcomes import Reason

REASONS: Final = {
    Reason.APPROVED: "aprovada",
    Reason.INSUFFICIENT_FUNDS: "saldo insuficiente",
    Reason.MALFORMED: "pedido malformado",
    Reason.INVALID_AMOUNT: "valor inválido",
    Reason.ACCOUNT_NOT_FOUND: "conta desconhecida",
    Reason.CARD_NOT_FOUND: "cartão desconhecido",
    Reason.CARD_BLOCKED: "cartão bloqueado",
    Reason.DUPLICATE_MISMATCH: "id repetido com outros dados",
    Reason.TOO_LATE: "tarde demais",
    Reason.OVERLOADED: "sobrecarga",
    Reason.UNAVAILABLE: "indisponível",
    Reason.PARTIALLY_APPROVED: "aprovada em parte",
    Reason.ACCOUNT_FROZEN: "conta congelada",
    Reason.ACCOUNT_CLOSED: "conta encerrada",
    Reason.REVERSED_BEFORE: "estornada antes de chegar",
    Reason.CARD_CONTROL: "controle do cartão",
    Reason.MERCHANT_NOT_ELIGIBLE: "estabelecimento não elegível",
    Reason.AMOUNT_LIMIT: "limite de valor",
    Reason.COUNT_LIMIT: "limite de quantidade",
}
_WORDS: Final = {
    "motivo": {reason.name_on_wire: text for reason, text in REASONS.items()},
    "carteira": {
        FOOD: f"alimentação ({FOOD})",
        MEAL: f"refeição ({MEAL})",
        CASH: f"saldo livre ({CASH})",
        CREDIT_LIMIT: "limite do cartão",
    },
}
_NONE: Final = {"carteira": "(nenhuma)"}


def group_name(by: str, name: Any) -> str:
    """The name of a report's group on a page; names that come from outside stay as they are."""
    if name is None:
        return _NONE.get(by, "(nenhum)")
    return _WORDS.get(by, {}).get(name, str(name))
