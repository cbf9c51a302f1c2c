"""The account's actor: the only one that changes the account."""

from collections.abc import Callable, Sequence
from typing import Any

from authorizer.actors.entity import EntityActor
from authorizer.domain.accounts import card_changes, card_rules, funds
from authorizer.domain.accounts import state as accounts
from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.commands import (
    Authorize,
    BlockCard,
    ChangeLimit,
    Credit,
    OpenAccount,
    OpenCards,
    QueryLimit,
    ReadAccount,
    ReplaceCard,
    ReviewCards,
    UnblockCard,
)
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountEvent,
    AccountOpened,
    CardOpened,
    CardReplaced,
    PurchaseApproved,
    PurchaseDeclined,
)
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.accounts.state import Account, account_view
from authorizer.domain.aggregates import Event
from authorizer.domain.outcomes import Decision, Done, Outcome, Reason, conflict, no_account
from authorizer.persistence.state.record import encode

_UNAVAILABLE = Outcome(Reason.UNAVAILABLE)


class AccountActor(EntityActor[Account]):
    """Authorizes, credits, blocks and tells limits, one message at a time."""

    def on_receive(self, message: Any) -> Any:
        """See `EntityActor`; a purchase takes the short way."""
        if isinstance(message, Authorize) and not self.broken:
            return self.authorize(message)
        return super().on_receive(message)

    def authorize(self, command: Authorize) -> Outcome:
        """Decide one purchase."""
        around = self.around
        clock = around.clock
        try:
            outcome, event = authorize(
                self.state,
                command,
                around.policy,
                clock.now_us(),
                clock.monotonic_ns() - command.received_ns,
            )
            if event is not None:
                self._take_place(event)
        except Exception as bug:  # noqa: BLE001 - one account's bug is that account's alone
            around.on_bug(self.entity_id, bug)
            return _UNAVAILABLE
        return outcome

    def _take_place(self, event: PurchaseApproved | PurchaseDeclined) -> None:
        """`take_place` for the one event of a purchase."""
        commit = self.around.commit
        records = (encode(event),)
        try:
            accounts.evolve(self.state, event, commit.appended + 1)
        except Exception:
            self.broken = True
            raise
        commit.append(records)
        self.around.clock.happened(event.at_us)
        if event.transaction_id is not None:
            self._forget_old_ids(event.at_us)

    def _forget_old_ids(self, now_us: int) -> None:
        accounts.forget_old_ids(self.state, now_us - self.around.policy.id_retention_us)

    def decide(self, command: Any, now_us: int) -> Decision:
        """See `EntityActor`."""
        if isinstance(command, ReadAccount):
            return Decision(Done()) if self.state.exists else no_account(self.entity_id)
        if isinstance(command, ReviewCards):
            return self.decide(command.opening, now_us)._replace(events=())
        if isinstance(command, OpenCards):
            for terms in command.cards:
                if self._is_elsewhere(terms.card_id):
                    return conflict(f"card {terms.card_id} is on another account")
        if isinstance(command, ReplaceCard) and self._is_elsewhere(command.new_card_id):
            return conflict(f"card {command.new_card_id} is on another account")
        if isinstance(command, UnblockCard):
            return self._unblock(command, now_us)
        return _DECIDE[type(command)](self.state, command, self.around.policy, now_us)

    def _unblock(self, command: UnblockCard, now_us: int) -> Decision:
        card = self.state.cards.get(command.card_id)
        unsealable = self.around.unsealable(card.customer_id) if card else None
        if unsealable is not None:
            return Decision(unsealable)
        return card_rules.unblock_card(self.state, command, self.around.sealer, now_us)

    def evolve(self, event: AccountEvent, position: int) -> None:
        """See `EntityActor`."""
        accounts.evolve(self.state, event, position)

    def admit(self, events: Sequence[Event]) -> None:
        """See `EntityActor`."""
        for event in events:
            if isinstance(event, AccountOpened):
                self.around.state.accounts.admit(self.entity_id)
            elif isinstance(event, CardOpened | CardReplaced):
                self.around.state.add_card(event.terms.card_id, self.entity_id)
            elif isinstance(event, AccountCredited):
                self._forget_old_ids(event.at_us)

    def view(self, command: Any) -> Any:
        """See `EntityActor`."""
        if isinstance(command, BlockCard | UnblockCard | ChangeLimit):
            return self.state.cards[command.card_id].terms()
        if isinstance(command, ReplaceCard):
            return self.state.cards[command.new_card_id].terms()
        if isinstance(command, QueryLimit):
            return self._limit(command.card_id)
        return account_view(self.state)

    def unavailable(self, command: Any) -> Any:
        """See `EntityActor`."""
        if isinstance(command, Authorize):
            return _UNAVAILABLE
        return super().unavailable(command)

    def _is_elsewhere(self, card_id: str) -> bool:
        on = self.around.state.account_of_card.get(card_id, self.entity_id)
        return on != self.entity_id

    def _limit(self, card_id: str) -> tuple[CardTerms, Operation]:
        return self.state.cards[card_id].terms(), self.state.operations[-1]


_DECIDE: dict[type, Callable[[Account, Any, Policy, int], Decision]] = {
    OpenAccount: funds.open_account,
    Credit: funds.credit,
    OpenCards: card_rules.open_cards,
    BlockCard: card_rules.block_card,
    QueryLimit: card_rules.query_limit,
    ReplaceCard: card_changes.replace_card,
    ChangeLimit: card_changes.change_limit,
}
