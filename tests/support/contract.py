"""Holds every answer that a test gets against the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from authorizer.http.api.openapi import openapi_document
from tests.support.endpoints import ENDPOINTS

Json = dict[str, Any]


class UndocumentedError(AssertionError):
    """An answer that the OpenAPI document does not allow."""


def check_answer(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Header names are in lower case.

    Raises:
        UndocumentedError: the document does not describe such an answer to this request.
    """
    if status == 400 and headers.get("content-type", "").startswith("text/plain"):
        return  # from in front of the application: the request was no HTTP
    template = _template(unquote(path.partition("?")[0]))
    operation = _document()["paths"].get(template, {}).get(method.lower())
    if operation is None or method == "HEAD":
        return
    where = f"{method} {template} {status}"
    response = _resolved(operation["responses"].get(str(status)))
    if response is None:
        raise UndocumentedError(f"{where} is not documented: {body[:300]!r}")
    _check_headers(where, response, headers)
    _check_body(where, response, headers.get("content-type", ""), body)


def _check_headers(where: str, response: Json, headers: Mapping[str, str]) -> None:
    for name, reference in response["headers"].items():
        header = _resolved(reference)
        assert header is not None
        value = headers.get(name.lower())
        if value is None:
            if header.get("required"):
                raise UndocumentedError(f"{where}: there is no {name}")
        elif not jsonschema_rs.is_valid(header["schema"], value):
            raise UndocumentedError(f"{where}: {name} is {value!r}")


def _check_body(where: str, response: Json, content_type: str, body: bytes) -> None:
    content = response.get("content", {})
    media_type = content_type.partition(";")[0]
    if not content:
        if body:
            raise UndocumentedError(f"{where} has a body: {body[:300]!r}")
    elif media_type not in content:
        raise UndocumentedError(f"{where} is {media_type!r}, not one of {list(content)}")
    elif media_type.endswith(("/json", "+json")):
        try:
            _validator(json.dumps(content[media_type]["schema"])).validate(json.loads(body))
        except jsonschema_rs.ValidationError as error:
            raise UndocumentedError(f"{where}: {error}\n{body[:1000]!r}") from error


@cache
def _document() -> Json:
    return openapi_document(ENDPOINTS, "test")


def _resolved(part: Json | None) -> Json | None:
    if part is None or "$ref" not in part:
        return part
    kind, name = part["$ref"].split("/")[-2:]
    found: Json = _document()["components"][kind][name]
    return found


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    document = {**json.loads(schema), "components": _document()["components"]}
    return jsonschema_rs.Draft202012Validator(document, validate_formats=True)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Templates without parameters first, as the router prefers them."""
    templates = sorted(_document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in templates]


def _template(path: str) -> str | None:
    return next((path_ for pattern, path_ in _patterns() if pattern.fullmatch(path)), None)
