"""All accounts as a child would keep them, and how they were: a crash takes some of it back."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from authorizer.simulation import naive_life as life
from authorizer.simulation.naive_account import (
    CREDIT,
    WALLET_OF,
    WALLETS,
    Answer,
    NaiveAccount,
)
from authorizer.simulation.naive_purchase import NaiveLimit, Said

NO_ACCOUNT: Final[Answer] = ("not_found",)


class _Before(NamedTuple):
    """What was changed by the events up to a position, as it was before them."""

    position: int
    account_id: str | None
    """None: the merchants' overrides were changed."""
    account: NaiveAccount | None
    overrides: dict[str, str]
    overrides_position: int


class NaiveBank:
    """The accounts and the merchants' overrides. It knows how many events each answer is worth."""

    def __init__(self) -> None:
        self.accounts: dict[str, NaiveAccount] = {}
        self.overrides: dict[str, str] = {}
        """A merchant's own MCC, by its name."""
        self.overrides_position = 0
        self.position = 0
        """The position of the newest event."""
        self._past: list[_Before] = []

    def go_back(self, position: int) -> bool:
        """Take back what the events behind a position did. False if it lies within a command's."""
        while self._past and self.position > position:
            before = self._past.pop()
            self.position = self._past[-1].position if self._past else 0
            if before.account_id is None:
                self.overrides = before.overrides
                self.overrides_position = before.overrides_position
            elif before.account is None:
                del self.accounts[before.account_id]
            else:
                self.accounts[before.account_id] = before.account
        return self.position == position

    def note_events(self, count: int) -> None:
        """Events that no account has a part in."""
        if count:
            self._override_before(count)

    def mcc(self, merchant: str, own: str) -> str:
        """The MCC that decides: the override's before the purchase's own."""
        return self.overrides.get(merchant, own)

    def newest(self, account_id: str) -> int:
        """The position of an account's newest event; 0 where there is none."""
        account = self.accounts.get(account_id)
        return 0 if account is None else account.position

    # --- what is asked -------------------------------------------------------------------------

    def open(self, account_id: str, opening: dict[str, int], now_us: int) -> Answer:
        """An account with its opening balances."""
        self.expire(account_id, now_us)
        known = self.accounts.get(account_id)
        if known is not None:
            return ("done",) if known.opening == opening else ("conflict",)
        self.accounts[account_id] = NaiveAccount(opening)
        self._happened(account_id, None)
        return ("created",)

    def open_card(self, account_id: str, card_id: str, limit_cents: int, events: int) -> Answer:
        """A card with a credit limit on an account, whose customer is told with the first one."""
        before = self._before(account_id)
        if before is None:
            return NO_ACCOUNT
        account = self.accounts[account_id]
        if account.card is not None:
            return ("done",)
        account.card = card_id
        account.there[CREDIT] = limit_cents
        self._happened(account_id, before, events)
        return ("created",)

    def buy(
        self, account_id: str, name: str | None, said: Said, waited_ms: int, now_us: int
    ) -> Answer:
        """A purchase of one message."""
        if account_id not in self.accounts:
            return "account_not_found", False
        self.expire(account_id, now_us)
        before = self._before(account_id)
        account = self.accounts[account_id]
        mcc = self.mcc(said[2], said[1])
        answer = account.buy(name, said, mcc, waited_ms, now_us)
        if not answer[1]:
            self._happened(account_id, before)
        return answer

    def ask(self, account_id: str, what: str, how: tuple[object, ...], now_us: int) -> Answer:
        """Anything else that an account is asked, by its name here."""
        if account_id not in self.accounts:
            return NO_ACCOUNT
        self.expire(account_id, now_us)
        before = self._before(account_id)
        answer: Answer = getattr(self, f"_{what}")(self.accounts[account_id], now_us, *how)
        if answer[0] in ("created", "changed"):
            self._happened(account_id, before)
        return ("done", *answer[1:]) if answer[0] == "changed" else answer

    def override(self, merchant: str, mcc: str | None) -> Answer:
        """A merchant's own MCC, from now on; None: no more."""
        known = self.overrides.get(merchant)
        if mcc is None and known is None:
            return ("not_found",)
        if mcc == known:
            return ("done",)
        self._override_before(1)
        self.overrides_position = self.position
        if mcc is None:
            del self.overrides[merchant]
            return ("done",)
        self.overrides[merchant] = mcc
        return ("created",) if known is None else ("done",)

    def expire(self, account_id: str, now_us: int) -> int:
        """Holds whose time has come end; how many."""
        account = self.accounts.get(account_id)
        names = [] if account is None else life.overdue(account, now_us)
        for name in names:
            before = self._before(account_id)
            life.expire(self.accounts[account_id], name, now_us)
            self._happened(account_id, before)
        return len(names)

    # --- what an account answers ---------------------------------------------------------------

    def _hold(self, account: NaiveAccount, now_us: int, name: str, said: Said) -> Answer:
        return life.hold(account, name, said, self.mcc(said[2], said[1]), now_us)

    def _increment(
        self, account: NaiveAccount, now_us: int, name: str, operation_id: str, cents: int
    ) -> Answer:
        return life.increment(account, name, operation_id, cents, now_us)

    def _capture(
        self, account: NaiveAccount, now_us: int, name: str, operation_id: str, said: Said
    ) -> Answer:
        source = self._forced_source(account, name, said[0] or 0)
        return life.capture(account, name, operation_id, said, source, now_us)

    def _forced_source(self, account: NaiveAccount, name: str, cents: int) -> str | None:
        known = account.purchases.get(name)
        if known is None or known.mcc is None:
            return None
        mcc = self.mcc(known.merchant, known.mcc)
        card = known.card if known.card == account.card else None
        return account.covering(mcc, cents, card) or WALLET_OF.get(mcc, "CASH")

    def _reverse(
        self, account: NaiveAccount, now_us: int, name: str, operation_id: str, said: Said
    ) -> Answer:
        return life.reverse(account, name, operation_id, said, now_us)

    def _refund(
        self, account: NaiveAccount, _: int, name: str, operation_id: str, cents: int | None
    ) -> Answer:
        return life.refund(account, name, operation_id, cents)

    def _credit(self, account: NaiveAccount, now_us: int, name: str, *said: Any) -> Answer:
        wallet, cents, reference = said
        return account.credit(name, wallet, cents, reference, now_us)

    def _adjust(self, account: NaiveAccount, _: int, name: str, wallet: str, cents: int) -> Answer:
        return account.adjust(name, wallet, cents)

    def _freeze(self, account: NaiveAccount, _: int, frozen: bool) -> Answer:
        changes = account.is_frozen != frozen
        account.is_frozen = frozen
        return ("changed",) if changes else ("done",)

    def _block(self, account: NaiveAccount, _: int, blocked: bool) -> Answer:
        if account.card is None:
            return NO_ACCOUNT
        changes = account.is_blocked != blocked
        account.is_blocked = blocked
        return ("created",) if changes else ("done",)

    def _put_limit(self, account: NaiveAccount, _: int, name: str, limit: NaiveLimit) -> Answer:
        known = account.limits.get(name)
        account.limits[name] = limit
        if known == limit:
            return ("done",)
        return ("created",) if known is None else ("changed",)

    def _remove_limit(self, account: NaiveAccount, _: int, name: str) -> Answer:
        return ("changed",) if account.limits.pop(name, None) else ("not_found",)

    def _read(self, account: NaiveAccount, _: int) -> Answer:
        return ("done", *books(account))

    def _tick(self, _: NaiveAccount, __: int) -> Answer:
        return ("done",)

    # --- the past ------------------------------------------------------------------------------

    def _before(self, account_id: str) -> NaiveAccount | None:
        """An account put aside as it is; what follows changes a copy."""
        account = self.accounts.get(account_id)
        if account is not None:
            self.accounts[account_id] = account.copy()
        return account

    def _happened(self, account_id: str, before: NaiveAccount | None, events: int = 1) -> None:
        self.position += events
        self.accounts[account_id].position = self.position
        self._past.append(_Before(self.position, account_id, before, {}, 0))

    def _override_before(self, events: int) -> None:
        before = (dict(self.overrides), self.overrides_position)
        self.position += events
        self._past.append(_Before(self.position, None, None, *before))


def books(account: NaiveAccount) -> Answer:
    """What an account shows of its wallets: available, held, owed."""
    return tuple(
        (account.there.get(wallet, 0), account.held(wallet), account.owed.get(wallet, 0))
        for wallet in WALLETS
    )
