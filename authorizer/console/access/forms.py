"""What a form brings: fields by name, each once, held to the documents of the HTTP interface."""

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from authorizer.http.api.problems import InvalidRequestError
from authorizer.http.api.wire import field_errors, read_body

MAX_FIELDS: Final = 100
MEDIA_TYPE: Final = "application/x-www-form-urlencoded"

M = TypeVar("M", bound=BaseModel)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; those left empty are left out, line ends are as text has them.

    Raises:
        HTTPException: 400, it is no such form; 413, it is too large.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
        raise HTTPException(400, "a form is application/x-www-form-urlencoded")
    body = await read_body(request)
    try:
        pairs = parse_qsl(body.decode(), errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "the form can't be read") from error
    fields = {name: value.replace("\r\n", "\n").strip() for name, value in pairs}
    if len(fields) < len(pairs):
        raise HTTPException(400, "a field is there twice")
    return {name: value for name, value in fields.items() if value}


def document_of(form: Mapping[str, str], model: type[M], **more: object) -> M:
    """The document of the HTTP interface that a form fills in; fields of others are left out.

    Raises:
        InvalidRequestError: fields are missing or can't be taken.
    """
    given = {name: form[name] for name in model.model_fields if name in form}
    try:
        return model.model_validate({**given, **more})
    except ValidationError as error:
        raise InvalidRequestError(*field_errors(error)) from error
