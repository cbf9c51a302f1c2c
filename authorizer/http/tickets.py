"""Tickets of customer care, from their opening to their end."""

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.ticket_file import TicketAnswer, TicketDesk
from authorizer.domain.access import AccessKind
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.commands import (
    ChangePriority,
    CloseTicket,
    OpenTicket,
    PauseTicket,
    RecordInteraction,
    ReopenTicket,
    ResolveTicket,
    TakeTicket,
    TicketCommand,
)
from authorizer.domain.tickets.service_levels import Priority
from authorizer.http.access.audit import Audit
from authorizer.http.answers.tickets import Ticket
from authorizer.http.api.endpoints import CARE, CARE_READ, Endpoint, Handler, caller_of
from authorizer.http.api.problems import FieldError, InvalidRequestError, refused
from authorizer.http.api.wire import checked, json_response, read_document
from authorizer.http.connection.request_id import idempotency_keys, key_text
from authorizer.http.documents import Document
from authorizer.http.ticket_documents import (
    ClientId,
    ClosingDocument,
    HoldDocument,
    InteractionDocument,
    PriorityDocument,
    ReopeningDocument,
    ResolutionDocument,
    TakingDocument,
    TicketDocument,
    ticket_document,
)

_KEY: Final = "Idempotency-Key"

_Command = Callable[[str, Any, str], TicketCommand]
"""A command from the protocol number, the document and who asks."""


class Tickets:
    """The endpoints of tickets."""

    def __init__(self, desk: TicketDesk, audit: Audit) -> None:
        self._desk = desk
        self._audit = audit

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        opening = Endpoint(
            "POST",
            "/clientes/{cliente_id}/chamados",
            self.open,
            CARE,
            "Open a ticket.",
            body=TicketDocument,
            answers={201: Ticket, 200: Ticket},
            problems=(409, 410),
            takes=("Idempotency-Key",),
        )
        reading = Endpoint(
            "GET",
            "/chamados/{protocolo}",
            self.get,
            CARE_READ,
            "Describe a ticket with its interactions.",
            answers={200: Ticket},
        )
        return [
            opening,
            reading,
            self._step(
                "interacoes", InteractionDocument, _interaction, "Record what was said.", 201
            ),
            self._step("atendimento", TakingDocument, _taking, "Have an attendant work on it."),
            self._step("espera", HoldDocument, _hold, "Have it wait for the customer."),
            self._step("prioridade", PriorityDocument, _priority, "Give it another priority."),
            self._step("resolucao", ResolutionDocument, _resolution, "Resolve it."),
            self._step("reabertura", ReopeningDocument, _reopening, "Reopen a resolved ticket."),
            self._step("fechamento", ClosingDocument, _closing, "Close it for good."),
        ]

    async def open(self, request: Request) -> Response:
        """Open a ticket."""
        document = await read_document(request, TicketDocument)
        command = OpenTicket(
            request.path_params["cliente_id"],
            document.assunto,
            document.descricao,
            document.categoria,
            Priority.of(document.prioridade),
            document.canal,
            document.cartao_id,
            None,
            caller_of(request).by,
            _client_id(request, document),
        )
        answer = await self._desk.open(command)
        await self._record_if_only_shown(request, answer)
        again = not isinstance(answer, Refusal) and not answer[0].created
        return _answer(answer, 200 if again else 201)

    async def get(self, request: Request) -> Response:
        """Describe a ticket."""
        answer = await self._desk.read(request.path_params["protocolo"])
        await self._record_if_only_shown(request, answer)
        return _answer(answer, 200)

    async def _record_if_only_shown(self, request: Request, answer: TicketAnswer) -> None:
        """Record that a ticket is read, unless this request changed it: the journal has that."""
        if not isinstance(answer, Refusal) and not answer[0].created:
            customer_id = answer[1].ticket.customer_id
            await self._audit.record(request, AccessKind.TICKET, [customer_id])

    def _step(
        self, name: str, body: type[Document], command: _Command, summary: str, status: int = 200
    ) -> Endpoint:
        return Endpoint(
            "POST",
            f"/chamados/{{protocolo}}/{name}",
            self._handler(body, command, status),
            CARE,
            summary,
            body=body,
            answers={status: Ticket},
            problems=(409, 410),
        )

    def _handler(self, body: type[Document], command: _Command, status: int) -> Handler:
        async def handle(request: Request) -> Response:
            document = await read_document(request, body)
            protocol = request.path_params["protocolo"]
            asked = command(protocol, document, caller_of(request).by)
            answer = await self._desk.ask(asked)
            await self._record_if_only_shown(request, answer)
            return _answer(answer, status)

        return handle


def _client_id(request: Request, document: TicketDocument) -> str | None:
    """The client's own id for a ticket: of the document, or of the header.

    Raises:
        InvalidRequestError: the header can't be taken, or says something else than the document.
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


def _interaction(protocol: str, document: InteractionDocument, by: str) -> RecordInteraction:
    return RecordInteraction(
        protocol,
        document.autor,
        document.nome,
        document.canal,
        document.mensagem,
        document.publica,
        by,
    )


def _taking(protocol: str, document: TakingDocument, by: str) -> TakeTicket:
    return TakeTicket(protocol, document.atendente, document.canal, by)


def _hold(protocol: str, document: HoldDocument, by: str) -> PauseTicket:
    return PauseTicket(protocol, document.canal, document.mensagem, document.atendente, by)


def _priority(protocol: str, document: PriorityDocument, by: str) -> ChangePriority:
    return ChangePriority(protocol, Priority.of(document.prioridade), document.canal, by)


def _resolution(protocol: str, document: ResolutionDocument, by: str) -> ResolveTicket:
    return ResolveTicket(protocol, document.resolution, document.canal, by)


def _reopening(protocol: str, document: ReopeningDocument, by: str) -> ReopenTicket:
    return ReopenTicket(protocol, document.motivo, document.canal, by)


def _closing(protocol: str, document: ClosingDocument, by: str) -> CloseTicket:
    return CloseTicket(protocol, document.canal, by)


def _answer(answer: TicketAnswer, status: int) -> Response:
    if isinstance(answer, Refusal):
        return refused(answer)
    return json_response(ticket_document(answer[1]), status)
