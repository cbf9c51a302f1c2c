"""Merchant overrides: the MCC that counts for a merchant, whatever a purchase says."""

from collections.abc import Sequence
from typing import Annotated, Final
from zlib import crc32

from pydantic import Field, StrictStr
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.merchants.commands import ReadMerchants, RegisterMerchant, RemoveMerchant
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import OPERATIONS, OPERATIONS_READ
from authorizer.http.api.endpoints import UNCHANGED, endpoint
from authorizer.http.api.fields import MAX_TEXT_LENGTH, PRINTABLE, Document, printable
from authorizer.http.api.paging import CursorOfTwo, Key, Rows, cursor_text, key_of
from authorizer.http.api.problems import accepted
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.rules import DESCRIPTOR_PATTERN, Rule
from authorizer.http.api.wire import json_response, read_document

Override = tuple[str, str]
"""A merchant override: its name as registered, and its MCC."""


def _descriptor(text: str) -> str:
    """The text. White space of any kind counts as a space, as it does in a transaction."""
    printable(" ".join(text.split()))
    return text


_DESCRIPTOR: Final = Rule(_descriptor, {"pattern": DESCRIPTOR_PATTERN})


class MerchantDocument(Document):
    """A merchant's name, and the MCC that counts for it whatever a purchase says."""

    name: Annotated[StrictStr, Field(max_length=MAX_TEXT_LENGTH), _DESCRIPTOR]
    mcc: Annotated[StrictStr, Field(max_length=32), PRINTABLE]


class MerchantQuery(Query):
    """`DELETE /merchants`."""

    name: Annotated[StrictStr, _DESCRIPTOR]


class MerchantListQuery(Query):
    """`GET /merchants`."""

    limit: Rows | None = Field(None, description="Merchants on a page; without it there are all.")
    before: CursorOfTwo | None = None


class Merchant(TypedDict):
    """A merchant override."""

    name: str
    mcc: str


class MerchantEndpoints:
    """`/merchants`."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @endpoint(
        "PUT",
        "/merchants",
        OPERATIONS,
        body=MerchantDocument,
        answers={201: Merchant, 200: Merchant},
        problems=(409,),
        repeated=UNCHANGED,
    )
    async def put(self, request: Request) -> Response:
        """Register a merchant override."""
        document = await read_document(request, MerchantDocument)
        done, _ = accepted(
            await self._dispatcher.ask(
                RegisterMerchant(document.name, document.mcc, caller_of(request).by)
            )
        )
        return json_response(
            {"name": document.name, "mcc": document.mcc}, 201 if done.created else 200
        )

    @endpoint(
        "GET",
        "/merchants",
        OPERATIONS_READ,
        query=MerchantListQuery,
        answers={200: list[Merchant]},
        headers=("Link",),
    )
    async def read(self, request: Request) -> Response:
        """List the merchant overrides.

        All of them, or a page if the query has a `limit`.
        """
        query = query_of(request, MerchantListQuery)
        _, entries = accepted(await self._dispatcher.ask(ReadMerchants()))
        start = 0 if query.before is None else _behind(key_of(query.before, 2), entries)
        end = len(entries) if query.limit is None else start + query.limit
        page = entries[start:end]
        response = json_response([{"name": name, "mcc": mcc} for name, mcc in page])
        if end < len(entries):
            cursor = cursor_text((end - 1, _mark(page[-1])))
            response.headers["Link"] = (
                f'</merchants?limit={query.limit}&before={cursor}>; rel="next"'
            )
        return response

    @endpoint(
        "DELETE",
        "/merchants",
        OPERATIONS,
        query=MerchantQuery,
        answers={204: None},
        problems=(404,),
        repeated="404, for it is out.",
    )
    async def delete(self, request: Request) -> Response:
        """Take a merchant override out."""
        name = query_of(request, MerchantQuery).name
        accepted(await self._dispatcher.ask(RemoveMerchant(name, caller_of(request).by)))
        return Response(status_code=204)


def _behind(key: Key, entries: Sequence[Override]) -> int:
    """The index after the entry of a cursor, which has its index then and a checksum of its name.

    Entries are added at the end, so an entry only moves up. Where it was removed, the entry after
    it has its index.
    """
    place, mark = key
    for at in range(min(place, len(entries) - 1), -1, -1):
        if _mark(entries[at]) == mark:
            return at + 1
    return max(0, place)


def _mark(entry: Override) -> int:
    return crc32(entry[0].encode())
