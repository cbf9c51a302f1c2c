"""Errors as RFC 9457 problems."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from authorizer.domain.outcomes import Refusal, RefusalKind
from authorizer.http.api.problems import (
    FieldError,
    InvalidRequestError,
    Refused,
    accepted,
    accepted_or_erased,
    on_bug,
    on_http_exception,
    on_invalid_request,
    on_refused,
    problem_response,
)

REQUEST = Request({"type": "http"})


def document(response: Response) -> dict[str, Any]:
    """The problem, checked to be one."""
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(bytes(response.body))
    assert problem["status"] == response.status_code
    return problem


def refused(refusal: Refusal) -> Response:
    """The answer to a refusal: it is raised, and the handler makes the problem."""
    with pytest.raises(Refused) as caught:
        accepted(refusal)
    return asyncio.run(on_refused(REQUEST, caught.value))


def test_what_is_no_refusal_is_accepted_as_it_is() -> None:
    answer: tuple[int, str] | Refusal = (1, "a")
    assert accepted(answer) is answer


def test_an_erased_customer_stays_to_be_asked_for_and_an_unknown_one_is_not() -> None:
    accepted_or_erased(None)
    accepted_or_erased(Refusal(RefusalKind.GONE, "why"))
    for kind in set(RefusalKind) - {RefusalKind.GONE}:
        with pytest.raises(Refused):
            accepted_or_erased(Refusal(kind, "why"))


def test_a_problem_has_type_title_status_and_detail() -> None:
    assert document(problem_response(404, "there is no such thing")) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no such thing",
    }


def test_a_problem_with_fields_names_each_of_them() -> None:
    errors = [FieldError("a", "bad"), FieldError("b.0", "worse")]
    assert document(problem_response(422, "x", errors))["errors"] == [
        {"field": "a", "message": "bad"},
        {"field": "b.0", "message": "worse"},
    ]


def test_a_problem_may_have_headers() -> None:
    response = problem_response(405, "no", headers={"Allow": "POST"})
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (RefusalKind.NOT_FOUND, 404),
        (RefusalKind.CONFLICT, 409),
        (RefusalKind.INVALID, 422),
        (RefusalKind.OVERLOADED, 503),
        (RefusalKind.UNAVAILABLE, 503),
    ],
)
def test_a_refusal_has_a_status(kind: RefusalKind, status: int) -> None:
    problem = document(refused(Refusal(kind, "why")))
    assert (problem["status"], problem["detail"]) == (status, "why")
    assert "errors" not in problem


def test_every_kind_of_refusal_has_one() -> None:
    for kind in RefusalKind:
        document(refused(Refusal(kind, "why")))


def test_a_refusal_of_a_field_names_it() -> None:
    problem = document(refused(Refusal(RefusalKind.INVALID, "why", "category")))
    assert problem["errors"] == [{"field": "category", "message": "why"}]


def test_what_starlette_refuses_is_a_problem_with_its_headers() -> None:
    exception = HTTPException(405, "no", headers={"Allow": "GET"})
    response = asyncio.run(on_http_exception(REQUEST, exception))
    assert document(response)["detail"] == "no"
    assert response.headers["allow"] == "GET"


def test_fields_that_cannot_be_taken_are_422_with_all_that_is_wrong() -> None:
    exception = InvalidRequestError(FieldError("a", "bad"), FieldError("b", "worse"))
    problem = document(asyncio.run(on_invalid_request(REQUEST, exception)))
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == ["a", "b"]
    assert str(exception) == "a: bad; b: worse"


def test_a_bug_is_no_500_and_tells_nothing_of_the_inside() -> None:
    response = asyncio.run(on_bug(REQUEST, RuntimeError("secret detail")))
    assert document(response)["status"] == 503
    assert b"secret" not in bytes(response.body)
