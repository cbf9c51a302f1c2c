"""`GET /clientes`: customers found by what is known of them."""

from asyncio import gather
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.desk import CustomerFile, Desk
from authorizer.domain.access import Caller
from authorizer.domain.outcomes import Refusal
from authorizer.domain.person_search import (
    CPF,
    CPF_DIGITS,
    EMAIL,
    NAME,
    PHONE,
    Found,
    Term,
    digits_of,
    fold_email,
    wanted,
)
from authorizer.http.answers.customers import CustomerPage
from authorizer.http.customers import customer_head
from authorizer.http.paging import DEFAULT_ROWS, Rows, cursor_parts, cursor_text
from authorizer.http.problems import FieldError, InvalidRequestError, refused
from authorizer.http.query import Query, query_of
from authorizer.http.routing import CARE_READ, Endpoint, caller_of
from authorizer.http.rules import Rule
from authorizer.http.wire import json_response

MAX_CRITERION_LENGTH: Final = 256
MAX_CURSOR_LENGTH: Final = 4096
LOCAL_PHONE_DIGITS: Final = 8
"""Of a whole phone number without country and area, at least."""


def _place_of(cursor: str) -> Found:
    return Found(*cursor_parts(cursor, [str, str]))


def _is_cursor(cursor: str) -> str:
    if cursor:
        _place_of(cursor)
    return cursor


_PHONE: Final = r"[0-9+\-.() /]"
_PATTERNS: Final = {
    CPF: r"^(\s*|([.\-]*[0-9]){1,11}[.\-]*)$",
    PHONE: rf"^(\s*|{_PHONE}*[0-9]{_PHONE}*)$",
    EMAIL: r"^\s*$|[\w!-~]",
    NAME: r"^\s*$|[^\W_]",
}


def _searchable(field: str) -> Rule:
    def check(text: str) -> str:
        if text.strip():
            wanted(field, text)
        return text

    return Rule(check, {"pattern": _PATTERNS[field]})


_TEXT: Final = Field(max_length=MAX_CRITERION_LENGTH)


class CustomerQuery(Query):
    """`GET /clientes`. A criterion that is empty is none."""

    cpf: Annotated[str, _TEXT, _searchable(CPF)] = ""
    telefone: Annotated[str, _TEXT, _searchable(PHONE)] = ""
    email: Annotated[str, _TEXT, _searchable(EMAIL)] = ""
    nome: Annotated[str, _TEXT, _searchable(NAME)] = ""
    limite: Rows = DEFAULT_ROWS
    cursor: Annotated[str, Field(max_length=MAX_CURSOR_LENGTH), AfterValidator(_is_cursor)] = ""

    def terms(self) -> tuple[Term, ...]:
        """What is looked for."""
        return tuple(wanted(field, text) for field, text in self._given())

    def parts(self) -> list[FieldError]:
        """The criteria that are a part of what is masked for some, and not the whole."""
        return [FieldError(field, _WHOLE) for field, text in self._given() if _is_part(field, text)]

    def _given(self) -> list[tuple[str, str]]:
        given = {CPF: self.cpf, PHONE: self.telefone, EMAIL: self.email, NAME: self.nome}
        return [(field, text) for field, text in given.items() if text.strip()]

    def after(self) -> Found | None:
        """The place behind which the page begins."""
        return _place_of(self.cursor) if self.cursor else None


_WHOLE: Final = "must be whole: this role sees it masked, and may not look for a part of it"


def _is_part(field: str, text: str) -> bool:
    if field == CPF:
        return len(digits_of(text)) < CPF_DIGITS
    if field == PHONE:
        return len(digits_of(text)) < LOCAL_PHONE_DIGITS
    return field == EMAIL and "@" not in fold_email(text)


class CustomerSearches:
    """The endpoint of the customer search."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        return [
            Endpoint(
                "GET",
                "/clientes",
                self.find,
                CARE_READ,
                "Find customers by the beginning of CPF, phone, e-mail or any of their names.",
                query=CustomerQuery,
                answers={200: CustomerPage},
            )
        ]

    async def find(self, request: Request) -> Response:
        """A page of those who were found, ordered by name.

        Whoever sees a field masked must know all of it to look for it: the beginning of a CPF that
        is found would give it away digit by digit.
        """
        query = query_of(request, CustomerQuery)
        parts = [] if caller_of(request).sees_personal_data else query.parts()
        if parts:
            raise InvalidRequestError(*parts)
        found = await self._desk.search.find(query.terms(), query.after(), query.limite + 1)
        if isinstance(found, Refusal):
            return refused(found)
        page = found[: query.limite]
        files = await gather(*(self._desk.read_customer(one.customer_id) for one in page))
        return json_response(
            {
                "clientes": list(_heads(caller_of(request), files)),
                "proximo": cursor_text(page[-1]) if len(found) > len(page) else None,
            }
        )


def _heads(caller: Caller, files: list[CustomerFile | Refusal]) -> Any:
    """The customers who are still there to be read: one may have been erased meanwhile."""
    for file in files:
        if not isinstance(file, Refusal):
            yield customer_head(file, caller)
