"""Settings that go together, by name: each one that is given as well has its own members first."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from authorizer.domain.accounts.categories import FOOD, MEAL
from authorizer.settings.kinds import NONE

NO_PRESET: Final = "none"

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "pat-br": {
            "wallet_by_mcc": {
                "5411": FOOD,
                "5412": FOOD,
                "5422": FOOD,
                "5441": FOOD,
                "5451": FOOD,
                "5462": FOOD,
                "5499": FOOD,
                "5811": MEAL,
                "5812": MEAL,
                "5814": MEAL,
            },
            "wallet_by_product": {"01": MEAL, "02": FOOD, "03": NONE, "04": MEAL, "05": FOOD},
            "fallback_of": {FOOD: NONE, MEAL: NONE},
        }
    }
)
"""What each sets, by the names of the settings; docs/brazil.md says why."""
