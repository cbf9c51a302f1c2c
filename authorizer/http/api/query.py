"""The query of a request. Undeclared and repeated parameters are refused."""

from collections.abc import Iterable
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from authorizer.http.api.problems import FieldError, InvalidRequestError
from authorizer.http.api.wire import field_errors

_SAME: Final = (("limite", "limit"), ("cursor", "before"))
SYNONYMS: Final = {name: other for pair in _SAME for name, other in (pair, pair[::-1])}
"""The two names of a parameter; a call that declares one takes the other too."""

MAX_ERRORS: Final = 20
"""Wrong parameters that one answer names; a query may hold thousands."""
MAX_NAME_SHOWN: Final = 128
_PARSED: Final = "authorizer.query"
_QUERY: Final = "query"


class Query(BaseModel):
    """The parameters of a call."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(Query):
    """A call that takes no parameters."""


Q = TypeVar("Q", bound=Query)


def keep_query(request: Request, model: type[Query]) -> None:
    """Parse the request's query and keep it in its scope.

    Raises:
        InvalidRequestError: a parameter is unknown, repeated, missing, or can't be taken.
    """
    request.scope[_PARSED] = parse_query(request.scope["query_string"], model)


def query_of(request: Request, model: type[Q]) -> Q:
    """The query of a request; `model` is the one that the endpoint declares."""
    query = request.scope[_PARSED]
    assert isinstance(query, model)
    return query


def parse_query(query_string: bytes, model: type[Q]) -> Q:
    """The parameters of a query, validated.

    Raises:
        InvalidRequestError: a parameter is unknown, repeated, missing, or can't be taken.
    """
    try:
        pairs = parse_qsl(query_string.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(FieldError(_QUERY, "must be UTF-8")) from error
    given: dict[str, str] = {}
    spelled: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, value in pairs:
        field = _field_of(name, model)
        if field is None:
            wrong[name] = _unknown(model)
        elif field in given:
            wrong[name] = _repeated(name, spelled[field])
        else:
            given[field], spelled[field] = value, name
        if len(wrong) == MAX_ERRORS:
            break
    errors = [FieldError(name[:MAX_NAME_SHOWN], message) for name, message in wrong.items()]
    try:
        query = model.model_validate(given)
    except ValidationError as error:
        raise InvalidRequestError(*errors, *_as_spelled(field_errors(error), spelled)) from error
    if errors:
        raise InvalidRequestError(*errors)
    return query


def _field_of(name: str, model: type[Query]) -> str | None:
    if name in model.model_fields:
        return name
    other = SYNONYMS.get(name)
    return other if other in model.model_fields else None


def _unknown(model: type[Query]) -> str:
    known = ", ".join(model.model_fields)
    return f"is no parameter of this call; there are {known}" if known else _NONE_KNOWN


_NONE_KNOWN: Final = "is no parameter of this call, which takes none"


def _repeated(name: str, first: str) -> str:
    return "is given more than once" if name == first else f"is given more than once: {first} too"


def _as_spelled(errors: Iterable[FieldError], spelled: dict[str, str]) -> Iterable[FieldError]:
    for field, message in errors:
        yield FieldError(spelled.get(field, field), message)
