"""What docs/journal-format.md says of snapshots is what the code writes."""

from __future__ import annotations

import re
from typing import get_type_hints

import orjson

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.at_rest import PAGES, has_more, pack
from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.controls import CardControls
from authorizer.domain.accounts.deciders import Decider, LimitName
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountOpened,
    CardBlocked,
    CardOpened,
    PurchaseApproved,
)
from authorizer.domain.accounts.idempotency import StoredAnswer
from authorizer.domain.accounts.limits import LimitEntry, LimitScope
from authorizer.domain.accounts.purchase_events import CardControlsPut, HoldApproved, LimitPut
from authorizer.domain.accounts.purchase_state import pack_purchase
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregates import AGGREGATES, INDEXES
from authorizer.domain.outcomes import Reason
from authorizer.persistence.state.snapshot import OLDEST_VERSION, VERSION
from tests.support.builders import BY
from tools import event_table

PAGE = event_table.DOCS.read_text(encoding="utf-8")
_OTHER_ENTRIES = {3: "a page", 6: "the end", 20: "the archive"}
_PLAIN = {"text", "integer", "boolean", "sealed"}


def names(text: str) -> list[str]:
    """The names in an array of the page."""
    return [each.strip().removesuffix("?") for each in text.replace("\n", " ").split(",")]


def array_after(words: str) -> list[str]:
    """The names in the first array behind some words of the page."""
    found = re.search(re.escape(words) + r"[^[]*\[([^]]*)\]", PAGE)
    assert found is not None, words
    return names(found[1])


def special_account() -> Account:
    """An account with a hold, a limit and a card's controls."""
    terms = CardTerms("card", "**** 1", "Visa", "ativo", None, None, None, 0, None, None)
    hold = HoldApproved(
        4, "local", "1", "p", 100, 100, "5812", "X", None, None, "MEAL", 9, False, None, None
    )
    put = LimitPut(
        3, "local", "1", "l", False, "PT1H", 3_600_000_000, 5, None, LimitScope(), "enforce",
        0, 0, 0, 0, (LimitEntry("old", 1, 1),),
    )  # fmt: skip
    account = Account("1")
    for event in (
        AccountOpened(1, "local", "1", {"MEAL": 100}, None),
        CardOpened(2, "local", "1", "c", terms),
        put,
        hold,
        CardControlsPut(5, "local", "1", "card", CardControls(blocked_mccs=("7995",))),
    ):
        ACCOUNTS.evolve(account, event, account.position + 1)
    return account


def test_the_version_that_is_written_and_the_oldest_that_is_read() -> None:
    assert f"| u16 | version of the state: {VERSION} |" in PAGE
    assert f"The oldest that is read is {OLDEST_VERSION}:" in PAGE


def test_every_kind_of_entry_has_its_row() -> None:
    declared = {each.snapshot_kind for each in AGGREGATES} | {*_OTHER_ENTRIES}
    declared |= {each.snapshot_kind for each in INDEXES}
    rows = PAGE.partition("| kind | what | id | payload |")[2].partition("\n\n")[0]
    assert {int(kind) for kind in re.findall(r"^\| (\d+) \|", rows, re.MULTILINE)} == declared


def test_the_pages_of_ids_have_these_owners() -> None:
    (row,) = re.findall(r"^\| 3 \|.*`owner` is (.*) \|$", PAGE, re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == [*PAGES]


def test_an_account_has_as_many_values_as_the_page_names() -> None:
    account = special_account()
    values = orjson.loads(orjson.dumps(pack(account)))
    assert len(array_after("| 1 | account |")) == len(values) - 2
    adjustments, status, held, owed, purchases, limits, others, controls = values[-1]
    assert array_after("- `more` is") == [
        "adjustment_ids", "status", "held_cents", "owed_cents", "purchases", "limits",
        "global_limits", "controls",
    ]  # fmt: skip
    assert (adjustments, status, held, owed, others) == ({}, "active", {"MEAL": 100}, {}, [])
    assert controls == {"card": [None, ["7995"], [], None]}
    (purchase,) = purchases
    assert len(array_after("- `purchases` is an array of")) == len(purchase)
    assert len(array_after("  - `terms`:")) == len(purchase[1])
    assert len(array_after("  - `amounts`:")) == len(purchase[5])
    assert len(array_after("  - `operations`: an array of")) == len(purchase[6][0])
    (limit,) = limits
    assert len(array_after("are arrays of\n ")) == len(limit)
    assert len(array_after("and `terms` is\n ")) == len(limit[1])
    assert pack_purchase(account.purchases["p"])[0] == "p"


def test_what_few_accounts_have_is_seen_without_reading_it() -> None:
    """Whatever else an account has: cards, their operations, ids of purchases and of credits."""
    account = Account("1")
    terms = CardTerms("card", "**** 1", "Visa", "ativo", None, None, None, 0, None, None)
    for event in (
        AccountOpened(1, BY, "1", {"MEAL": 100}, None),
        PurchaseApproved(2, BY, "1", "t", 1, "5812", "X", None, None, "MEAL"),
        CardOpened(3, BY, "1", "c", terms),
        CardBlocked(4, BY, "1", "card", "perda", "App"),
        AccountCredited(5, BY, "1", "credit", "MEAL", 1),
    ):
        ACCOUNTS.evolve(account, event, account.position + 1)
        assert not has_more(orjson.dumps(pack(account))), event
        account.special = True
        assert has_more(orjson.dumps(pack(account))), event
        account.special = False
    account.purchase_keys.open_page = account.credit_keys.open_page = {}
    assert not has_more(orjson.dumps(pack(account)))
    assert has_more(orjson.dumps(pack(special_account())))


def test_nested_values_have_the_fields_that_are_declared() -> None:
    for title, kind in (
        ("**limit scope**", LimitScope),
        ("**limit entry**", LimitEntry),
        ("**Card controls**", CardControls),
        ("**Card terms**", CardTerms),
        ("**limit name**", LimitName),
        ("**decider**", Decider),
        ("**stored answer**", StoredAnswer),
    ):
        assert [each.split()[0] for each in array_after(title)] == [*kind._fields]


def test_every_nested_value_that_an_event_has_is_told() -> None:
    kinds = [kind.event for aggregate in AGGREGATES for kind in aggregate.events]
    hints = [hint for event in kinds for hint in get_type_hints(event).values()]
    words = {event_table.spelled(hint).removeprefix("array of ").rstrip("?") for hint in hints}
    told = {each.lower() for each in re.findall(r"\*\*([A-Za-z ]+)\*\*", PAGE)}
    assert {word for word in words if "→" not in word} - _PLAIN <= told


def test_every_reason_that_is_named_is_one() -> None:
    told = PAGE.partition("- `reason` in `transaction_declined` is one of")[2]
    words = re.findall(r"`(\w+)`", told.partition("The other")[0])
    events = {"hold_declined", "increment_declined"}
    assert {*words} - events <= {reason.name_on_wire for reason in Reason}
