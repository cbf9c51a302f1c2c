"""The OpenAPI 3.1 document, made from what the endpoints declare.

Put together here over pydantic's JSON Schemas, which are in the dialect of OpenAPI 3.1, because
nothing ready fits: apispec takes finished operations and adds the frame; spectree reads and checks
the requests too, and its numbers are floats.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from typing_extensions import override

from authorizer.http.api.endpoints import Endpoint, NotJson
from authorizer.http.api.examples import JSON, examples
from authorizer.http.api.fields import Identity
from authorizer.http.api.openapi_parts import (
    API_KEY,
    COMPONENT_HEADERS,
    HEADER_PARAMETERS,
    PROBLEM_CONTENT,
    TAGS,
    area_of,
    headers_of,
    problem_component,
    problem_name,
)
from authorizer.http.api.openapi_words import DESCRIPTION, without_defaults
from authorizer.http.api.problems import Problem
from authorizer.http.api.query import SYNONYMS

Json = dict[str, Any]
Schemas = Mapping[tuple[Any, JsonSchemaMode], Json]

_IN_PATH = re.compile(r"{(\w+)}")
_REF: Final = "#/components/schemas/{model}"


def openapi_document(endpoints: Sequence[Endpoint], version: str) -> Json:
    """The OpenAPI document of all endpoints of this version."""
    schemas, components = _schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        operations = paths.setdefault(endpoint.path, {})
        operations[endpoint.method.lower()] = _operation(endpoint, schemas, components)
    areas = {area_of(endpoint.path) for endpoint in endpoints}
    problems = sorted({status for endpoint in endpoints for status in problems_of(endpoint)})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Card authorizer",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": area, "description": words} for area, words in TAGS.items() if area in areas
        ],
        "paths": paths,
        "components": {
            "schemas": _without_queries(components, endpoints),
            "responses": {problem_name(status): problem_component(status) for status in problems},
            "headers": COMPONENT_HEADERS,
            "securitySchemes": {API_KEY: {"type": "http", "scheme": "bearer"}},
        },
    }


def operation_id(endpoint: Endpoint) -> str:
    """The operation's name in generated clients: `post_cartoes_cartao_id_bloqueio`."""
    return "_".join([endpoint.method.lower(), *re.findall(r"\w+", endpoint.path)])


def problems_of(endpoint: Endpoint) -> list[int]:
    """The statuses of the errors that an endpoint can answer."""
    statuses = {403, *endpoint.problems}
    if endpoint.roles is not None:
        statuses.add(401)
    if endpoint.handler is None:
        return sorted(statuses)
    statuses |= {422, 503}
    if endpoint.roles is not None:
        statuses.add(429)
    if _IN_PATH.search(endpoint.path):
        statuses |= {400, 404}
    if endpoint.body is not None:
        statuses |= {400, 413}
    return sorted(statuses)


class _Closed(GenerateJsonSchema):
    """Answers have the members that are described and no others, unless their type says so."""

    @override
    def typed_dict_schema(self, schema: Any) -> Json:
        return {"additionalProperties": False} | super().typed_dict_schema(schema)

    @override
    def dict_schema(self, schema: Any) -> Json:
        # names are bound by `propertyNames` alone: all values are of one type
        document = super().dict_schema(schema)
        for pattern, values in document.pop("patternProperties", {}).items():
            document["additionalProperties"] = values
            document.setdefault("propertyNames", {})["pattern"] = pattern
        return document

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # titles would only repeat the names


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[Schemas, dict[str, Json]]:
    """The schemas of all declared types, and the components that they refer to."""
    wanted: dict[tuple[Any, JsonSchemaMode], None] = {
        (Problem, "serialization"): None,
        (Identity, "validation"): None,
    }
    for endpoint in endpoints:
        wanted[endpoint.query, "validation"] = None
        if endpoint.body is not None and not isinstance(endpoint.body, NotJson):
            wanted[endpoint.body, "validation"] = None
        for answer in endpoint.answers.values():
            wanted |= {(kind, "serialization"): None for kind in _documents(answer)}
    schemas, rest = TypeAdapter.json_schemas(
        [(kind, mode, TypeAdapter(kind)) for kind, mode in wanted],
        ref_template=_REF,
        schema_generator=_Closed,
    )
    return schemas, rest.get("$defs", {})


def _documents(answer: Any) -> list[Any]:
    """The types of JSON documents among the alternatives of an answer."""
    return [kind for kind in _alternatives(answer) if not isinstance(kind, NotJson)]


def _alternatives(answer: Any) -> tuple[Any, ...]:
    if answer is None:
        return ()
    is_choice = isinstance(answer, tuple) and not isinstance(answer, NotJson)
    return answer if is_choice else (answer,)


def _operation(endpoint: Endpoint, schemas: Schemas, components: Mapping[str, Json]) -> Json:
    operation: Json = {
        "operationId": operation_id(endpoint),
        "tags": [area_of(endpoint.path)],
        "summary": endpoint.summary,
        "description": _who(endpoint) + _repeated(endpoint),
    }
    parameters = [
        *_path_parameters(endpoint, schemas),
        *_query_parameters(endpoint, components),
        *(HEADER_PARAMETERS[name] for name in endpoint.takes),
    ]
    if parameters:
        name = operation_id(endpoint)
        operation["parameters"] = [_with_example(name, parameter) for parameter in parameters]
    if endpoint.body is not None:
        media_type, content = _content(endpoint.body, schemas, "validation")
        content |= examples().body(operation_id(endpoint))
        operation["requestBody"] = {"required": True, "content": {media_type: content}}
    operation["responses"] = _responses(endpoint, schemas)
    operation["security"] = [] if endpoint.roles is None else [{API_KEY: []}]
    if endpoint.roles is not None:
        operation["x-roles"] = _roles(endpoint)
    return operation


def _roles(endpoint: Endpoint) -> list[str]:
    return sorted(role.value for role in endpoint.roles or ())


def _who(endpoint: Endpoint) -> str:
    if endpoint.roles is None:
        return "Anybody, without a key."
    return f"Roles: {', '.join(_roles(endpoint))}."


def _repeated(endpoint: Endpoint) -> str:
    return f"\n\nThe same request again: {endpoint.repeated}" if endpoint.repeated else ""


def _path_parameters(endpoint: Endpoint, schemas: Schemas) -> list[Json]:
    schema = schemas[Identity, "validation"]
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name in _IN_PATH.findall(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint, components: Mapping[str, Json]) -> list[Json]:
    model = components[endpoint.query.__name__]
    required = model.get("required", ())
    parameters = []
    for name, schema in model.get("properties", {}).items():
        parameters.append(_query_parameter(name, schema, name in required))
        if name in SYNONYMS:
            bare = {key: value for key, value in schema.items() if key != "default"}
            bare["description"] = f"The same as `{name}`; one of the two."
            parameters.append(_query_parameter(SYNONYMS[name], bare, required=False))
    return parameters


def _query_parameter(name: str, schema: Json, required: bool) -> Json:
    """Describe a parameter. An optional one may be left out and can't be null."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    if "anyOf" in schema:
        given = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        schema = {key: value for key, value in schema.items() if key != "anyOf"}
        schema |= given[0] if len(given) == 1 else {"anyOf": given}
    if schema.get("default", ...) is None:
        del schema["default"]
    parameter: Json = {"name": name, "in": "query", "required": required}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    return parameter | {"schema": schema}


def _with_example(operation: str, parameter: Json) -> Json:
    """Add the example. `/docs` fills examples in, so an optional parameter has it in the schema."""
    where, name, schema = parameter["in"], parameter["name"], parameter["schema"]
    found: Any = examples().parameter(operation, where, name)
    if found is None and name in SYNONYMS:
        found = examples().parameter(operation, where, SYNONYMS[name])
    if found is None or "default" in schema:
        return parameter
    if schema.get("type") == "integer":
        found = int(found)
    if parameter["required"]:
        return parameter | {"example": found}
    return parameter | {"schema": schema | {"examples": [found]}}


def _responses(endpoint: Endpoint, schemas: Schemas) -> Json:
    responses = {
        str(status): _response(endpoint, status, answer, schemas)
        for status, answer in sorted(endpoint.answers.items())
    }
    for status in problems_of(endpoint):
        if status not in endpoint.answers:
            reference = f"#/components/responses/{problem_name(status)}"
            responses[str(status)] = {"$ref": reference}
    return responses


def _response(endpoint: Endpoint, status: int, answer: Any, schemas: Schemas) -> Json:
    response: Json = {
        "description": HTTPStatus(status).phrase,
        "headers": headers_of(*endpoint.headers),
    }
    content = dict(_content(kind, schemas) for kind in _alternatives(answer))
    for media_type in content:
        content[media_type] |= examples().answer(operation_id(endpoint), status, media_type)
    if status in problems_of(endpoint):
        content |= PROBLEM_CONTENT
    return response | {"content": content} if content else response


def _content(
    kind: Any, schemas: Schemas, mode: JsonSchemaMode = "serialization"
) -> tuple[str, Json]:
    if isinstance(kind, NotJson):
        return kind.media_type, {"schema": {"type": "string"}}
    return JSON, {"schema": schemas[kind, mode]}


def _without_queries(components: dict[str, Json], endpoints: Iterable[Endpoint]) -> dict[str, Json]:
    """The components without the models of queries, which are described as parameters."""
    names = {endpoint.query.__name__ for endpoint in endpoints}
    return {
        name: without_defaults(schema)
        for name, schema in sorted(components.items())
        if name not in names
    }
