"""Several texts that were sealed as one, opened again."""

from collections.abc import Sequence
from typing import Any

import orjson

from authorizer.domain.sealing import Sealed, Sealer


def open_texts(
    sealer: Sealer, customer_id: str, sealed: Sealed | None, count: int
) -> Sequence[str | None]:
    """The `count` texts that were sealed together; all None where there are none to be had."""
    plain = None if sealed is None else sealer.open(customer_id, sealed)
    if plain is None:
        return (None,) * count
    texts: list[Any] = orjson.loads(plain)
    return texts
