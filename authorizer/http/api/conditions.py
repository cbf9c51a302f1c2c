"""Conditions of a request: the version that it changes, and whether its answer will be seen.

Versions are entity tags (RFC 9110, 8.8.3): the journal position of the newest change, in quotes.
"""

import re
from typing import Final

from starlette.requests import Request

from authorizer.domain.preconditions import ABSENT, PRESENT, Precondition, at_one_of
from authorizer.http.api.problems import FieldError, InvalidRequestError

IF_MATCH: Final = "If-Match"
IF_NONE_MATCH: Final = "If-None-Match"
TAGS_PATTERN: Final = (
    r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$'  # RFC 9110, 13.1.1, and no obs-text
)
_TAG: Final = re.compile(r'(W/)?"([!#-~]*)"')
_POSITION: Final = re.compile(r"[0-9]{1,18}")
_TAGS: Final = re.compile(TAGS_PATTERN)

_MASKED: Final = "m"
_PREFETCH: Final = ("sec-purpose", "purpose", "x-moz")
"""Headers of a prefetch: the Fetch standard's, older Chromium and Safari, older Firefox."""


def entity_tag(position: int, masked: bool) -> str:
    """The entity tag of a document at a position. The masked form of it has another tag."""
    return f'"{position}{_MASKED if masked else ""}"'


def precondition_of(request: Request) -> Precondition | None:
    """The precondition of a change, from `If-Match` and `If-None-Match`; None without them.

    Raises:
        InvalidRequestError: the headers can't be read.
    """
    if_match = _header(request, IF_MATCH)
    if_none_match = _header(request, IF_NONE_MATCH)
    if if_none_match is not None:
        if if_none_match != "*":
            raise InvalidRequestError(FieldError(IF_NONE_MATCH, "must be *"))
        return ABSENT if if_match is None else at_one_of(())  # nothing is there and is not
    if if_match is None:
        return None
    if if_match == "*":
        return PRESENT
    if _TAGS.fullmatch(if_match) is None:
        raise InvalidRequestError(FieldError(IF_MATCH, 'must be * or versions as "123", in quotes'))
    tags = [tag for weak, tag in _TAG.findall(if_match) if not weak]  # a weak one never matches
    return at_one_of(int(tag) for tag in tags if _POSITION.fullmatch(tag))


def is_unseen(request: Request) -> bool:
    """Whether the answer is shown to no person: a prefetch, or HEAD."""
    if request.method == "HEAD":
        return True
    return any("prefetch" in request.headers.get(name, "").lower() for name in _PREFETCH)


def _header(request: Request, name: str) -> str | None:
    values = request.headers.getlist(name)
    return ", ".join(values).strip(" \t") if values else None
