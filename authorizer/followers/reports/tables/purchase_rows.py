"""Purchases of one message → rows: of the event, and in a short way of the record's fields."""

from typing import Any, Final

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.tables.column_types import cents_value
from authorizer.followers.reports.tables.decider_texts import decider_texts
from authorizer.followers.reports.tables.purchase_sums import PurchaseSums
from authorizer.followers.reports.tables.terms import KnownTerms, Like, Terms
from authorizer.persistence.state.record import Fields, head_of

_APPROVED: Final = head_of(PurchaseApproved)
_DECLINED: Final = head_of(PurchaseDeclined)
_BEFORE: Final = Reason.REVERSED_BEFORE.name_on_wire


def _is_plain_decline(fields: Fields) -> bool:
    """Whether a decline says nothing but its reason: no reversal came before, no great amount."""
    return (
        fields[1] == _DECLINED[1]
        and fields[11] != _BEFORE
        and fields[12] is None
        and not fields[13]
        and type(fields[6]) is int  # else it is beyond 64 bits
        and fields[6] <= MAX_BALANCE_CENTS
    )


class PurchaseRows:
    """The rows of `transactions` that a run of events brings, and the sums of their purchases.

    `values` are those of all rows, one row behind the other. Texts are storable.
    """

    def __init__(self, known: KnownTerms, days: LocalDays) -> None:
        self._known = known
        self._days = days
        self._day = 0
        self._today = Period(0, 0)
        self._of_today: list[Like] = []
        """Those of which some purchases are not in the sums yet."""
        self._sums = PurchaseSums(days)
        self.values: list[Any] = []

    def sums(self) -> PurchaseSums:
        """The sums of all purchases that came."""
        for like in self._of_today:
            self._sums.add(self._day, like.terms, like.count, like.cents)
            like.count = like.cents = 0
        self._of_today = []
        return self._sums

    def approved(self, event: PurchaseApproved, position: int) -> None:
        """Add an approved purchase, paid by a wallet or by the limit of a card."""
        source = CREDIT_LIMIT if event.wallet is None else event.wallet
        self._add(event, position, Reason.APPROVED, source, event.wallet)

    def declined(self, event: PurchaseDeclined, position: int) -> None:
        """Add a declined purchase: nothing paid."""
        self._add(event, position, Reason.of(event.reason), None, None)

    def short_way(self, first_position: int, records: list[Fields]) -> list[tuple[int, Fields]]:
        """Add the purchases among records of which there is nothing special; return all others.

        Which are left depends on nothing but speed: `approved` and `declined` do the same.
        """
        others = []
        approved, declined = self._known.approved, self._known.declined
        put = self.values.extend
        for position, fields in enumerate(records, first_position):
            name = fields[0]
            if name == _APPROVED[0] and fields[1] == _APPROVED[1] and not fields[12]:
                _, _, at_us, _, account, its_id, cents, mcc, of, card, override, by, _, what = (
                    fields
                )
                key = (by, mcc, of, override, what)
                like = approved.get(key) or self._known.learn_approved(key, position)
            elif name == _DECLINED[0] and _is_plain_decline(fields):
                _, _, at_us, _, account, its_id, cents, mcc, of, card, override, by = fields[:12]
                key = (by, mcc, of, override, fields[14])
                like = declined.get(key) or self._known.learn_declined(key, position)
            else:
                others.append((position, fields))
                continue
            if not self._today.start_us <= at_us < self._today.end_us:
                self._turn_to(at_us)
            if not like.count:
                self._of_today.append(like)
            like.count += 1
            like.cents += cents
            put((position, at_us, account, its_id, like.terms_id, cents, card))
        return others

    def _add(
        self,
        event: PurchaseApproved | PurchaseDeclined,
        position: int,
        reason: Reason,
        source: str | None,
        wallet: str | None,
    ) -> None:
        terms = (event.mcc, event.merchant, event.product, event.override_mcc)
        like = self._known.like(
            Terms(reason, source, wallet, *terms, *decider_texts(event)), position
        )
        if not self._today.start_us <= event.at_us < self._today.end_us:
            self._turn_to(event.at_us)
        if not like.count:
            self._of_today.append(like)
        like.count += 1
        like.cents += event.amount_cents if event.amount_cents <= MAX_BALANCE_CENTS else 0
        self.values += (
            position,
            event.at_us,
            event.account_id,
            event.transaction_id,
            like.terms_id,
            cents_value(event.amount_cents),
            event.card_id,
        )

    def _turn_to(self, at_us: int) -> None:
        """Go on with the day of an instant."""
        self.sums()
        self._day, self._today = self._days.day_at(at_us)
