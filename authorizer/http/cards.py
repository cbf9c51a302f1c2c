"""Cards: block, unblock, replacement, limit."""

from typing import Final, NotRequired

from pydantic import StrictBool
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from authorizer.actors.assembly import Actors
from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.commands import ChangeLimit, QueryLimit
from authorizer.domain.moments import WrittenTime
from authorizer.http.access.control import caller_of
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.access.roles import CARE, CARE_READ
from authorizer.http.api.conditions import is_unseen
from authorizer.http.api.endpoints import UNCHANGED, endpoint
from authorizer.http.api.fields import Cents, Channel, Document, Moment, Money
from authorizer.http.api.problems import accepted
from authorizer.http.api.query import Query, query_of
from authorizer.http.api.wire import json_response, read_document, time_text
from authorizer.http.block_ticket import TicketedBlockDocument
from authorizer.http.card_changes import (
    CardChanges,
    ReplacementDocument,
    UnblockDocument,
    account_of,
)
from authorizer.http.card_document import Card, card_part, limit_part

DEFAULT_CHANNEL: Final = "API"


class LimitQuery(Query):
    """`GET /cartoes/{cartao_id}/limite`."""

    canal: Channel = DEFAULT_CHANNEL


class LimitDocument(Document):
    """A card's new credit limit; one below what is used must be asked for in so many words."""

    limite_total: Cents
    canal: Channel
    abaixo_do_utilizado: StrictBool = False


class BlockedCard(Card):
    """A card's part of the customer document, and the ticket that its block opened."""

    protocolo: NotRequired[str | None]
    """There only where the request had a `chamado`; null where no ticket was opened."""


class Limit(TypedDict):
    """A card's limit in real time."""

    cartao_id: str
    limite_total: Money
    limite_utilizado: Money
    limite_disponivel: Money
    data: Moment


class CardEndpoints:
    """`/cartoes/{cartao_id}`, block, unblock, limit and replacement."""

    def __init__(self, actors: Actors, ceiling: LimitCeiling) -> None:
        self._actors = actors
        self._changes = CardChanges(actors)
        self._ceiling = ceiling

    @endpoint("GET", "/cartoes/{cartao_id}", CARE_READ, answers={200: Card})
    async def get(self, request: Request) -> Response:
        """Describe a card."""
        card = accepted(await self._actors.cards.read(request.path_params["cartao_id"]))
        return json_response(card_part(card))

    @endpoint(
        "POST",
        "/cartoes/{cartao_id}/bloqueio",
        CARE,
        body=TicketedBlockDocument,
        answers={200: BlockedCard},
        problems=(409, 410),
        repeated="With the same `motivo`: 200, and nothing changes.",
    )
    async def block(self, request: Request) -> Response:
        """Block a card.

        A block that changed something may open a ticket.
        """
        document = await read_document(request, TicketedBlockDocument)
        _, card, ticket_id = await self._changes.block(
            request.path_params["cartao_id"], document, caller_of(request).by
        )
        if document.chamado is None:
            return json_response(card_part(card))
        return json_response(card_part(card) | {"protocolo": ticket_id})

    @endpoint(
        "POST",
        "/cartoes/{cartao_id}/desbloqueio",
        CARE,
        body=UnblockDocument,
        answers={200: Card},
        problems=(409, 410),
        repeated=UNCHANGED,
    )
    async def unblock(self, request: Request) -> Response:
        """Make a blocked card active again."""
        document = await read_document(request, UnblockDocument)
        _, card = await self._changes.unblock(
            request.path_params["cartao_id"], document, caller_of(request).by
        )
        return json_response(card_part(card))

    @endpoint(
        "GET",
        "/cartoes/{cartao_id}/limite",
        CARE,
        query=LimitQuery,
        answers={200: Limit},
        problems=(409,),
    )
    async def limit(self, request: Request) -> Response:
        """Tell a card's limit in real time, and record that it was told.

        A prefetch or HEAD shows it to no person, and records nothing.
        """
        card_id = request.path_params["cartao_id"]
        channel = query_of(request, LimitQuery).canal
        account_id = account_of(self._actors, card_id)
        if is_unseen(request):
            card, now_us = accepted(await self._actors.cards.peek_limit(card_id))
            return _limit_answer(card, WrittenTime(now_us))
        _, (card, query) = accepted(
            await self._actors.dispatcher.ask(
                QueryLimit(account_id, card_id, channel, caller_of(request).by)
            )
        )
        return _limit_answer(card, query.at)

    @endpoint(
        "PUT",
        "/cartoes/{cartao_id}/limite",
        CARE,
        body=LimitDocument,
        answers={200: Card},
        problems=(409,),
        repeated=UNCHANGED,
    )
    async def change_limit(self, request: Request) -> Response:
        """Set a card's credit limit."""
        document = await read_document(request, LimitDocument)
        self._ceiling.check(caller_of(request), [document.limite_total])
        card_id = request.path_params["cartao_id"]
        account_id = account_of(self._actors, card_id)
        _, card = accepted(
            await self._actors.dispatcher.ask(
                ChangeLimit(
                    account_id,
                    card_id,
                    limit_total_cents=document.limite_total,
                    may_be_below_used=document.abaixo_do_utilizado,
                    channel=document.canal,
                    by=caller_of(request).by,
                )
            )
        )
        return json_response(card_part(card))

    @endpoint(
        "POST",
        "/cartoes/{cartao_id}/substituicao",
        CARE,
        body=ReplacementDocument,
        answers={201: Card, 200: Card},
        problems=(409,),
        repeated=(
            "With the same `cartao_id` in the body: 200, the new card, and nothing changes. Without"
            " it: 409, for the card was replaced."
        ),
    )
    async def replace(self, request: Request) -> Response:
        """Cancel a card for good and open a new one in its place."""
        document = await read_document(request, ReplacementDocument)
        done, card = await self._changes.replace(
            request.path_params["cartao_id"], document, caller_of(request).by
        )
        return json_response(card_part(card), 201 if done.created else 200)


def _limit_answer(card: CardTerms, at: WrittenTime) -> Response:
    return json_response({"cartao_id": card.card_id, **limit_part(card), "data": time_text(at)})
