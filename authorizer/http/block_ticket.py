"""The ticket that a card's block opens and resolves in one request."""

from authorizer.actors.dispatcher import Dispatcher
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.commands import OpenTicket, Resolution
from authorizer.domain.tickets.service_levels import Priority
from authorizer.http.ticket_documents import TicketedBlockDocument


async def ticket_of_block(
    desk: Dispatcher, card_id: str, block: TicketedBlockDocument, by: str
) -> str | None:
    """Open and resolve the ticket that a block brought. The ticket's id; None if refused.

    The card is blocked already, and stays so whatever becomes of the ticket.
    """
    owner = await desk.owner_of_card(card_id)
    ticket = block.chamado
    if ticket is None or isinstance(owner, Refusal):
        return None
    command = OpenTicket(
        owner,
        ticket.assunto,
        ticket.descricao or f"Cartão {card_id} bloqueado por {block.motivo}.",
        ticket.categoria,
        Priority.of(ticket.prioridade),
        block.canal,
        card_id,
        Resolution(ticket.atendente or by, ticket.resolucao),
        by,
    )
    answer = await desk.tickets.open(command)
    return None if isinstance(answer, Refusal) else answer[1].ticket.ticket_id
