"""The reports, and the groupings in which each is told, by their words on the wire."""

from typing import Final

SERVICE: Final = "atendimento"
PURCHASES: Final = "transacoes"
REPORTS: Final = (SERVICE, PURCHASES)

BY_DAY: Final = "dia"
TICKET_COLUMNS: Final = {"canal": "channel", "categoria": "category", "atendente": "attendant"}
"""The column of `tickets` by which a grouping of the service metrics goes."""
PURCHASE_DIMENSIONS: Final = {
    "carteira": "wallet",
    "mcc": "mcc",
    "estabelecimento": "merchant",
    "motivo": "reason",
}
"""The dimension of `transaction_days` by which a grouping of purchases goes."""
GROUPINGS: Final = {
    SERVICE: (BY_DAY, *TICKET_COLUMNS),
    PURCHASES: (BY_DAY, *PURCHASE_DIMENSIONS),
}
"""Every grouping of each report."""
