"""`/console/chamados/{ticket_id}`: read it, answer it, pause it, resolve it, reopen it."""

import secrets
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from authorizer.console.access.door import page
from authorizer.console.access.forms import document_of
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.pages.customer_view import card_name
from authorizer.console.replies import REPLIES
from authorizer.console.words import said
from authorizer.domain.access import AccessKind
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.state import ATTENDANT, CUSTOMER, TicketStatus
from authorizer.http.access.roles import CARE, CARE_READ
from authorizer.http.api.problems import FieldError, InvalidRequestError, accepted
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

_DONE: Final = {
    "responder": said("A resposta foi registrada."),
    "nota": said("A nota interna foi registrada."),
    "cliente": said("O que o cliente disse foi registrado."),
    "pausar": said("O chamado aguarda o cliente; o prazo está parado."),
    "resolver": said("O chamado foi resolvido."),
}
_OPENED: Final = said("O chamado %(ticket)s foi aberto.")
_UNATTENDED: Final = (TicketStatus.OPEN.value, TicketStatus.REOPENED.value)


class TicketPages:
    """`/console/chamados/{ticket_id}` and what is done there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @page("GET", "/console/chamados/{ticket_id}", CARE_READ)
    async def show(self, visit: Visit) -> Response:
        """Show a ticket with its interactions and all that can be done with it now."""
        _, file = accepted(await self._desk.actors.tickets.read(visit.id("ticket_id")))
        ticket = file.ticket
        customer = await self._desk.actors.customers.read(ticket.customer_id)
        name = "" if isinstance(customer, Refusal) else customer.person.name
        await self._desk.audit.record(visit.request, AccessKind.TICKET, [ticket.customer_id])
        card = await self._desk.actors.cards.read(ticket.card_id) if ticket.card_id else None
        reply = REPLIES.get(visit.asked("modelo"))
        first_name = name.partition(" ")[0]
        return await visit.page(
            "ticket.html",
            file=file,
            pairs=list(zip(ticket.interactions, file.texts.messages, strict=True)),
            name=name,
            card_name="" if card is None or isinstance(card, Refusal) else card_name(card),
            customer_path=quote(ticket.customer_id, safe=""),
            now_us=self._desk.clock.wall_us(),
            replies=REPLIES,
            draft=reply.filled(first_name, ticket.ticket_id, visit.user.name) if reply else "",
            is_over=ticket.status in (TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value),
            is_resolved=ticket.status == TicketStatus.RESOLVED.value,
            is_closed=ticket.status == TicketStatus.CLOSED.value,
            may_pause=ticket.status in (*_UNATTENDED, TicketStatus.IN_PROGRESS.value),
            is_mine=ticket.attendant == visit.user.name and ticket.status not in _UNATTENDED,
        )

    @page("POST", "/console/chamados/{ticket_id}/resposta", CARE)
    async def answer(self, visit: Visit) -> Response:
        """Record what was said, or what is done with it: one text, several buttons."""
        action = visit.form.get("acao", "")
        document = _ACTIONS.get(action)
        if document is None:
            raise InvalidRequestError(FieldError("acao", "must be one of the buttons"))
        return await self._done(visit, document(visit), _DONE[action])

    @page("POST", "/console/chamados/{ticket_id}/atendimento", CARE)
    async def take(self, visit: Visit) -> Response:
        """Work on it."""
        document = document_of(visit.form, TakingDocument, atendente=visit.user.name)
        return await self._done(visit, document, said("O chamado é seu."))

    @page("POST", "/console/chamados/{ticket_id}/prioridade", CARE)
    async def change_priority(self, visit: Visit) -> Response:
        """Give it another priority."""
        document = document_of(visit.form, PriorityDocument)
        return await self._done(visit, document, said("A prioridade mudou, e com ela os prazos."))

    @page("POST", "/console/chamados/{ticket_id}/reabertura", CARE)
    async def reopen(self, visit: Visit) -> Response:
        """Reopen it."""
        document = document_of(visit.form, ReopeningDocument)
        return await self._done(visit, document, said("O chamado foi reaberto."))

    @page("POST", "/console/chamados/{ticket_id}/fechamento", CARE)
    async def close(self, visit: Visit) -> Response:
        """Close it for good."""
        document = document_of(visit.form, ClosingDocument)
        return await self._done(visit, document, said("O chamado foi fechado."))

    @page("GET", "/console/clientes/{customer_id}/chamados", CARE)
    async def ask_open(self, visit: Visit) -> Response:
        """Ask what a ticket is to be about."""
        customer_id = visit.id("customer_id")
        file = accepted(await self._desk.actors.customers.read(customer_id))
        await self._desk.audit.record(visit.request, AccessKind.DOCUMENT, [customer_id])
        return await visit.page(
            "new_ticket.html",
            name=file.person.name,
            customer_path=quote(customer_id, safe=""),
            cards=file.cards,
            form_id=secrets.token_hex(8),
        )

    @page("POST", "/console/clientes/{customer_id}/chamados", CARE)
    async def open(self, visit: Visit) -> Response:
        """Open a ticket; the same form sent twice opens one."""
        document = document_of(visit.form, TicketDocument)
        command = document.command(visit.id("customer_id"), document.id, visit.caller.by)
        _, file = accepted(await self._desk.actors.tickets.open(command))
        ticket_id = file.ticket.ticket_id
        done = visit.translate(_OPENED) % {"ticket": ticket_id}
        return visit.go(f"/console/chamados/{ticket_id}", done)

    async def _done(self, visit: Visit, document: TicketRequest, text: str) -> Response:
        command = document.command(visit.id("ticket_id"), visit.caller.by)
        _, file = accepted(await self._desk.actors.tickets.ask(command))
        return visit.go(f"/console/chamados/{file.ticket.ticket_id}", visit.translate(text))


def _said(visit: Visit, author: str, *, public: bool) -> InteractionDocument:
    name = visit.user.name if author == ATTENDANT else None
    return document_of(visit.form, InteractionDocument, autor=author, nome=name, publica=public)


def _pause(visit: Visit) -> HoldDocument:
    return document_of(visit.form, HoldDocument, atendente=visit.user.name)


def _resolve(visit: Visit) -> ResolutionDocument:
    text = visit.form.get("mensagem")
    return document_of(visit.form, ResolutionDocument, atendente=visit.user.name, resolucao=text)


_ACTIONS: Final[Mapping[str, Callable[[Visit], TicketRequest]]] = {
    "responder": lambda visit: _said(visit, ATTENDANT, public=True),
    "nota": lambda visit: _said(visit, ATTENDANT, public=False),
    "cliente": lambda visit: _said(visit, CUSTOMER, public=True),
    "pausar": _pause,
    "resolver": _resolve,
}
"""What the buttons below the text do."""
