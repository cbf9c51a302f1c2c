"""`GET /clientes`: the customer search."""

from asyncio import gather
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.assembly import Actors
from authorizer.actors.customer_file import CustomerFile
from authorizer.domain.access import AccessKind, Caller
from authorizer.domain.customers.person_search import (
    CPF,
    EMAIL,
    MASKED,
    NAME,
    PHONE,
    Criterion,
    Found,
    UnsearchableError,
    wanted,
)
from authorizer.domain.outcomes import Refusal
from authorizer.http.access.audit import Audit
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import CARE_READ
from authorizer.http.access.search_rates import SearchRates
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import Cursor
from authorizer.http.api.paging import DEFAULT_ROWS, Rows, cursor_parts, cursor_text
from authorizer.http.api.problems import FieldError, InvalidRequestError, accepted
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.wire import json_response
from authorizer.http.customer_document import CustomerHead, customer_head

MAX_CRITERION_LENGTH: Final = 256
MAX_CURSOR_LENGTH: Final = 4096


def _place_of(cursor: str) -> Found:
    return Found(*cursor_parts(cursor, [str, str]))


def _is_cursor(cursor: str) -> str:
    _place_of(cursor)
    return cursor


def _searchable(field: str) -> AfterValidator:
    def check(text: str) -> str:
        wanted(field, text)
        return text

    return AfterValidator(check)


_TEXT: Final = Field(min_length=1, max_length=MAX_CRITERION_LENGTH)


class CustomerQuery(Query):
    """`GET /clientes`."""

    cpf: Annotated[str, _TEXT, _searchable(CPF)] | None = Field(
        None, description="The beginning of it, or all; in any notation."
    )
    telefone: Annotated[str, _TEXT, _searchable(PHONE)] | None = Field(
        None, description="The beginning of it, or all; in any notation."
    )
    email: Annotated[str, _TEXT, _searchable(EMAIL)] | None = Field(
        None, description="The beginning of it, or all."
    )
    nome: Annotated[str, _TEXT, _searchable(NAME)] | None = Field(
        None, description="Words of the name, or what they begin with."
    )
    limite: Rows = DEFAULT_ROWS
    cursor: (
        Annotated[str, Field(max_length=MAX_CURSOR_LENGTH), AfterValidator(_is_cursor)] | None
    ) = None

    def criteria(self, caller: Caller) -> tuple[Criterion, ...]:
        """The criteria of the search. A masked field must be given whole.

        Raises:
            InvalidRequestError: a field that the caller sees masked is given in part.
        """
        found: list[Criterion] = []
        parts = []
        for field, text in self._given():
            try:
                found += wanted(field, text, field in MASKED and not caller.sees_personal_data)
            except UnsearchableError as error:
                parts.append(FieldError(field, str(error)))
        if parts:
            raise InvalidRequestError(*parts)
        return tuple(found)

    def _given(self) -> list[tuple[str, str]]:
        given = {CPF: self.cpf, PHONE: self.telefone, EMAIL: self.email, NAME: self.nome}
        return [(field, text) for field, text in given.items() if text is not None]

    def after(self) -> Found | None:
        """The place after which the page begins."""
        return _place_of(self.cursor) if self.cursor else None


class CustomerPage(TypedDict):
    """Customers who were found, by name."""

    clientes: list[CustomerHead]
    proximo: Cursor | None


class CustomerSearchEndpoints:
    """`/clientes`."""

    def __init__(self, actors: Actors, rates: SearchRates, audit: Audit) -> None:
        self._actors = actors
        self._audit = audit
        self._rates = rates

    @endpoint("GET", "/clientes", CARE_READ, query=CustomerQuery, answers={200: CustomerPage})
    async def find(self, request: Request) -> Response:
        """Find customers by CPF, phone, e-mail or name, or by what these begin with.

        A field that the caller sees masked must be given whole, and its searches are rated: else
        they would tell the masked part, digit by digit or guess by guess.
        """
        query, caller = query_of(request, CustomerQuery), caller_of(request)
        shown, following = await self.look_up(request, query)
        return json_response(
            {
                "clientes": [customer_head(file, caller) for file in shown],
                "proximo": None if following is None else cursor_text(following),
            }
        )

    async def look_up(
        self, request: Request, query: CustomerQuery
    ) -> tuple[list[CustomerFile], Found | None]:
        """The customers of a page, and its last place where more follow. Counted and recorded.

        Raises:
            InvalidRequestError, HTTPException, Refused: the search is refused.
        """
        caller = caller_of(request)
        criteria = query.criteria(caller)
        if any(criterion.whole for criterion in criteria):
            self._rates.count_masked(caller)
        found = accepted(await self._actors.search.find(criteria, query.after(), query.limite + 1))
        if found:
            self._rates.count_hit(caller)
        page = found[: query.limite]
        files = await gather(*(self._actors.customers.read(one.customer_id) for one in page))
        # one may have been erased meanwhile
        shown = [file for file in files if not isinstance(file, Refusal)]
        customer_ids = [file.customer.customer_id for file in shown]
        await self._audit.record(request, AccessKind.SEARCH, customer_ids)
        return shown, page[-1] if len(found) > len(page) else None
