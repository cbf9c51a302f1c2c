"""Which of two forms a client prefers (RFC 9110, 12.5.1)."""

import re
from typing import Final

CSV: Final = "text/csv"
JSON: Final = "application/json"
_QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def prefers_csv(accept: str) -> bool:
    """Whether an `Accept` header prefers CSV to JSON.

    JSON is the answer to whoever likes both equally, wants neither, or can't be understood.
    """
    return _quality_of(CSV, accept) > _quality_of(JSON, accept)


def _quality_of(media_type: str, accept: str) -> float:
    """How much a media type is liked, 0 to 1; the most specific range that matches it counts."""
    kind = media_type.partition("/")[0]
    ranges = ("*/*", f"{kind}/*", media_type)
    best = (-1, 0.0)
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name in ranges:
            best = max(best, (ranges.index(name), _weight(parameters)))
    return best[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return 1.0
