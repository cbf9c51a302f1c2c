"""The examples of the OpenAPI document: there for everything, valid, and what a server answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from authorizer.http.api.examples import step_of, written_examples
from authorizer.http.api.openapi import openapi_document
from authorizer.http.api.openapi_parts import problem_name
from tests.support.api_keys import new_key
from tests.support.client import Answer, Client
from tests.support.examples import (
    BY_OPERATION,
    Asked,
    media_type_of,
    next_page,
    play,
    shown,
)
from tests.support.server import PATIENT, Server, running
from tests.support.waiting import comes_true, until

Json = dict[str, Any]

DOCUMENT = openapi_document(list(BY_OPERATION.values()), "test")
WRITTEN = written_examples()
DEMO = ("123", "12345", "123987654")
"""What the demo data has. Calls that change something are about other things, but for purchases,
tickets of their own and a limit that is asked for."""
HARMLESS = ("post_transaction", "post_authorize", "post_clientes_cliente_id_chamados")


def operation(name: str) -> Json:
    endpoint = BY_OPERATION[name]
    found: Json = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    return found


def examples_in(content: Json) -> list[Any]:
    return (
        [content["example"]]
        if "example" in content
        else [one["value"] for one in content.get("examples", {}).values()]
    )


def validate(schema: Json, value: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


@pytest.mark.parametrize("name", BY_OPERATION)
def test_every_parameter_has_a_valid_example(name: str) -> None:
    for parameter in operation(name).get("parameters", ()):
        schema = parameter["schema"]
        given = [parameter["example"]] if "example" in parameter else schema.get("examples", ())
        if "default" in schema:
            given = [schema["default"]]
        elif "enum" in schema or "const" in schema:
            given = given or schema.get("enum") or [schema["const"]]
        assert given, parameter["name"]
        for value in given:
            validate(schema, value)
        assert parameter["required"] is ("example" in parameter), "only what is needed is filled in"


@pytest.mark.parametrize("name", BY_OPERATION)
def test_every_body_and_every_good_answer_has_a_valid_example(name: str) -> None:
    described = operation(name)
    contents = list(described.get("requestBody", {}).get("content", {}).values())
    for status in BY_OPERATION[name].answers:
        if status < 300:
            contents += described["responses"][str(status)].get("content", {}).values()
    for content in contents:
        assert examples_in(content), content["schema"]
        for value in examples_in(content):
            validate(content["schema"], value)


def test_every_problem_has_a_valid_example() -> None:
    for name, response in DOCUMENT["components"]["responses"].items():
        for content in response["content"].values():
            (problem,) = examples_in(content)
            validate(content["schema"], problem)
            assert problem_name(problem["status"]) == name


def test_what_an_example_changes_is_not_in_the_demo_data() -> None:
    for step in map(step_of, WRITTEN["steps"]):
        if BY_OPERATION[step.operation].method != "GET" and not step.operation.startswith(HARMLESS):
            assert not set(step.path.values()) & set(DEMO), step


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[Asked]:
    """Every step, asked of a new server."""
    with running(tmp_path_factory.mktemp("examples"), *PATIENT) as server:
        list(play(server.client, WRITTEN["setup"]))
        return list(play(server.client, WRITTEN["steps"]))


STEPS = list(map(step_of, WRITTEN["steps"]))


@pytest.mark.parametrize(
    "number", range(len(STEPS)), ids=[f"{one.operation}-{one.name}" for one in STEPS]
)
def test_a_server_answers_as_the_example_says(number: int, played: list[Asked]) -> None:
    step, answers = played[number]
    expected = [step.status] if step.again is None else [step.status, step.again]
    assert [answer.status for answer in answers] == expected, answers[-1].body
    assert set(step.answers) == set(expected)
    first = answers[0]
    if first.body and step.status < 400:
        assert media_type_of(first) == step.media_type
    assert bool(next_page(first)) is bool(step.told)
    for status in expected:
        answer = next(one for one in answers if one.status == status)
        assert_alike(step.answers[status], shown(step, answer), step.operation)


def assert_alike(example: Any, answer: Any, where: str) -> None:
    """The same members with values of the same kinds; of lists, the first elements."""
    if isinstance(example, dict) and isinstance(answer, dict):
        assert example.keys() == answer.keys(), where
        for name, value in example.items():
            assert_alike(value, answer[name], f"{where}.{name}")
    elif isinstance(example, list) and isinstance(answer, list):
        for one, other in zip(example[:1], answer[:1], strict=False):
            assert_alike(one, other, f"{where}[]")
    elif None not in (example, answer) or not ("relatorios" in where or "proximo" in where):
        assert kind_of(example) == kind_of(answer), f"{where}: {example!r}, {answer!r}"


def kind_of(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if number else type(value).__name__


def problem(answer: Answer) -> Json:
    """Without the title, which newer Pythons word otherwise."""
    document: Json = json.loads(answer.body)
    return {name: value for name, value in document.items() if name != "title"}


def written_problem(status: int) -> Json:
    found: Json = WRITTEN["problems"][str(status)]
    return {name: value for name, value in found.items() if name != "title"}


def test_bodies_that_are_none_get_the_problems_of_the_examples(client: Client) -> None:
    path = "/accounts/conta-exemplo/credits"
    assert problem(client.send("POST", path, b"{")) == written_problem(400)
    assert problem(client.send("POST", path, b" " * 70_000)) == written_problem(413)


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Server]:
    flags = (*PATIENT, "--reports", "false", "--rate-limit-per-second", "1")
    with running(tmp_path, *flags) as server:
        yield server


def test_who_may_not_ask_gets_the_problems_of_the_examples(keyed: Server) -> None:
    assert problem(keyed.client.get("/relatorios/transacoes")) == written_problem(503)
    key = new_key(keyed.data, "terminal")
    until(lambda: keyed.client.get("/merchants").status == 401, "taken over")
    assert problem(keyed.client.get("/merchants")) == written_problem(401)
    client = Client(keyed.port, key=key)
    assert problem(client.get("/cartoes/123987654")) == written_problem(403)
    answers: list[Answer] = []

    def was_too_much() -> bool:
        answers.append(client.get("/cartoes/123987654"))
        return answers[-1].status == 429

    assert comes_true(was_too_much, poll_s=0)
    assert problem(answers[-1]) == written_problem(429)
