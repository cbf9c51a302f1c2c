"""Errors as RFC 9457 `application/problem+json`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple, NotRequired, TypeVar

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.access_trail import AccessTrailError
from authorizer.domain.outcomes import Refusal, RefusalKind
from authorizer.followers.events.client import EventsUnavailableError
from authorizer.followers.reports.client import ReportsUnavailableError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = "1"
"""`Retry-After` while reports, events or the access trail are unavailable."""

_STATUS: Final = {
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.CONFLICT: 409,
    RefusalKind.CHANGED: 412,
    RefusalKind.INVALID: 422,
    RefusalKind.OVERLOADED: 503,
    RefusalKind.UNAVAILABLE: 503,
    RefusalKind.GONE: 410,
}


T = TypeVar("T")


class FieldProblem(TypedDict):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[FieldProblem]]
    reason: NotRequired[str]
    """Why a state does not allow a call, in one word."""
    state: NotRequired[str]
    """The state that does not allow it."""


class FieldError(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    message: str


class InvalidRequestError(Exception):
    """The request's fields can't be taken; answered 422 with all that is wrong with them."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


class Refused(Exception):
    """A refusal, on its way to the handler that answers it with its problem."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def accepted(answer: T | Refusal) -> T:
    """The answer of the actors, where it is no refusal.

    Raises:
        Refused: it is one.
    """
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer


def accepted_or_erased(refusal: Refusal | None) -> None:
    """Go on where a customer is known, or was erased: their history stays to be seen.

    Raises:
        Refused: there is no such customer, or they can't be asked for now.
    """
    if refusal is not None and refusal.kind is not RefusalKind.GONE:
        raise Refused(refusal)


def problem_response(
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Response:
    """The problem document of a status; `errors` name the wrong fields."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = [error._asdict() for error in errors]
    document.update(more or {})
    return Response(orjson.dumps(document), status, headers, MEDIA_TYPE)


async def on_refused(_: Request, exception: Exception) -> Response:
    """Answer a refusal of the actors."""
    assert isinstance(exception, Refused)
    return refusal_response(exception.refusal)


def refusal_response(refusal: Refusal) -> Response:
    """The problem that a refusal is."""
    errors = [FieldError(refusal.field, refusal.detail)] if refusal.field else []
    told = {"reason": refusal.reason, "state": refusal.state}
    more = {name: value for name, value in told.items() if value is not None}
    return problem_response(_STATUS[refusal.kind], refusal.detail, errors, more=more)


async def on_http_exception(_: Request, exception: Exception) -> Response:
    """Answer a refusal of Starlette or of an endpoint."""
    assert isinstance(exception, HTTPException)
    return problem_response(
        exception.status_code, exception.detail or "", headers=exception.headers
    )


async def on_invalid_request(_: Request, exception: Exception) -> Response:
    """Answer a request with wrong fields."""
    assert isinstance(exception, InvalidRequestError)
    return problem_response(422, "some fields can't be taken", exception.errors)


async def on_follower_unavailable(_: Request, exception: Exception) -> Response:
    """Answer a question to the read models, or for events, while these are unavailable."""
    assert isinstance(exception, ReportsUnavailableError | EventsUnavailableError)
    return problem_response(503, str(exception), headers={"Retry-After": RETRY_SECONDS})


async def on_access_trail(_: Request, exception: Exception) -> Response:
    """Answer a read of personal data that can't be recorded: without the data."""
    assert isinstance(exception, AccessTrailError)
    return problem_response(503, str(exception), headers={"Retry-After": RETRY_SECONDS})


async def on_bug(_: Request, exception: Exception) -> Response:
    """Answer a bug, with nothing of its cause."""
    del exception
    return bug_response()


def bug_response() -> Response:
    """What is told of a bug."""
    return problem_response(503, "this cannot be answered now")


EXCEPTION_HANDLERS: Final[Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]] = {
    Refused: on_refused,
    HTTPException: on_http_exception,
    InvalidRequestError: on_invalid_request,
    ReportsUnavailableError: on_follower_unavailable,
    EventsUnavailableError: on_follower_unavailable,
    AccessTrailError: on_access_trail,
    Exception: on_bug,
}
"""The handler of each exception that an endpoint raises; the last takes all others."""
