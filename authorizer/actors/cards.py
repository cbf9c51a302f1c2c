"""Cards, asked for by their own id: the account that a card is on decides."""

from authorizer.actors.card_claims import CardClaims, Replaced
from authorizer.actors.clock import Clock
from authorizer.actors.dispatcher import Answer, Dispatcher
from authorizer.actors.keys import Keys
from authorizer.domain.accounts.cards import CardTerms, new_card_id
from authorizer.domain.accounts.commands import ReadAccount, ReplaceCard, UnblockCard
from authorizer.domain.accounts.state import AccountView
from authorizer.domain.outcomes import Refusal, RefusalKind, unknown


class Cards:
    """What is asked of a card beyond one command to its account."""

    def __init__(
        self, dispatcher: Dispatcher, claims: CardClaims, keys: Keys, clock: Clock
    ) -> None:
        self._dispatcher = dispatcher
        self._claims = claims
        self._keys = keys
        self._clock = clock

    async def read(self, card_id: str) -> CardTerms | Refusal:
        """A card as it stands."""
        account = await self._account_of(card_id)
        if isinstance(account, Refusal):
            return account
        return next(card for card in account.cards if card.card_id == card_id)

    async def owner(self, card_id: str) -> str | Refusal:
        """The customer whose card it is."""
        account = await self._account_of(card_id)
        return account if isinstance(account, Refusal) else account.owner_of_card[card_id]

    async def peek_limit(self, card_id: str) -> tuple[CardTerms, int] | Refusal:
        """A card with its limit, and the time in microseconds since 1970 UTC.

        No event records the query.
        """
        card = await self.read(card_id)
        if isinstance(card, Refusal):
            return card
        if card.limit_total_cents is None:
            return Refusal(RefusalKind.CONFLICT, f"card {card_id} has no credit limit")
        return card, self._clock.wall_us()

    async def unblock(self, command: UnblockCard) -> Answer[CardTerms]:
        """Unblock a card. The key of its customer, which seals the reason, is made before."""
        account = self._dispatcher.accounts.find(command.account_id)
        card = account.state.cards.get(command.card_id) if account else None
        if card is not None:
            refusal = await self._keys.ensure(card.customer_id)
            if refusal is not None:
                return refusal
        return await self._dispatcher.ask(command)

    def new_id(self, card_id: str) -> str | None:
        """An id for the card that replaces this one; None where none can be made."""
        account_of_card, claims = self._dispatcher.account_of_card, self._claims
        return new_card_id(
            card_id, lambda found: account_of_card(found) is not None or found in claims
        )

    async def replace(self, command: ReplaceCard) -> Answer[CardTerms]:
        """Replace a card; the answer describes the new one, whose id is claimed meanwhile."""
        with self._claims.claiming(Replaced(command.card_id), [command.new_card_id]) as refusal:
            return await self._dispatcher.ask(command) if refusal is None else refusal

    async def _account_of(self, card_id: str) -> AccountView | Refusal:
        account_id = self._dispatcher.account_of_card(card_id)
        if account_id is None:
            return unknown("card", card_id)
        answer = await self._dispatcher.ask(ReadAccount(account_id))
        return answer if isinstance(answer, Refusal) else answer[1]
