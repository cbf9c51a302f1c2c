"""Cards: what they are, block, unblock, replacement, limit."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.commands import (
    BlockCard,
    ChangeLimit,
    QueryLimit,
    ReplaceCard,
    UnblockCard,
)
from authorizer.domain.moments import WrittenTime
from authorizer.domain.outcomes import Refusal
from authorizer.http.access.limit_ceiling import LimitCeiling
from authorizer.http.answers.cards import BlockedCard, Card, Limit
from authorizer.http.api.conditions import nobody_looks
from authorizer.http.api.endpoints import CARE, CARE_READ, Endpoint, caller_of
from authorizer.http.api.problems import FieldError, InvalidRequestError, refused
from authorizer.http.api.query import query_of
from authorizer.http.api.wire import json_response, money, read_document, time_text
from authorizer.http.block_ticket import ticket_of_block
from authorizer.http.documents import (
    LimitDocument,
    LimitQuery,
    ReplacementDocument,
    UnblockDocument,
)
from authorizer.http.ticket_documents import TicketedBlockDocument


class Cards:
    """The endpoints of cards."""

    def __init__(self, desk: Dispatcher, ceiling: LimitCeiling) -> None:
        self._desk = desk
        self._ceiling = ceiling

    def endpoints(self) -> list[Endpoint]:
        """What they are."""
        card = "/cartoes/{cartao_id}"
        return [
            Endpoint("GET", card, self.get, CARE_READ, "Describe a card.", answers={200: Card}),
            Endpoint(
                "POST",
                f"{card}/bloqueio",
                self.block,
                CARE,
                "Block a card.",
                body=TicketedBlockDocument,
                answers={200: BlockedCard},
                problems=(409, 410),
            ),
            Endpoint(
                "POST",
                f"{card}/desbloqueio",
                self.unblock,
                CARE,
                "Make a blocked card active again.",
                body=UnblockDocument,
                answers={200: Card},
                problems=(409, 410),
            ),
            Endpoint(
                "GET",
                f"{card}/limite",
                self.limit,
                CARE,
                "Tell a card's limit in real time, and record that it was told.",
                query=LimitQuery,
                answers={200: Limit},
                problems=(409,),
            ),
            Endpoint(
                "PUT",
                f"{card}/limite",
                self.change_limit,
                CARE,
                "Set a card's credit limit.",
                body=LimitDocument,
                answers={200: Card},
                problems=(409,),
            ),
            Endpoint(
                "POST",
                f"{card}/substituicao",
                self.replace,
                CARE,
                "Cancel a card for good and open a new one in its place.",
                body=ReplacementDocument,
                answers={201: Card, 200: Card},
                problems=(409,),
            ),
        ]

    async def get(self, request: Request) -> Response:
        """Describe a card."""
        answer = await self._desk.read_card(request.path_params["cartao_id"])
        return refused(answer) if isinstance(answer, Refusal) else json_response(card_part(answer))

    async def block(self, request: Request) -> Response:
        """Block a card; a block that changed something may bring a ticket."""
        document = await read_document(request, TicketedBlockDocument)
        card_id, by = request.path_params["cartao_id"], caller_of(request).by
        account_id = self._account_of(card_id)
        answer = await self._desk.card(
            BlockCard(account_id, card_id, document.block_reason, document.canal, by)
        )
        if isinstance(answer, Refusal) or document.chamado is None:
            return _card_answer(answer)
        done, card = answer
        protocol = None
        if done.created:
            protocol = await ticket_of_block(self._desk, card_id, document, by)
        return json_response(card_part(card) | {"protocolo": protocol})

    async def unblock(self, request: Request) -> Response:
        """Unblock a card."""
        document = await read_document(request, UnblockDocument)
        card_id = request.path_params["cartao_id"]
        account_id = self._account_of(card_id)
        return _card_answer(
            await self._desk.card(
                UnblockCard(
                    account_id,
                    card_id,
                    document.canal,
                    document.justificativa,
                    caller_of(request).by,
                )
            )
        )

    async def limit(self, request: Request) -> Response:
        """Tell a card's limit in real time, and record that it was told to somebody."""
        card_id = request.path_params["cartao_id"]
        channel = query_of(request, LimitQuery).canal
        account_id = self._account_of(card_id)
        if nobody_looks(request):
            peeked = await self._desk.peek_limit(card_id)
            if isinstance(peeked, Refusal):
                return refused(peeked)
            return _limit_answer(peeked[0], WrittenTime(peeked[1]))
        answer = await self._desk.limit(
            QueryLimit(account_id, card_id, channel, caller_of(request).by)
        )
        if isinstance(answer, Refusal):
            return refused(answer)
        card, query = answer[1]
        return _limit_answer(card, query.at)

    async def change_limit(self, request: Request) -> Response:
        """Set a card's credit limit."""
        document = await read_document(request, LimitDocument)
        self._ceiling.check(caller_of(request), [document.limite_total])
        card_id = request.path_params["cartao_id"]
        account_id = self._account_of(card_id)
        return _card_answer(
            await self._desk.card(
                ChangeLimit(
                    account_id,
                    card_id,
                    document.limite_total,
                    document.abaixo_do_utilizado,
                    document.canal,
                    caller_of(request).by,
                )
            )
        )

    async def replace(self, request: Request) -> Response:
        """Cancel a card for good and open a new one in its place."""
        document = await read_document(request, ReplacementDocument)
        card_id = request.path_params["cartao_id"]
        account_id = self._account_of(card_id)
        new_card_id = document.cartao_id or self._desk.new_card_id(card_id)
        if new_card_id is None:
            raise InvalidRequestError(
                FieldError("cartao_id", "must be given: none can be made of the old card's")
            )
        answer = await self._desk.replace_card(
            ReplaceCard(
                account_id,
                card_id,
                new_card_id,
                document.block_reason,
                document.canal,
                document.numero_mascarado,
                document.bandeira,
                caller_of(request).by,
            )
        )
        if isinstance(answer, Refusal):
            return refused(answer)
        done, card = answer
        return json_response(card_part(card), 201 if done.created else 200)

    def _account_of(self, card_id: str) -> str:
        """The account that a card is on. HTTPException 404 where there is no such card."""
        account_id = self._desk.account_of_card(card_id)
        if account_id is None:
            raise HTTPException(404, f"there is no card {card_id!r}")
        return account_id


def card_part(card: CardTerms) -> dict[str, Any]:
    """A card's part of the customer document."""
    part: dict[str, Any] = {
        "cartao_id": card.card_id,
        "numero_mascarado": card.masked_number,
        "bandeira": card.brand,
        "status": card.status,
    }
    if card.block_reason is not None:
        part["motivo_bloqueio"] = card.block_reason
    if card.blocked_at is not None:
        part["data_bloqueio"] = time_text(card.blocked_at)
    part |= _limit_part(card)
    if card.replaces is not None:
        part["substitui"] = card.replaces
    if card.replaced_by is not None:
        part["substituido_por"] = card.replaced_by
    return part


def _limit_part(card: CardTerms) -> dict[str, Any]:
    if card.limit_total_cents is None:
        return {}
    return {
        "limite_total": money(card.limit_total_cents),
        "limite_utilizado": money(card.limit_used_cents),
        "limite_disponivel": money(card.limit_total_cents - card.limit_used_cents),
    }


def _limit_answer(card: CardTerms, at: WrittenTime) -> Response:
    part = {"cartao_id": card.card_id, **_limit_part(card), "data": time_text(at)}
    return json_response(part)


def _card_answer(answer: Answer[CardTerms]) -> Response:
    return refused(answer) if isinstance(answer, Refusal) else json_response(card_part(answer[1]))
