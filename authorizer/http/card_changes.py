"""What is done to a card by a person or a program: block with its ticket, unblock, replacement."""

from typing import Annotated, NamedTuple

from pydantic import Field, StrictStr

from authorizer.actors.assembly import Actors
from authorizer.domain.accounts.cards import BlockReason, CardTerms
from authorizer.domain.accounts.commands import BlockCard, ReplaceCard, UnblockCard
from authorizer.domain.outcomes import Done, unknown
from authorizer.http.api.fields import PRINTABLE, Channel, Document, Identity, ShortText
from authorizer.http.api.problems import FieldError, InvalidRequestError, Refused, accepted
from authorizer.http.block_ticket import TicketedBlockDocument, ticket_of_block
from authorizer.http.card_document import MaskedNumber, Motivo


class UnblockDocument(Document):
    """Why a card is unblocked, and how it was asked for."""

    canal: Channel
    justificativa: Annotated[StrictStr, Field(max_length=1000), PRINTABLE]


class ReplacementDocument(Document):
    """The card that takes another one's place; what is left out is made or taken over."""

    motivo: Motivo | None = None
    canal: Channel
    cartao_id: Identity | None = None
    numero_mascarado: MaskedNumber | None = None
    bandeira: ShortText | None = None

    @property
    def block_reason(self) -> BlockReason | None:
        """The reason that `motivo` names, if it is there."""
        return None if self.motivo is None else BlockReason.of(self.motivo)


class Blocked(NamedTuple):
    """A card that is blocked now."""

    done: Done
    """Whether this changed something."""
    card: CardTerms
    ticket_id: str | None
    """The ticket that was opened and resolved; None where none was asked for, or it was refused."""


class CardChanges:
    """Changes of cards. Every method raises `Refused` where the card does not allow it."""

    def __init__(self, actors: Actors) -> None:
        self._actors = actors

    async def block(self, card_id: str, document: TicketedBlockDocument, by: str) -> Blocked:
        """Block a card; a block that changed something may open a ticket."""
        account_id = account_of(self._actors, card_id)
        done, card = accepted(
            await self._actors.dispatcher.ask(
                BlockCard(account_id, card_id, document.block_reason, document.canal, by)
            )
        )
        ticket_id = None
        if done.created and document.chamado is not None:
            ticket_id = await ticket_of_block(self._actors, card, document, by)
        return Blocked(done, card, ticket_id)

    async def unblock(
        self, card_id: str, document: UnblockDocument, by: str
    ) -> tuple[Done, CardTerms]:
        """Make a blocked card active again."""
        account_id = account_of(self._actors, card_id)
        return accepted(
            await self._actors.cards.unblock(
                UnblockCard(
                    account_id,
                    card_id,
                    channel=document.canal,
                    justification=document.justificativa,
                    by=by,
                )
            )
        )

    async def replace(
        self, card_id: str, document: ReplacementDocument, by: str
    ) -> tuple[Done, CardTerms]:
        """Cancel a card for good and open a new one in its place; the answer is the new one.

        Raises:
            InvalidRequestError: no id was given, and none can be made.
        """
        account_id = account_of(self._actors, card_id)
        new_card_id = document.cartao_id or self._actors.cards.new_id(card_id)
        if new_card_id is None:
            raise InvalidRequestError(
                FieldError("cartao_id", "must be given: none can be made of the old card's")
            )
        return accepted(
            await self._actors.cards.replace(
                ReplaceCard(
                    account_id,
                    card_id,
                    new_card_id=new_card_id,
                    block_reason=document.block_reason,
                    channel=document.canal,
                    masked_number=document.numero_mascarado,
                    brand=document.bandeira,
                    by=by,
                )
            )
        )


def account_of(actors: Actors, card_id: str) -> str:
    """The account that a card is on.

    Raises:
        Refused: there is no such card.
    """
    account_id = actors.dispatcher.account_of_card(card_id)
    if account_id is None:
        raise Refused(unknown("card", card_id))
    return account_id
