"""Card claims: which request may open a card that is not on any account yet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from authorizer.domain.outcomes import Refusal, RefusalKind


class Replaced(NamedTuple):
    """The claimant of a replacement's new card: the replaced card. Documents claim by customer."""

    card_id: str


Claimant = str | Replaced


class CardClaims:
    """The cards that requests under way are about to open: each is one claimant's.

    A request that opens cards takes several steps, and the card is on its account after the last
    of them. Until then its claim keeps others from opening the same card on another account.
    """

    def __init__(self) -> None:
        self._claims: dict[str, tuple[Claimant, int]] = {}
        """By card: the claimant, and how many of its requests name the card."""

    def __contains__(self, card_id: str) -> bool:
        return card_id in self._claims

    @contextmanager
    def claiming(self, claimant: Claimant, card_ids: Sequence[str]) -> Iterator[Refusal | None]:
        """Claim cards until the end of the block; or claim none, and give the refusal.

        It names the first of the cards that another claimant has.
        """
        for card_id in card_ids:
            if self._claims.get(card_id, (claimant, 0))[0] != claimant:
                yield Refusal(RefusalKind.CONFLICT, f"card {card_id} is being opened for another")
                return
        for card_id in card_ids:
            _, count = self._claims.get(card_id, (claimant, 0))
            self._claims[card_id] = (claimant, count + 1)
        try:
            yield None
        finally:
            for card_id in card_ids:
                _, count = self._claims.pop(card_id)
                if count > 1:
                    self._claims[card_id] = (claimant, count - 1)
