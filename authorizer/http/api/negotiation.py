"""Content negotiation: the media type and the language that a client prefers (RFC 9110, 12.5)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

JSON: Final = "application/json"
CSV: Final = "text/csv"
HTML: Final = "text/html"
EVENT_STREAM: Final = "text/event-stream"
LAST_EVENT_ID: Final = "Last-Event-ID"
_FORMS: Final = (JSON, CSV, HTML)
_QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
_PORTUGUESE: Final = "pt"


def preferred_form(accept: str, forms: Sequence[str] = _FORMS) -> str:
    """The media type that an `Accept` header prefers: by default JSON, CSV or HTML.

    The first where all are equal, none is acceptable, or the header can't be parsed.
    """
    return max(forms, key=lambda form: _quality_of(form, accept))


def prefers_portuguese(accept_language: str) -> bool:
    """Whether the first choice of an `Accept-Language` header is Portuguese, of any country."""
    language, weight = max(_parts(accept_language), key=lambda part: part[1])
    return weight > 0 and language.partition("-")[0] == _PORTUGUESE


def _quality_of(media_type: str, accept: str) -> float:
    """The quality of a media type, 0 to 1, by the most specific range that matches it."""
    kind = media_type.partition("/")[0]
    ranges = ("*/*", f"{kind}/*", media_type)
    best = (-1, 0.0)
    for name, weight in _parts(accept):
        if name in ranges:
            best = max(best, (ranges.index(name), weight))
    return best[1]


def _parts(header: str) -> Iterable[tuple[str, float]]:
    for part in header.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        yield name, _weight(parameters)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return 1.0
