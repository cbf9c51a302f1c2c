"""Accounts: every command and every event, declared."""

from typing import Any, Final

from authorizer.domain.accounts import card_changes, card_rules, commands, events, funds, purchases
from authorizer.domain.accounts.state import (
    ACCOUNT_OF_CARD,
    Account,
    forget_id_pages,
    forget_ids,
    pack,
    unpack,
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


def _with_unsealed_text(fields: list[Any]) -> list[Any]:
    """Version 1 held the justification as it was; nothing can make it unreadable."""
    return [*fields[:-1], unsealed(fields[-1])]


ACCOUNTS: Final[Aggregate[Account]] = Aggregate(
    name="account",
    id_field="account_id",
    new=Account,
    codec=Codec(pack, unpack, pages={"remembered": "purchase_keys", "credits": "credit_keys"}),
    snapshot_kind=1,
    commands=(  # and `Authorize`, which has a short way of its own: `EntityActor.authorize`
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
    ),
    events=(
        EventKind("account_opened", events.AccountOpened, funds.account_opened),
        EventKind("account_linked", events.AccountLinked, funds.account_linked),
        EventKind("account_credited", events.AccountCredited, funds.account_credited),
        EventKind("transaction_approved", events.PurchaseApproved, purchases.purchase_approved),
        EventKind("transaction_declined", events.PurchaseDeclined, purchases.purchase_declined),
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
    ),
    indexes=(ACCOUNT_OF_CARD,),
    retention=Retention(forget_id_pages, forget_ids),
)
