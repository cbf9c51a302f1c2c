"""The block of a card, with the ticket that it may open and resolve in the same request."""

from authorizer.actors.assembly import Actors
from authorizer.domain.accounts.cards import BlockReason, CardTerms
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.commands import OpenTicket, Resolution
from authorizer.domain.tickets.service_levels import Priority
from authorizer.http.api.fields import Channel, Document
from authorizer.http.card_document import Motivo
from authorizer.http.ticket_document import Category, MessageText, Name, PriorityWord, Subject


class BlockTicketDocument(Document):
    """The ticket that a block opens and resolves."""

    assunto: Subject = "Bloqueio de cartão"
    descricao: MessageText | None = None
    categoria: Category = "bloqueio"
    prioridade: PriorityWord = Priority.MEDIUM.value
    atendente: Name | None = None
    resolucao: MessageText = "Cartão bloqueado."


class TicketedBlockDocument(Document):
    """Why a card is blocked, and the ticket (`chamado`) that it may open and resolve."""

    motivo: Motivo
    canal: Channel
    chamado: BlockTicketDocument | None = None

    @property
    def block_reason(self) -> BlockReason:
        """The reason that `motivo` names."""
        return BlockReason.of(self.motivo)


async def ticket_of_block(
    actors: Actors, card: CardTerms, block: TicketedBlockDocument, by: str
) -> str | None:
    """Open and resolve the ticket of a block. Returns its id, or None if it is refused.

    The card is blocked already, and stays so if the ticket is refused.
    """
    owner = await actors.cards.owner(card.card_id)
    ticket = block.chamado
    if ticket is None or isinstance(owner, Refusal):
        return None
    command = OpenTicket(
        customer_id=owner,
        subject=ticket.assunto,
        description=ticket.descricao
        or f"Cartão {card.masked_number or card.card_id} bloqueado por {block.motivo}.",
        category=ticket.categoria,
        priority=Priority.of(ticket.prioridade),
        channel=block.canal,
        card_id=card.card_id,
        resolution=Resolution(ticket.atendente or by, ticket.resolucao),
        by=by,
    )
    answer = await actors.tickets.open(command)
    return None if isinstance(answer, Refusal) else answer[1].ticket.ticket_id
