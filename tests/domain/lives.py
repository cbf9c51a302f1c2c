"""One account's purchases, done one after the other by the rules themselves."""

from __future__ import annotations

from typing import Any

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, Capture, Refund
from authorizer.domain.outcomes import Done, Reason
from tests.support.builders import ACCOUNT, BY, NOW_US, apply, context, opened, settled
from tests.support.commands import purchase


class Life:
    """An account, and what is done on it at one time."""

    def __init__(self, **wallets_cents: int) -> None:
        self.account = opened(None, **wallets_cents)
        self.now_us = NOW_US

    def buy(self, purchase_id: str, cents: int) -> None:
        """A purchase of one message."""
        command = purchase(cents, "5812", transaction_id=purchase_id)
        assert settled(self.account, command, now_us=self.now_us).reason is Reason.APPROVED

    def hold(self, purchase_id: str, cents: int) -> None:
        """A hold."""
        self._do(
            AuthorizeHold(
                ACCOUNT, purchase_id, cents, "5812", "LOJA", None, False, None, None, 0, BY
            )
        )

    def capture(self, purchase_id: str, operation_id: str) -> None:
        """All that is held, for the last time."""
        self._do(
            Capture(ACCOUNT, purchase_id, operation_id, None, True, False, None, None, None, BY)
        )

    def refund(self, purchase_id: str, operation_id: str, cents: int) -> None:
        """Captured money is given back."""
        self._do(Refund(ACCOUNT, purchase_id, operation_id, cents, BY))

    def _do(self, command: Any) -> None:
        decision = ACCOUNTS.decide(self.account, command, context(), self.now_us)
        assert isinstance(decision.outcome, Done), decision.outcome
        assert decision.events
        apply(self.account, decision)
