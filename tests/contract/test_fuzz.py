"""schemathesis: whatever the OpenAPI document allows or forbids is answered as it says.

Every operation gets generated requests, good ones and bad ones, about things that exist and things
that don't: from anybody while there are no keys, and from every role that may ask. No answer may be
outside of the document, none may be a 5xx; a good request may be refused only by a rule that JSON
Schema can't express, and a bad one must be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from authorizer.domain.access import Role
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.http.api.endpoints import NotJson
from authorizer.http.api.openapi import openapi_document
from tests.support.api_keys import new_key
from tests.support.client import Client
from tests.support.documents import Document, card, customer, purchase
from tests.support.endpoints import ENDPOINTS
from tests.support.server import PATIENT, Server, running
from tests.support.waiting import until

GOOD_EXAMPLES: Final = 8
BAD_EXAMPLES: Final = 4
"""For each operation. Derandomized: they are the same in every run."""
ROLE_EXAMPLES: Final = 2
"""For each role that may ask: who asks changes little once they are let in."""

BY_LABEL: Final = {
    f"{one.method} {one.path}": one for one in ENDPOINTS if not isinstance(one.body, NotJson)
}
"""A body that is no document can be no wrong one: what is wrong with a line of a batch its answer
says (`test_batch.py` sends lines at random)."""
BY_ROLE: Final = [
    (label, role) for label, one in BY_LABEL.items() for role in Role if role in (one.roles or ())
]
WITH_INPUT: Final = [
    label
    for label, one in BY_LABEL.items()
    if one.body or one.query.model_fields or "{" in one.path
]

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

UNLIMITED: Final = (
    "--rate-limit-per-second",
    "0",
    "--attendant-limit-ceiling-cents",
    str(MAX_BALANCE_CENTS),
)
"""What the document does not tell of is allowed."""

KNOWN: Final[Document] = {
    "account": "fuzz-1",
    "accountId": "fuzz-1",
    "conta": "fuzz-1",
    "cliente_id": "fuzz-1",
    "cartao_id": "fuzz-card-1",
    "card": "fuzz-card-1",
    "category": "FOOD",
    "name": "swagger-ui-bundle.js",
}
"""Something that exists, by what requests call it."""
ERASURE: Final = "DELETE /clientes/{cliente_id}/dados-pessoais"
ERASED: Final = "fuzz-2"

RULES: Final = re.compile(
    "must be a cursor of this list"
    "|is given more than once"  # under both of its names
    "|must be the one in the path"
    "|must be the id of the document"
    "|there is no wallet "
    "|must be a card of this customer"
    "|what the customer says is public"
    "|^a card (that is|with a) "  # the fields of a card that go together
    "|limite_(utilizado|disponivel)"
    "|two cards have one cartao_id"
    "|holds nothing to look for"
    "|must be masked: "  # the digits of all scripts count
    "|is needed: it tells how"  # but where the customer was erased
    "|must be whole: "  # for who sees it masked
    "|must be (up to eleven )?digits"
    "|would hold more than it may"
    "|must be in 1970 or later"
    "|the period must end after it begins"
    "|a period has at most"
    "|nothing is held: say how much"  # what a capture without an amount takes
    "|or a duration from PT10S to P31D"  # units that add up to less or more
)
"""Why a request that JSON Schema allows may be refused."""


Operation = APIOperation[Any, Any, Any, Any]


def operations() -> dict[str, Operation]:
    document = openapi_document(list(BY_LABEL.values()), "test")
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(with_security_parameters=False)
    return {label: schema[one.path][one.method] for label, one in BY_LABEL.items()}


OPERATIONS: Final = operations()


class Fuzz:
    """A server, what exists on it, and a key for each role."""

    def __init__(self, server: Server, protocol: str, keys: Mapping[Role, str]) -> None:
        self._url = f"http://127.0.0.1:{server.port}"
        self._known = KNOWN | {"protocolo": protocol}
        self._keys = keys
        self._session = requests.Session()

    def good(self, label: str, examples: int, role: Role | None = None) -> None:
        """Send requests as they should be. Half of them are about what exists."""

        @examples_of(examples)
        @given(OPERATIONS[label].as_strategy(GenerationMode.POSITIVE), st.booleans())
        def check(case: Case[Any], about_known: bool) -> None:
            case.body = in_centavos(case.body)
            if about_known:
                self._put_in(case)
            answer = self._send(case, role)
            assert answer.status_code not in (400, 401, 403, 413), answer.content
            assert answer.status_code != 422 or unexplained(answer.json()) == []

        check()

    def bad(self, label: str, examples: int) -> None:
        """Send requests as they should not be."""
        refused = [] if BY_LABEL[label].handler is None else [negative_data_rejection]

        @examples_of(examples)
        @given(OPERATIONS[label].as_strategy(GenerationMode.NEGATIVE))
        def check(case: Case[Any]) -> None:
            self._send(case, None, *refused)

        check()

    def _send(self, case: Case[Any], role: Role | None, *checks: Any) -> Any:
        key = self._keys.get(role) if role else None
        headers = {"Authorization": f"Bearer {key}"} if key else None
        answer = case.call(base_url=self._url, session=self._session, headers=headers)
        case.validate_response(answer, checks=[*CHECKS, *checks])
        return answer

    def _put_in(self, case: Case[Any]) -> None:
        known = self._known
        if case.operation.label == ERASURE:
            known = known | {"cliente_id": ERASED}
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                part.update({name: known[name] for name in part if name in known})


def examples_of(number: int) -> settings:
    return settings(
        max_examples=number,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),  # no shrinking: documents are slow to make
        suppress_health_check=list(HealthCheck),
    )


def in_centavos(value: Any) -> Any:
    """The document with whole centavos, which JSON Schema can't ask for: floats are not exact."""
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {name: in_centavos(member) for name, member in value.items()}
    return [in_centavos(member) for member in value] if isinstance(value, list) else value


def unexplained(problem: Document) -> list[Document]:
    return [error for error in problem["errors"] if not RULES.search(error["message"])]


def seed(client: Client) -> str:
    """Put in what the requests ask for, and give the protocol number of a ticket."""
    client.open_account("fuzz-1", FOOD="1000.00", MEAL="1000.00", CASH="1000.00")
    client.authorize(purchase("fuzz-1", "10.00"))
    one = customer("fuzz-1", card("fuzz-card-1"), conta="fuzz-1")
    for document in (one, customer(ERASED, card("fuzz-card-2"))):
        assert client.put_customer(document).status == 201
    ticket = {"assunto": "a", "descricao": "d", "categoria": "c", "canal": "App"}
    opened = client.post("/clientes/fuzz-1/chamados", ticket)
    assert opened.status == 201
    return str(opened.json()["protocolo"])


def wait_for_keys(client: Client) -> None:
    """A server looks every second whether keys were made."""
    until(lambda: client.get("/merchants").status == 401, "taken over")


@pytest.fixture(scope="module")
def anybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzz]:
    """A server without keys."""
    with running(tmp_path_factory.mktemp("open"), *PATIENT) as server:
        yield Fuzz(server, seed(server.client), {})
        assert "a bug in" not in server.log_path.read_text()


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzz]:
    """A server with a key for each role."""
    server = Server(tmp_path_factory.mktemp("keyed"), (*PATIENT, *UNLIMITED))
    try:
        protocol = seed(server.start().client)
        keys = {role: new_key(server.data, role.value) for role in Role}
        wait_for_keys(server.client)
        yield Fuzz(server, protocol, keys)
        assert "a bug in" not in server.log_path.read_text()
    finally:
        server.end()


@pytest.mark.parametrize("label", BY_LABEL)
def test_good_requests_while_nobody_needs_a_key(label: str, anybody: Fuzz) -> None:
    anybody.good(label, GOOD_EXAMPLES)


@pytest.mark.parametrize("label", WITH_INPUT)
def test_bad_requests(label: str, anybody: Fuzz) -> None:
    anybody.bad(label, BAD_EXAMPLES)


@pytest.mark.parametrize(("label", "role"), BY_ROLE)
def test_good_requests_of_those_who_may(label: str, role: Role, callers: Fuzz) -> None:
    callers.good(label, ROLE_EXAMPLES, role)
