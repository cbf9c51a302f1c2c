"""`/console/cartoes/{card_id}`: block in two clicks, unblock, replace."""

from typing import Any, Final, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from authorizer.console import words
from authorizer.console.access.door import page
from authorizer.console.access.forms import document_of
from authorizer.console.access.visits import Visit
from authorizer.console.desk import Desk
from authorizer.console.pages.customer_view import last_four
from authorizer.console.words import said
from authorizer.domain.access import AccessKind
from authorizer.domain.accounts.cards import BLOCK_REASONS, CardTerms
from authorizer.domain.outcomes import Refusal
from authorizer.http.access.roles import CARE
from authorizer.http.api.problems import accepted
from authorizer.http.block_ticket import BlockTicketDocument, TicketedBlockDocument
from authorizer.http.card_changes import CardChanges, ReplacementDocument, UnblockDocument

_BLOCKED: Final = said("O cartão final %(card)s está bloqueado.")
_BLOCKED_WITH: Final = said(
    "O cartão final %(card)s está bloqueado. Chamado %(ticket)s aberto e resolvido."
)
_WAS_BLOCKED: Final = said("O cartão final %(card)s já estava bloqueado por este motivo.")
_UNBLOCKED: Final = said("O cartão final %(card)s está ativo de novo.")
_REPLACED: Final = said("O cartão %(card)s entrou no lugar do final %(old)s, com o mesmo limite.")


class _Owned(NamedTuple):
    """A card and its customer."""

    card: CardTerms
    customer_id: str

    @property
    def home(self) -> str:
        """The page of its customer."""
        return f"/console/clientes/{quote(self.customer_id, safe='')}"


class CardPages:
    """`/console/cartoes/{card_id}`."""

    def __init__(self, desk: Desk, changes: CardChanges) -> None:
        self._desk = desk
        self._changes = changes

    @page("GET", "/console/cartoes/{card_id}/bloqueio", CARE)
    async def ask_block(self, visit: Visit) -> Response:
        """Say what a block will do, and ask for confirmation."""
        motive = visit.asked("motivo")
        return await self._ask(
            visit,
            "block.html",
            motive=motive if motive in BLOCK_REASONS else None,
            is_final=motive in BLOCK_REASONS and BLOCK_REASONS[motive].final,
        )

    @page("POST", "/console/cartoes/{card_id}/bloqueio", CARE)
    async def block(self, visit: Visit) -> Response:
        """Block a card, with the ticket of the block opened and resolved."""
        owned = await self._owned(visit)
        name = visit.user.name
        ticket = document_of(visit.form, BlockTicketDocument, atendente=name)
        document = document_of(visit.form, TicketedBlockDocument, chamado=ticket)
        done, _, ticket_id = await self._changes.block(
            owned.card.card_id, document, visit.caller.by
        )
        text = _BLOCKED_WITH if ticket_id is not None else _BLOCKED
        text = visit.translate(text if done.created else _WAS_BLOCKED)
        return visit.go(owned.home, text % {"card": last_four(owned.card), "ticket": ticket_id})

    @page("GET", "/console/cartoes/{card_id}/desbloqueio", CARE)
    async def ask_unblock(self, visit: Visit) -> Response:
        """Ask why a card is to be active again."""
        return await self._ask(visit, "unblock.html")

    @page("POST", "/console/cartoes/{card_id}/desbloqueio", CARE)
    async def unblock(self, visit: Visit) -> Response:
        """Make a card active again."""
        owned = await self._owned(visit)
        document = document_of(visit.form, UnblockDocument)
        await self._changes.unblock(owned.card.card_id, document, visit.caller.by)
        text = visit.translate(_UNBLOCKED) % {"card": last_four(owned.card)}
        return visit.go(owned.home, text)

    @page("GET", "/console/cartoes/{card_id}/substituicao", CARE)
    async def ask_replace(self, visit: Visit) -> Response:
        """Say what a replacement will do, and ask for confirmation."""
        return await self._ask(visit, "replace.html")

    @page("POST", "/console/cartoes/{card_id}/substituicao", CARE)
    async def replace(self, visit: Visit) -> Response:
        """Cancel a card for good and open a new one in its place."""
        owned = await self._owned(visit)
        document = document_of(visit.form, ReplacementDocument)
        _, card = await self._changes.replace(owned.card.card_id, document, visit.caller.by)
        names = {"card": card.card_id, "old": last_four(owned.card)}
        return visit.go(owned.home, visit.translate(_REPLACED) % names)

    async def _owned(self, visit: Visit) -> _Owned:
        card_id = visit.id("card_id")
        card = accepted(await self._desk.actors.cards.read(card_id))
        return _Owned(card, accepted(await self._desk.actors.cards.owner(card_id)))

    async def _ask(self, visit: Visit, template: str, **context: Any) -> Response:
        owned = await self._owned(visit)
        file = await self._desk.actors.customers.read(owned.customer_id)
        await self._desk.audit.record(visit.request, AccessKind.DOCUMENT, [owned.customer_id])
        return await visit.page(
            template,
            name="" if isinstance(file, Refusal) else file.person.name,
            card=owned.card,
            card_path=quote(owned.card.card_id, safe=""),
            last_four=last_four(owned.card),
            home=owned.home,
            motives=words.MOTIVES,
            **context,
        )
