"""What declined a purchase, and what would have: as JSON in the tables."""

from typing import Any

import orjson

from authorizer.domain.accounts.deciders import Decider, LimitName


def decider_texts(event: Any) -> tuple[str | None, str | None]:
    """The columns `decided_by` and `shadow` of an event; None where it has none."""
    decided_by: Decider | None = getattr(event, "decided_by", None)
    shadow: tuple[LimitName, ...] = getattr(event, "shadow", ())
    return (
        None if decided_by is None else _json(decided_by._asdict()),
        _json([each._asdict() for each in shadow]) if shadow else None,
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
