"""Accounts: every command and every event, declared."""

from typing import Any, Final

from authorizer.domain.accounts import (
    captures,
    card_changes,
    card_rules,
    commands,
    corrections,
    events,
    expiry,
    explanation,
    funds,
    holds,
    purchase_commands,
    purchase_events,
    purchases,
    refunds,
    reversals,
    velocity,
)
from authorizer.domain.accounts.at_rest import (
    PAGES,
    pack,
    pages_since,
    sealed_pages,
    shortened,
    unpack,
)
from authorizer.domain.accounts.deciders import decider_recorded_by_name
from authorizer.domain.accounts.leaving import is_over
from authorizer.domain.accounts.state import (
    ACCOUNT_OF_CARD,
    Account,
    forget_id_pages,
    forget_ids,
)
from authorizer.domain.aggregate import (
    Aggregate,
    Codec,
    EventKind,
    Handler,
    Retention,
    read,
)
from authorizer.domain.sealing import unsealed


def _with_links(fields: list[Any]) -> list[Any]:
    """Cards came to say which card they replace, and which one replaced them."""
    return [*fields[:-1], [*fields[-1], None, None]]


def _without_debt(fields: list[Any]) -> list[Any]:
    """Credits came to say what of them paid a debt."""
    return [*fields, 0]


def _without_reference(fields: list[Any]) -> list[Any]:
    """Credits came to say what they give back or stand for."""
    return [*fields, None]


def _without_answer(fields: list[Any]) -> list[Any]:
    """Operations came to say what a purchase of one message was answered."""
    return [*fields, None]


def _without_shadow(fields: list[Any]) -> list[Any]:
    """Decisions came to say which limits in the shadow would have declined."""
    return [*fields, []]


def _without_decider(fields: list[Any]) -> list[Any]:
    """Declines of one message came to say which control or limit declined."""
    return [*fields, None, []]


def _with_hold_decider(fields: list[Any]) -> list[Any]:
    """Version 1 held the decider's name alone."""
    *head, reason, decided_by, partial, hold_hours, product = fields
    by = decider_recorded_by_name(reason, decided_by)
    return [*head, reason, by, partial, hold_hours, product, []]


def _with_increment_decider(fields: list[Any]) -> list[Any]:
    """Version 1 held the decider's name alone."""
    *head, reason, decided_by = fields
    return [*head, reason, decider_recorded_by_name(reason, decided_by), []]


def _without_product(fields: list[Any]) -> list[Any]:
    """Purchases of one message came to say of which product they are."""
    return [*fields, None]


def _with_unsealed_text(fields: list[Any]) -> list[Any]:
    """Version 1 held the justification as it was; nothing can make it unreadable."""
    return [*fields[:-1], unsealed(fields[-1])]


ACCOUNTS: Final[Aggregate[Account]] = Aggregate(
    name="account",
    id_field="account_id",
    new=Account,
    codec=Codec(
        pack,
        unpack,
        pages=PAGES,
        sealed_pages=sealed_pages,
        upgrades={6: lambda values: shortened(values)[1:]},
        begins_with_id=True,
    ),
    snapshot_kind=1,
    commands=(  # and `Authorize`, which has a short way of its own: `EntityActor._authorize`
        Handler(commands.OpenAccount, funds.open_account, creates=True),
        Handler(commands.Credit, funds.credit),
        Handler(commands.OpenCards, card_rules.open_cards, creates=True),
        Handler(commands.ReviewCards, card_rules.review_cards, creates=True),
        Handler(commands.BlockCard, card_rules.block_card),
        Handler(commands.UnblockCard, card_rules.unblock_card),
        Handler(commands.QueryLimit, card_rules.query_limit),
        Handler(commands.ReplaceCard, card_changes.replace_card),
        Handler(commands.ChangeLimit, card_changes.change_limit),
        Handler(commands.ReadAccount, read),
        Handler(purchase_commands.AuthorizeHold, holds.authorize_hold),
        Handler(purchase_commands.IncrementHold, holds.increment_hold),
        Handler(purchase_commands.ExpireHolds, read),
        Handler(purchase_commands.Capture, captures.capture_purchase),
        Handler(purchase_commands.Reverse, reversals.reverse_purchase),
        Handler(purchase_commands.Refund, refunds.refund_purchase),
        Handler(purchase_commands.ReadPurchase, explanation.read_purchase),
        Handler(purchase_commands.Adjust, corrections.adjust),
        Handler(purchase_commands.SetAccountStatus, corrections.set_account_status),
        Handler(purchase_commands.PutLimit, velocity.put_limit),
        Handler(purchase_commands.RemoveLimit, velocity.remove_limit),
        Handler(purchase_commands.ReadLimits, read),
        Handler(purchase_commands.Explain, explanation.explain),
        Handler(purchase_commands.ReadCardControls, card_rules.read_card_controls),
        Handler(purchase_commands.PutCardControls, card_rules.put_card_controls),
    ),
    events=(
        EventKind("account_opened", events.AccountOpened, funds.account_opened),
        EventKind("account_linked", events.AccountLinked, funds.account_linked),
        EventKind(
            "account_credited",
            events.AccountCredited,
            funds.account_credited,
            version=3,
            upgrades={1: _without_debt, 2: _without_reference},
        ),
        EventKind(
            "transaction_approved",
            events.PurchaseApproved,
            purchases.purchase_approved,
            version=3,
            upgrades={1: _without_shadow, 2: _without_product},
        ),
        EventKind(
            "transaction_declined",
            events.PurchaseDeclined,
            purchases.purchase_declined,
            version=3,
            upgrades={1: _without_decider, 2: _without_product},
        ),
        EventKind(
            "card_opened",
            events.CardOpened,
            card_rules.card_opened,
            version=2,
            upgrades={1: _with_links},
        ),
        EventKind("card_blocked", events.CardBlocked, card_rules.card_blocked),
        EventKind(
            "card_unblocked",
            events.CardUnblocked,
            card_rules.card_unblocked,
            version=2,
            upgrades={1: _with_unsealed_text},
        ),
        EventKind("limit_queried", events.LimitQueried, card_rules.limit_queried),
        EventKind("card_replaced", events.CardReplaced, card_changes.card_replaced),
        EventKind("limit_changed", events.LimitChanged, card_changes.limit_changed),
        EventKind(
            "hold_approved",
            purchase_events.HoldApproved,
            holds.hold_approved,
            version=2,
            upgrades={1: _without_shadow},
        ),
        EventKind(
            "hold_declined",
            purchase_events.HoldDeclined,
            holds.hold_declined,
            version=2,
            upgrades={1: _with_hold_decider},
        ),
        EventKind(
            "hold_incremented",
            purchase_events.HoldIncremented,
            holds.hold_incremented,
            version=2,
            upgrades={1: _without_shadow},
        ),
        EventKind(
            "increment_declined",
            purchase_events.IncrementDeclined,
            holds.increment_declined,
            version=2,
            upgrades={1: _with_increment_decider},
        ),
        EventKind("hold_expired", purchase_events.HoldExpired, expiry.hold_expired),
        EventKind(
            "purchase_captured",
            purchase_events.PurchaseCaptured,
            captures.purchase_captured,
            version=2,
            upgrades={1: _without_answer},
        ),
        EventKind(
            "purchase_reversed",
            purchase_events.PurchaseReversed,
            reversals.purchase_reversed,
            version=2,
            upgrades={1: _without_answer},
        ),
        EventKind(
            "purchase_reversed_before",
            purchase_events.PurchaseReversedBefore,
            reversals.purchase_reversed_before,
        ),
        EventKind(
            "purchase_refunded",
            purchase_events.PurchaseRefunded,
            refunds.purchase_refunded,
            version=2,
            upgrades={1: _without_answer},
        ),
        EventKind("wallet_adjusted", purchase_events.WalletAdjusted, corrections.wallet_adjusted),
        EventKind(
            "account_status_changed",
            purchase_events.AccountStatusChanged,
            corrections.account_status_changed,
        ),
        EventKind("velocity_limit_put", purchase_events.LimitPut, velocity.limit_put),
        EventKind(
            "velocity_limit_changed",
            purchase_events.LimitCeilingsChanged,
            velocity.limit_ceilings_changed,
        ),
        EventKind("velocity_limit_removed", purchase_events.LimitRemoved, velocity.limit_removed),
        EventKind(
            "velocity_window_began", purchase_events.LimitWindowBegan, velocity.limit_window_began
        ),
        EventKind(
            "card_controls_put", purchase_events.CardControlsPut, card_rules.card_controls_put
        ),
    ),
    indexes=(ACCOUNT_OF_CARD,),
    overdue=expiry.holds_overdue,
    next_due=expiry.next_expiry_us,
    retention=Retention(forget_id_pages, forget_ids, pages_since, is_over),
)
