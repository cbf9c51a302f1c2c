"""The merchants that the load test buys from, and the wallet that each one must draw on.

Names are 40-column card-network descriptors: name, padding, city, country. Four of them are
registered with an MCC of their own and are sent with a misleading one, so a purchase there is
right only if the registered name wins over the MCC of the request.
"""

import json
from dataclasses import dataclass, field

FOOD = "FOOD"
MEAL = "MEAL"
CASH = "CASH"
WALLETS = (FOOD, MEAL, CASH)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant as it appears in a purchase.

    ``mcc`` is what the purchase carries; ``wallet`` is what has to pay, CASH standing in for it.
    """

    name: str
    mcc: str
    wallet: str
    json_fields: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fields = f'"mcc":{json.dumps(self.mcc)},"merchant":{json.dumps(self.name)}'
        object.__setattr__(self, "json_fields", fields)


REGISTERED_MCC_BY_NAME = {
    "UBER TRIP                   SAO PAULO BR": "4121",
    "UBER EATS                   SAO PAULO BR": "5812",
    "PAG*JoseDaSilva          RIO DE JANEI BR": "5411",
    "PICPAY*BILHETEUNICO           GOIANIA BR": "4111",
}
"""What is registered with the server before the load: merchant name to MCC."""

MERCHANTS = (
    Merchant("UBER TRIP                   SAO PAULO BR", "5811", CASH),
    Merchant("UBER EATS                   SAO PAULO BR", "4121", MEAL),
    Merchant("PAG*JoseDaSilva          RIO DE JANEI BR", "5999", FOOD),
    Merchant("PICPAY*BILHETEUNICO           GOIANIA BR", "5412", CASH),
    Merchant("UBER                        SAO PAULO BR", "4121", CASH),
    Merchant("PAG*MariaSouza           RIO DE JANEI BR", "5812", MEAL),
    Merchant("SUPERMERCADO BOM PRECO         RECIFE BR", "5411", FOOD),
    Merchant("MERCEARIA DA ESQUINA         CURITIBA BR", "5412", FOOD),
    Merchant("PADARIA DO ZE               SAO PAULO BR", "5811", MEAL),
    Merchant("LANCHONETE CENTRAL          SAO PAULO BR", "5812", MEAL),
    Merchant("FARMACIA SAO JOAO        PORTO ALEGRE BR", "5912", CASH),
    Merchant("POSTO SHELL                  SALVADOR BR", "5541", CASH),
)
