"""`/clientes/{cliente_id}/acessos`: who read a customer's data."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.access_trail import AccessTrail
from authorizer.actors.customer_file import CustomerFiles
from authorizer.domain.access import Accessed
from authorizer.domain.moments import WrittenTime
from authorizer.domain.people import PERSON
from authorizer.http.access.roles import ACCESSES_READ
from authorizer.http.api.endpoints import endpoint
from authorizer.http.api.fields import Cursor, Moment
from authorizer.http.api.paging import DEFAULT_ROWS, CursorOfOne, Rows, cursor_of, key_of
from authorizer.http.api.problems import accepted_or_erased
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.wire import json_response, time_text


class AccessQuery(Query):
    """`GET /clientes/{cliente_id}/acessos`."""

    limite: Rows = DEFAULT_ROWS
    cursor: CursorOfOne | None = None

    def older_than(self) -> int | None:
        """The position in the log below which the page begins; None: at the newest."""
        return None if self.cursor is None else key_of(self.cursor, 1)[0]


class DataRead(TypedDict):
    """One request that was answered with the customer's data.

    `papel` and `chave` with a key, `papel` and `pessoa` where somebody was logged in.
    """

    data: Moment
    tipo: Literal[
        "documento",
        "busca",
        "exportacao",
        "chamado",
        "chamados",
        "interacoes",
        "operacoes",
        "revelacao",
    ]
    motivo: NotRequired[Annotated[str, Field(description="Why masked data were shown in full.")]]
    por: str
    papel: NotRequired[str]
    chave: NotRequired[str]
    pessoa: NotRequired[Annotated[str, Field(description="Who, of the people of the console.")]]
    request_id: str


class Accesses(TypedDict):
    """A page of those reads, newest first."""

    acessos: list[DataRead]
    proximo: Cursor | None


class AccessEndpoints:
    """`/clientes/{cliente_id}/acessos`. The list outlives the customer's erasure."""

    def __init__(self, customers: CustomerFiles, trail: AccessTrail) -> None:
        self._customers = customers
        self._trail = trail

    @endpoint(
        "GET",
        "/clientes/{cliente_id}/acessos",
        ACCESSES_READ,
        query=AccessQuery,
        answers={200: Accesses},
    )
    async def get(self, request: Request) -> Response:
        """List who read a customer's data, newest first."""
        query = query_of(request, AccessQuery)
        customer_id = request.path_params["cliente_id"]
        accepted_or_erased(await self._customers.refusal(customer_id))
        found = await self._trail.page(customer_id, query.older_than(), query.limite + 1)
        page = found[: query.limite]
        following = [page[-1].position] if len(found) > len(page) else None
        return json_response(
            {"acessos": [_line(one) for one in page], "proximo": cursor_of(following)}
        )


def _line(accessed: Accessed) -> dict[str, Any]:
    access = accessed.access
    role, colon, who = access.by.partition(":")
    kind, _, reason = access.kind.partition(":")
    line: dict[str, Any] = {
        "data": time_text(WrittenTime(access.at_us)),
        "tipo": kind,
        "por": access.by,
    }
    if reason:
        line["motivo"] = reason
    if who.startswith(PERSON):
        line |= {"papel": role, "pessoa": who.removeprefix(PERSON)}
    elif colon:
        line |= {"papel": role, "chave": who}
    return line | {"request_id": access.request_id}
