"""Purchases, credits and what happens to purchases → rows."""

from typing import Any

from authorizer.domain.accounts.categories import CREDIT_LIMIT
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.tables.column_types import storable
from authorizer.followers.reports.tables.decider_texts import decider_columns
from authorizer.followers.reports.tables.rows import Rows


def approved(rows: Rows, event: PurchaseApproved, position: int) -> None:
    """An approved purchase, paid by a wallet or by the limit of a card."""
    source = CREDIT_LIMIT if event.wallet is None else event.wallet
    _transaction(rows, event, position, Reason.APPROVED, source, event.wallet)


def declined(rows: Rows, event: PurchaseDeclined, position: int) -> None:
    """A declined purchase: nothing paid."""
    _transaction(rows, event, position, Reason.of(event.reason), None)
    rows.lives.declined(event, position)


def _transaction(
    rows: Rows,
    event: PurchaseApproved | PurchaseDeclined,
    position: int,
    reason: Reason,
    source: str | None,
    wallet: str | None = None,
) -> None:
    merchant, mcc = storable(event.merchant), storable(event.mcc)
    source = _storable_or_none(source)
    rows.transactions.append(
        {
            "position": position,
            "at_us": event.at_us,
            "account_id": storable(event.account_id),
            "transaction_id": _storable_or_none(event.transaction_id),
            "code": reason.answer_code,
            "reason": reason.name_on_wire,
            "amount_cents": event.amount_cents,
            "mcc": mcc,
            "merchant": merchant,
            "card_id": _storable_or_none(event.card_id),
            "product": event.product,
            "override_mcc": _storable_or_none(event.override_mcc),
            "source": source,
            "wallet": _storable_or_none(wallet),
            **decider_columns(event),
        }
    )
    rows.sums.add(event.at_us, reason, source, mcc, merchant, event.amount_cents)


def of_a_life(rows: Rows, event: Any, position: int) -> None:
    """A line of the statement, and how a purchase of several messages stands."""
    rows.lives.add(event, position)
    line = rows.lives.lines[-1]
    rows.movement_sums.add(line["at_us"], line["type"], line["code"], line["amount_cents"])


def _storable_or_none(text: str | None) -> str | None:
    return None if text is None else storable(text)
