"""Errors as RFC 9457 `application/problem+json`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.access_trail import AccessTrailError
from authorizer.domain.outcomes import Refusal, RefusalKind
from authorizer.followers.reports.client import ReportsUnavailableError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = "1"
"""When to ask again for a report that was not to be had."""

_STATUS: Final = {
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.CONFLICT: 409,
    RefusalKind.CHANGED: 412,
    RefusalKind.INVALID: 422,
    RefusalKind.OVERLOADED: 503,
    RefusalKind.UNAVAILABLE: 503,
    RefusalKind.GONE: 410,
}


class FieldError(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    message: str


class InvalidRequestError(Exception):
    """The request's fields can't be taken; answered 422 with all that is wrong with them."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def problem_response(
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem with its status, its title, what happened, and the fields that are wrong."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = [error._asdict() for error in errors]
    return Response(orjson.dumps(document), status, headers, MEDIA_TYPE)


def refused(refusal: Refusal) -> Response:
    """The problem that a refusal is."""
    errors = [FieldError(refusal.field, refusal.detail)] if refusal.field else []
    return problem_response(_STATUS[refusal.kind], refusal.detail, errors)


async def on_http_exception(_: Request, exception: Exception) -> Response:
    """What Starlette or an endpoint refused."""
    assert isinstance(exception, HTTPException)
    return problem_response(
        exception.status_code, exception.detail or "", headers=exception.headers
    )


async def on_invalid_request(_: Request, exception: Exception) -> Response:
    """A request whose fields can't be taken."""
    assert isinstance(exception, InvalidRequestError)
    return problem_response(422, "some fields can't be taken", exception.errors)


async def on_reports_unavailable(_: Request, exception: Exception) -> Response:
    """A question about the past that has no answer now."""
    assert isinstance(exception, ReportsUnavailableError)
    return problem_response(503, str(exception), headers={"Retry-After": RETRY_SECONDS})


async def on_access_trail(_: Request, exception: Exception) -> Response:
    """Personal data was asked for, and who reads it can't be recorded: it is not answered."""
    assert isinstance(exception, AccessTrailError)
    return problem_response(503, str(exception), headers={"Retry-After": RETRY_SECONDS})


async def on_bug(_: Request, exception: Exception) -> Response:
    """A bug: the caller learns that there is no answer now, and nothing of the inside."""
    del exception
    return problem_response(503, "this cannot be answered now")
