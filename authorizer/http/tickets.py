"""Tickets of customer care (`chamados`), from their opening to their end."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.ticket_file import TicketFile
from authorizer.actors.tickets import TicketAnswer, Tickets
from authorizer.domain.access import AccessKind
from authorizer.domain.outcomes import Done
from authorizer.http.access.audit import Audit
from authorizer.http.access.control import caller_of
from authorizer.http.access.roles import CARE, CARE_READ
from authorizer.http.api.endpoints import UNCHANGED, endpoint
from authorizer.http.api.fields import ClientId
from authorizer.http.api.problems import FieldError, InvalidRequestError, accepted
from authorizer.http.api.wire import checked, json_response, read_document
from authorizer.http.connection.request_id import idempotency_keys, key_text
from authorizer.http.ticket_document import Ticket, ticket_document
from authorizer.http.ticket_requests import (
    ClosingDocument,
    HoldDocument,
    InteractionDocument,
    PriorityDocument,
    ReopeningDocument,
    ResolutionDocument,
    TakingDocument,
    TicketDocument,
    TicketRequest,
)

_KEY: Final = "Idempotency-Key"
_WRONG_STATE: Final = "409, for the ticket is in another state."


class TicketEndpoints:
    """`/clientes/{cliente_id}/chamados` and `/chamados/{protocolo}`."""

    def __init__(self, tickets: Tickets, audit: Audit) -> None:
        self._tickets = tickets
        self._audit = audit

    @endpoint(
        "POST",
        "/clientes/{cliente_id}/chamados",
        CARE,
        body=TicketDocument,
        answers={201: Ticket, 200: Ticket},
        problems=(409, 410),
        takes=(_KEY,),
        repeated=(
            "With the same `id`: the ticket that it opened. Without one: 201, with another ticket."
        ),
    )
    async def open(self, request: Request) -> Response:
        """Open a ticket."""
        document = await read_document(request, TicketDocument)
        command = document.command(
            request.path_params["cliente_id"],
            _client_id(request, document),
            caller_of(request).by,
        )
        done, file = await self._accepted(request, await self._tickets.open(command))
        return json_response(ticket_document(file), 201 if done.created else 200)

    @endpoint("GET", "/chamados/{protocolo}", CARE_READ, answers={200: Ticket})
    async def get(self, request: Request) -> Response:
        """Describe a ticket with its interactions."""
        answer = await self._tickets.read(request.path_params["protocolo"])
        _, file = await self._accepted(request, answer)
        return json_response(ticket_document(file))

    @endpoint(
        "POST",
        "/chamados/{protocolo}/interacoes",
        CARE,
        body=InteractionDocument,
        answers={201: Ticket},
        problems=(409, 410),
        repeated="201, and it is recorded twice.",
    )
    async def record_interaction(self, request: Request) -> Response:
        """Record what was said."""
        document = await read_document(request, InteractionDocument)
        return await self._changed(request, document, 201)

    @endpoint(
        "POST",
        "/chamados/{protocolo}/atendimento",
        CARE,
        body=TakingDocument,
        answers={200: Ticket},
        problems=(409, 410),
        repeated="With the same `atendente`: 200, and nothing changes.",
    )
    async def take(self, request: Request) -> Response:
        """Have an attendant work on it."""
        document = await read_document(request, TakingDocument)
        return await self._changed(request, document)

    @endpoint(
        "POST",
        "/chamados/{protocolo}/espera",
        CARE,
        body=HoldDocument,
        answers={200: Ticket},
        problems=(409, 410),
        repeated=_WRONG_STATE,
    )
    async def pause(self, request: Request) -> Response:
        """Have it wait for the customer."""
        document = await read_document(request, HoldDocument)
        return await self._changed(request, document)

    @endpoint(
        "POST",
        "/chamados/{protocolo}/prioridade",
        CARE,
        body=PriorityDocument,
        answers={200: Ticket},
        problems=(409, 410),
        repeated=UNCHANGED,
    )
    async def change_priority(self, request: Request) -> Response:
        """Give it another priority."""
        document = await read_document(request, PriorityDocument)
        return await self._changed(request, document)

    @endpoint(
        "POST",
        "/chamados/{protocolo}/resolucao",
        CARE,
        body=ResolutionDocument,
        answers={200: Ticket},
        problems=(409, 410),
        repeated=_WRONG_STATE,
    )
    async def resolve(self, request: Request) -> Response:
        """Resolve it."""
        document = await read_document(request, ResolutionDocument)
        return await self._changed(request, document)

    @endpoint(
        "POST",
        "/chamados/{protocolo}/reabertura",
        CARE,
        body=ReopeningDocument,
        answers={200: Ticket},
        problems=(409, 410),
        repeated=_WRONG_STATE,
    )
    async def reopen(self, request: Request) -> Response:
        """Reopen a resolved ticket."""
        document = await read_document(request, ReopeningDocument)
        return await self._changed(request, document)

    @endpoint(
        "POST",
        "/chamados/{protocolo}/fechamento",
        CARE,
        body=ClosingDocument,
        answers={200: Ticket},
        problems=(409, 410),
        repeated=_WRONG_STATE,
    )
    async def close(self, request: Request) -> Response:
        """Close it for good."""
        document = await read_document(request, ClosingDocument)
        return await self._changed(request, document)

    async def _changed(
        self, request: Request, document: TicketRequest, status: int = 200
    ) -> Response:
        command = document.command(request.path_params["protocolo"], caller_of(request).by)
        _, file = await self._accepted(request, await self._tickets.ask(command))
        return json_response(ticket_document(file), status)

    async def _accepted(self, request: Request, answer: TicketAnswer) -> tuple[Done, TicketFile]:
        """The accepted answer. Where nothing changed, the ticket was read, and that is recorded.

        A change is in the journal already.
        """
        done, file = accepted(answer)
        if not done.created:
            await self._audit.record(request, AccessKind.TICKET, [file.ticket.customer_id])
        return done, file


def _client_id(request: Request, document: TicketDocument) -> str | None:
    """The client's own id for a ticket, of the document or of the header; None without one.

    Raises:
        InvalidRequestError: the header is wrong, or differs from the document.
    """
    keys = idempotency_keys(request.scope["headers"])
    if not keys:
        return document.id
    key = key_text(keys[0]) if len(keys) == 1 else None
    if key is None:
        raise InvalidRequestError(FieldError(_KEY, "must be there once, in UTF-8"))
    key = checked(ClientId, key, _KEY)
    if document.id not in (None, key):
        raise InvalidRequestError(FieldError(_KEY, "must be the id of the document"))
    return key
