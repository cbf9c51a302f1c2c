"""The parts of the OpenAPI document that all endpoints share: areas, headers, problems."""

from http import HTTPStatus
from typing import Any, Final

from authorizer.domain.outcomes import Reason
from authorizer.http.api.conditions import IF_MATCH, IF_NONE_MATCH, TAGS_PATTERN
from authorizer.http.api.examples import examples
from authorizer.http.api.fields import MAX_DETAIL_LENGTH, MAX_ID_LENGTH
from authorizer.http.api.negotiation import LAST_EVENT_ID
from authorizer.http.api.openapi_words import reasons_in_words
from authorizer.http.api.problems import MEDIA_TYPE

Json = dict[str, Any]

API_KEY: Final = "apiKey"
TAGS: Final = {
    "transactions": "Purchases are decided.",
    "accounts": "Accounts and their wallets; holds, captures, refunds; limits.",
    "limits": "Velocity limits for every account.",
    "merchants": "Merchant overrides.",
    "clientes": "Customers and what is known of them.",
    "cartoes": "Cards: block, unblock, limit.",
    "chamados": "Tickets.",
    "relatorios": "Reports.",
    "events": "What has happened, for other systems.",
    "operations": "Health, metrics and this description.",
}
"""The description of each area; an area is the first part of its paths."""

_AREAS: Final = {
    "transaction": "transactions",
    "authorize": "transactions",
    "health": "operations",
    "metrics": "operations",
    "openapi.json": "operations",
    "docs": "operations",
}

_WHEN: Final = {
    400: "The body is no JSON document with unique members, or the path is not UTF-8.",
    401: "No API key, or one that is unknown, expired or revoked.",
    403: "The role of this API key may not do this. While there is no key: the request was sent to "
    "another host than loopback, or by a web page that this server did not serve.",
    404: "There is no such thing.",
    409: "The state does not allow it.",
    412: "It is not as the request has seen it.",
    410: "The customer's personal data was erased, or events were moved to an archive.",
    413: "The body is over 64 KiB.",
    422: "Fields or parameters are missing, unknown, repeated or wrong: `errors` names them.",
    429: "This API key makes too many requests.",
    503: "This cannot be answered now. Ask again later.",
}

COMPONENT_HEADERS: Final[Json] = {
    "X-Request-Id": {
        "description": "The request's own id if it was fit, otherwise a new one.",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    },
    "Authorizer-Reason": {
        "description": reasons_in_words(),
        "required": True,
        "schema": {"type": "string", "enum": [reason.name_on_wire for reason in Reason]},
    },
    "Authorizer-Replayed": {
        "description": "This is the answer to an id that was decided before.",
        "schema": {"type": "string", "const": "true"},
    },
    "Authorizer-Detail": {
        "description": "Of `malformed` and `invalid_amount`: which member is wrong, and how.",
        "schema": {
            "type": "string",
            "maxLength": MAX_DETAIL_LENGTH,
            "pattern": "^[ -~]+: [ -~]+$",
        },
    },
    "Retry-After": {
        "description": "Seconds after which to ask again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "WWW-Authenticate": {
        "description": "That a bearer token is wanted, and what is wrong with the one given.",
        "schema": {"type": "string", "pattern": "^Bearer "},
    },
    "Link": {
        "description": 'The page behind this one, as `rel="next"`; missing on the last one.',
        "schema": {"type": "string", "pattern": '^<.*>; rel="next"$'},
    },
    "ETag": {
        "description": "Names this version, for `If-Match` or `If-None-Match`.",
        "schema": {"type": "string"},
    },
    "Authorizer-Same-CPF": {
        "description": "Other customers with this CPF, their ids percent-encoded.",
        "schema": {"type": "string", "minLength": 1},
    },
}

HEADER_PARAMETERS: Final[Json] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The `id`, where the body has none. It may stand in quotation marks.",
        "schema": {"type": "string", "maxLength": MAX_ID_LENGTH, "pattern": "^[!-~]+$"},
    },
    IF_MATCH: {
        "name": IF_MATCH,
        "in": "header",
        "required": False,
        "description": "The version (`ETag`) that is to be changed, or `*` for any; else 412.",
        "schema": {"type": "string", "pattern": TAGS_PATTERN},
    },
    IF_NONE_MATCH: {
        "name": IF_NONE_MATCH,
        "in": "header",
        "required": False,
        "description": "`*`: only if there is none yet; else 412.",
        # not a const, which openapi-python-client takes in no header: it leaves the call out
        "schema": {"type": "string", "pattern": r"^\*$"},
    },
    LAST_EVENT_ID: {
        "name": LAST_EVENT_ID,
        "in": "header",
        "required": False,
        "description": "Of a stream: the position that was heard last, in the place of `after`.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    },
}

PROBLEM_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

_PROBLEM_HEADERS: Final = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def area_of(path: str) -> str:
    """The area that a path belongs to."""
    first = path.split("/")[1]
    return _AREAS.get(first, first)


def headers_of(*names: str) -> Json:
    """The headers of an answer: the request id, and these."""
    return {
        name: {"$ref": f"#/components/headers/{name}"} for name in sorted({"X-Request-Id", *names})
    }


def problem_name(status: int) -> str:
    """The component name of the problem of a status."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def problem_component(status: int) -> Json:
    """The component of the problem of a status."""
    described = PROBLEM_CONTENT[MEDIA_TYPE] | examples().problem(status)
    return {
        "description": _WHEN[status],
        "headers": headers_of(*_PROBLEM_HEADERS.get(status, ())),
        "content": {MEDIA_TYPE: described},
    }
