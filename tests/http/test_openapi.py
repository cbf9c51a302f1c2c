"""The OpenAPI document: whole, true to the declarations, and a valid one."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.requests import Request

from authorizer import http
from authorizer.domain.access import Role
from authorizer.domain.outcomes import Reason
from authorizer.http.api.endpoints import Endpoint, NotJson, endpoint, endpoints_of
from authorizer.http.api.openapi import openapi_document, operation_id, problems_of
from authorizer.http.api.openapi_parts import TAGS, area_of
from authorizer.http.api.openapi_words import REASONS
from tests.support.endpoints import ENDPOINTS

Json = dict[str, Any]

NAMES = [f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS]
DOCUMENT = openapi_document(ENDPOINTS, "1.2.3")


def operation(method: str, path: str) -> Json:
    found: Json = DOCUMENT["paths"][path][method.lower()]
    return found


def schema(name: str) -> Json:
    found: Json = DOCUMENT["components"]["schemas"][name]
    return found


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["info"]["version"] == "1.2.3"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_an_endpoint_says_what_it_does_takes_and_answers(endpoint: Endpoint) -> None:
    assert re.fullmatch(r"[A-Z].*\.", endpoint.summary), "a summary is a sentence"
    assert endpoint.answers, "an endpoint says what it answers when all is well"
    assert not any(status >= 400 and status != 503 for status in endpoint.answers)
    assert (endpoint.body is not None) is (endpoint.method in ("POST", "PUT"))
    assert area_of(endpoint.path) in TAGS
    described = operation(endpoint.method, endpoint.path)
    assert set(described["responses"]) == {
        *map(str, endpoint.answers),
        *map(str, problems_of(endpoint)),
    }


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_an_operation_says_who_may_ask(endpoint: Endpoint) -> None:
    described = operation(endpoint.method, endpoint.path)
    if endpoint.roles is None:
        assert described["security"] == []
        assert "x-roles" not in described
        assert "401" not in described["responses"]
    else:
        assert described["security"] == [{"apiKey": []}]
        assert {Role(name) for name in described["x-roles"]} == endpoint.roles
        assert all(name in described["description"] for name in described["x-roles"])
        assert "401" in described["responses"]
    assert "403" in described["responses"], "while there is no key, pages of others may not ask"


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation_id(endpoint) for endpoint in ENDPOINTS]
    assert len(set(names)) == len(names)
    assert "post_cartoes_cartao_id_bloqueio" in names


def test_a_transaction_is_answered_200_with_one_of_three_codes() -> None:
    for path in ("/transactions", "/transaction", "/authorize"):
        responses = operation("POST", path)["responses"]
        assert set(responses) == {"200", "401", "403"}
        assert set(responses["200"]["headers"]) == {
            "Authorizer-Detail",
            "Authorizer-Reason",
            "Authorizer-Replayed",
            "X-Request-Id",
        }
    assert schema("Decision")["properties"]["code"]["enum"] == ["00", "51", "07"]
    assert schema("Decision")["additionalProperties"] is False


def test_errors_are_problems_with_their_headers() -> None:
    responses = DOCUMENT["components"]["responses"]
    assert {"Unauthorized", "Forbidden", "NotFound", "Conflict", "Gone"} <= set(responses)
    for response in responses.values():
        assert list(response["content"]) == ["application/problem+json"]
        assert "X-Request-Id" in response["headers"]
    assert "WWW-Authenticate" in responses["Unauthorized"]["headers"]
    assert "Retry-After" in responses["TooManyRequests"]["headers"]


def test_parameters_of_the_query_have_their_types_and_defaults() -> None:
    parameters = {
        one["name"]: one
        for one in operation("GET", "/accounts/{account}/transactions")["parameters"]
    }
    assert parameters["account"]["in"] == "path"
    assert parameters["account"]["required"]
    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 200,
        "default": 50,
    }
    assert parameters["limite"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 200,
        "examples": [2],
    }
    assert parameters["limite"]["description"] == "The same as `limit`; one of the two."
    assert {"before", "cursor"} < parameters.keys()
    assert not parameters["before"]["required"]
    assert parameters["before"]["schema"]["type"] == "string", "a parameter can't be null"


def inside(part: Any, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of the document, with the path to it."""
    if isinstance(part, dict):
        yield path, part
        for name, member in part.items():
            yield from inside(member, f"{path}/{name}")
    elif isinstance(part, list):
        for number, member in enumerate(part):
            yield from inside(member, f"{path}/{number}")


def test_money_is_a_number_of_centavos() -> None:
    assert schema("Account")["properties"]["balances"]["additionalProperties"] == {"type": "number"}
    assert schema("CreditDocument")["properties"]["amount"]["minimum"] == 0.01
    opening = schema("AccountDocument")["properties"]["balances"]
    assert opening["additionalProperties"]["minimum"] == 0
    assert set(opening["propertyNames"]) == {"maxLength", "pattern"}


def test_nothing_is_said_that_makes_validators_and_generators_fail() -> None:
    """Hardly any amount is a multiple of 0.01 as a float; a default makes a member required."""
    for path, part in inside(DOCUMENT):
        assert "multipleOf" not in part, path
        if path.startswith("/components/schemas") and not path.endswith("/properties"):
            assert "default" not in part, path
        assert part.get("default", ...) is not None, path


def test_no_header_of_a_request_is_a_constant() -> None:
    """openapi-python-client leaves out the whole call."""
    for path, part in inside(DOCUMENT):
        if part.get("in") == "header":
            assert "const" not in part["schema"], path


def test_what_is_left_out_of_a_document_is_said_in_words() -> None:
    ticket = schema("TicketDocument")["properties"]["prioridade"]
    assert ticket["description"] == "If it is left out: `media`."


def test_public_text_names_only_what_is_on_the_wire() -> None:
    """Notes to maintainers name modules and functions; nobody else knows them."""
    known = {str(word) for _, part in inside(DOCUMENT) for word in part}
    known |= {str(word) for _, part in inside(DOCUMENT) for word in part.get("enum", ())}
    known |= {
        str(one["name"]) for _, part in inside(DOCUMENT) for one in part.get("parameters", ())
    }
    known |= {
        "PUT",
        "DELETE",
        "POST",
        "GET",
        "Host",
        "credit_limit",
        "*",
        "If-None-Match",
        'rel="next"',
        "true",
        "false",
    }
    texts = [
        (path, part["description"]) for path, part in inside(DOCUMENT) if "description" in part
    ]
    for path, text in texts:
        if isinstance(text, str):
            assert text.strip(), path
            said = re.findall(r"`([^`]+)`", text.partition("If it is left out: ")[0])
            unknown = {word for word in said if not word.endswith("…")} - known
            assert unknown == set(), path


def test_an_operation_that_changes_something_says_what_the_same_request_does_again() -> None:
    changing = {f"{one.method} {one.path}" for one in ENDPOINTS if one.method != "GET"}
    assert {f"{one.method} {one.path}" for one in ENDPOINTS if one.repeated} == changing
    for name in changing:
        assert "The same request again: " in operation(*name.split())["description"]


def test_every_reason_is_explained() -> None:
    assert set(REASONS) == set(Reason)
    described = DOCUMENT["components"]["headers"]["Authorizer-Reason"]["description"]
    assert all(f"`{reason.name_on_wire}` ({reason.answer_code})" in described for reason in Reason)


def test_what_follows_from_a_declaration() -> None:
    def declared(path: str, roles: frozenset[Role] | None, **more: Any) -> Endpoint:
        return Endpoint("GET", path, roles, "It does.", {}, **{"handler": _handler, **more})

    assert problems_of(declared("/a", None)) == [403, 422, 503]
    assert problems_of(declared("/a", frozenset(Role))) == [401, 403, 422, 429, 503]
    assert problems_of(declared("/a", frozenset(Role), handler=None)) == [401, 403]
    assert problems_of(declared("/{a}", None, problems=(409,))) == [400, 403, 404, 409, 422, 503]


class Resource:
    """Declares two endpoints; the order of the document is that of the class."""

    def __init__(self, word: str) -> None:
        self.word = word

    @endpoint("PUT", "/b/{b}", frozenset({Role.OPERATOR}), answers={200: str}, problems=(409,))
    async def put(self, _: Any) -> Any:
        """Put it there.

        More is not said in public.
        """
        return self.word

    async def no_endpoint(self, _: Any) -> Any:
        """Stay out of it."""

    @endpoint("GET", "/a", None, answers={200: str})
    async def get(self, _: Any) -> Any:
        """Get it."""
        return self.word * 2


def test_a_resource_declares_its_endpoints_on_its_handlers() -> None:
    put, get = endpoints_of(Resource("x"))
    assert (put.method, put.path, put.roles) == ("PUT", "/b/{b}", frozenset({Role.OPERATOR}))
    assert (put.summary, put.problems) == ("Put it there.", (409,))
    assert (get.method, get.path, get.roles, get.summary) == ("GET", "/a", None, "Get it.")
    assert put.handler is not None
    assert get.handler is not None
    other = endpoints_of(Resource("y"))[0].handler
    assert other is not None
    request = Request({"type": "http"})

    async def ask() -> list[Any]:
        return [await handler(request) for handler in (put.handler, get.handler, other) if handler]

    assert asyncio.run(ask()) == ["x", "xx", "y"], "each is bound to its own resource"


def test_every_declared_endpoint_is_in_the_application() -> None:
    """A resource that `all_endpoints` leaves out would be declared, and answer 404."""
    declared = set()
    for found in pkgutil.walk_packages(http.__path__, "authorizer.http."):
        for kind in vars(importlib.import_module(found.name)).values():
            if isinstance(kind, type) and kind.__module__ == found.name:
                methods = (getattr(method, "_endpoint", None) for method in vars(kind).values())
                declared |= {(one.method, one.path) for one in methods if one is not None}
    routed = {(one.method, one.path) for one in ENDPOINTS if one.handler is not None}
    assert declared == routed


def test_an_answer_may_have_two_forms() -> None:
    answers = {200: (list[int], NotJson("text/csv"))}
    declared = Endpoint("GET", "/a", None, "It does.", answers, handler=_handler)
    described = openapi_document([declared], "1")["paths"]["/a"]["get"]["responses"]["200"]
    assert set(described["content"]) == {"application/json", "text/csv"}


async def _handler(_: Any) -> Any:
    raise NotImplementedError
