"""JSON in and out: exact numbers, money with two decimals, times in RFC 3339."""

import json
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from authorizer.domain.moments import WrittenTime, moment_text, us_of
from authorizer.domain.money import format_cents
from authorizer.http.api.json_text import has_numbers_beyond, is_nested_too_deeply
from authorizer.http.api.problems import FieldError, InvalidRequestError

MAX_BODY_BYTES: Final = 65_536
"""The longest body of a request, of a purchase too."""
DOCUMENT: Final = "authorizer.document"
"""Where a request's scope has the model of its document, as its endpoint declares it."""
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_MICROSECONDS: Final = 6
_BEYOND: Final = Decimal("Infinity")
_INT_DIGITS: Final = 100
"""Python parses integers of at most 4,300 digits; no field holds one of more than this."""

M = TypeVar("M", bound=BaseModel)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is there twice")
    return members


def _decimal(text: str) -> Decimal:
    """The exact number; infinite where even Decimal can't hold it, which every field refuses."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return _BEYOND


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _INT_DIGITS else _decimal(text)


_EXACT: Final = json.JSONDecoder(parse_float=_decimal, parse_int=_whole, object_pairs_hook=_unique)


async def read_body(request: Request) -> bytes:
    """The body of a request. HTTPException 413 when it is over 64 KiB."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise HTTPException(413, f"a body holds at most {MAX_BODY_BYTES} bytes")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"a body holds at most {MAX_BODY_BYTES} bytes")
    return bytes(body)


async def read_document(request: Request, model: type[M]) -> M:
    """The request's JSON document, validated. `model` is the one that the endpoint declares.

    Raises:
        HTTPException: 400 where the body is no JSON, 413 where it is too large.
        InvalidRequestError: fields are missing, unknown or can't be taken.
    """
    assert request.scope[DOCUMENT] is model
    document = read_json(await read_body(request))
    if not isinstance(document, dict):
        raise InvalidRequestError(FieldError("body", "must be an object"))
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise InvalidRequestError(*field_errors(error)) from error


def checked(kind: Any, value: str, field: str) -> str:
    """Check a value of the path or a header by a kind of `fields.py`.

    Raises:
        InvalidRequestError: it can't be taken.
    """
    try:
        text: str = _adapter(kind).validate_python(value)
    except ValidationError as error:
        messages = [found.message for found in field_errors(error)]
        raise InvalidRequestError(FieldError(field, "; ".join(messages))) from error
    return text


@cache  # kinds are constants of the documents, and an adapter takes as long as 100 validations
def _adapter(kind: Any) -> TypeAdapter[str]:
    return TypeAdapter(kind)


def read_json(body: bytes) -> Any:
    """A JSON document with its numbers exact and its members unique; else HTTPException 400."""
    if _is_json(body) and not is_nested_too_deeply(body):
        try:
            return _EXACT.decode(body.decode())
        except ValueError:
            pass
    raise HTTPException(400, "the body is no JSON document with unique members")


def _is_json(body: bytes) -> bool:
    """Whether it is strictly JSON: the standard library takes more."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return has_numbers_beyond(body)
    return True


def field_errors(error: ValidationError) -> list[FieldError]:
    """The errors of pydantic, by field."""
    return [
        FieldError(
            ".".join(map(str, found["loc"])) or "body", found["msg"].removeprefix("Value error, ")
        )
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def json_response(document: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(orjson.dumps(document), status, media_type="application/json")


@lru_cache(maxsize=1024)  # an answer tells an amount several times, and zero more often
def money(cents: int) -> orjson.Fragment:
    """Money in JSON: reais with two decimals, exactly."""
    return orjson.Fragment(format_cents(cents).encode())


def time_text(at: WrittenTime) -> str:
    """A time as its document wrote it, else in RFC 3339, UTC, with milliseconds."""
    if at.text is not None:
        return at.text
    return moment_text(at.at_us)


def parse_time(text: str) -> WrittenTime:
    """Read an RFC 3339 time, keeping how it was written. ValueError for anything else."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("must be an RFC 3339 date and time")
    fraction = match[1] or ""
    whole = text.replace(fraction, "", 1).upper() if fraction else text.upper()
    whole_us = us_of(datetime.fromisoformat(whole))
    micros = int(fraction[1:].ljust(_MICROSECONDS, "0")[:_MICROSECONDS]) if fraction else 0
    return WrittenTime(whole_us + micros, text)
