"""An account sleeps and wakes: all of it comes back, and nothing is made that nobody needs."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from authorizer.domain.accounts import idempotency
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.at_rest import pack, sealed_pages, unpack
from authorizer.domain.accounts.events import AccountCredited, PurchaseApproved
from authorizer.domain.accounts.idempotency import IdempotencyKeys
from authorizer.domain.accounts.parts import Part
from authorizer.domain.accounts.purchase_events import AccountStatusChanged, WalletAdjusted
from authorizer.domain.accounts.state import Account
from tests.support.builders import BY, NOW_US, deep, grown, opened, terms, with_card

ACCOUNT = "1"


def bought(transaction_id: str | None = None) -> PurchaseApproved:
    shop = ("5411", "PADARIA DO ZE")
    return PurchaseApproved(
        NOW_US, BY, ACCOUNT, transaction_id, 1, *shop, None, None, "CASH", (), None
    )


def credited(wallet: str = "CASH") -> AccountCredited:
    return AccountCredited(NOW_US, BY, ACCOUNT, "c", wallet, 3)


ACCOUNTS_AT_REST: dict[str, Callable[[], Account]] = {
    "new": opened,
    "with one wallet": lambda: opened(CASH=0),
    "bought without an id": lambda: grown(opened(CASH=5), bought()),
    "bought with an id": lambda: grown(opened(CASH=5, FOOD=1), bought("t")),
    "credited": lambda: grown(opened(CASH=5), credited()),
    "a wallet that came later": lambda: grown(opened(CASH=5), credited("MEAL")),
    "with a card": lambda: with_card(opened("maria", CASH=5), terms("k")),
    "frozen": lambda: grown(
        opened(CASH=5), AccountStatusChanged(NOW_US, BY, ACCOUNT, "frozen", "lost")
    ),
    "adjusted": lambda: grown(
        opened(CASH=5), WalletAdjusted(NOW_US, BY, ACCOUNT, "j", "CASH", 2, "why", 0)
    ),
}


def woken(account: Account) -> Account:
    """As it comes back from its sleep."""
    return unpack(orjson.loads(orjson.dumps(pack(account))))


@pytest.mark.parametrize("name", ACCOUNTS_AT_REST)
def test_all_of_it_comes_back_however_often_it_sleeps(name: str) -> None:
    account = ACCOUNTS_AT_REST[name]()
    before = deep(account)
    for _ in range(2):
        account = woken(account)
        assert deep(account) == before
    assert pack(woken(account)) == pack(ACCOUNTS_AT_REST[name]())


@pytest.mark.parametrize("name", ACCOUNTS_AT_REST)
def test_what_happens_after_it_woke_comes_back_too(name: str) -> None:
    """A wallet that comes then, say: opening balances are kept as amounts, without their names."""
    slept, awake = woken(ACCOUNTS_AT_REST[name]()), ACCOUNTS_AT_REST[name]()
    for account in (slept, awake):
        grown(account, credited("OTHER"), credited("YET ANOTHER"))
    assert deep(slept) == deep(awake)
    assert pack(slept) == pack(awake)
    assert deep(woken(slept)) == deep(awake)


def test_a_plain_account_that_wakes_buys_and_sleeps_makes_no_part() -> None:
    account = woken(opened(CASH=5))
    ACCOUNTS.evolve(account, bought("t"), 2)
    assert ACCOUNTS.retention is not None
    assert not ACCOUNTS.retention.is_over(account, 0)
    assert sealed_pages(account) == {}
    assert deep(woken(account))["purchase_keys"] == deep(account.purchase_keys)
    assert account.parts is None


def test_the_sealed_pages_of_a_plain_account_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no part: nobody looks for pages of other ids."""
    monkeypatch.setattr(idempotency, "PAGE_ENTRIES", 2)
    account = grown(opened(CASH=5), *map(bought, ("t1", "t2", "t3")))
    assert account.parts is None
    pages = account.purchase_keys.sealed_pages
    assert [list(page) for page in pages] == [["t1", "t2"]]
    assert sealed_pages(account) == {"remembered": pages}


def test_a_plain_account_is_few_objects_for_the_collector() -> None:
    """A purchase wakes one for nearly every request where there are more than stay awake."""
    at_rest = orjson.dumps(pack(opened(CASH=5, FOOD=1)))
    made = [orjson.loads(at_rest) for _ in range(100)]
    gc.collect()
    before = len(gc.get_objects())
    awake = [unpack(values) for values in made]
    assert len(gc.get_objects()) - before <= 4 * len(awake) + 50


# --- a part ---------------------------------------------------------------------------------------


class Thing:
    things = Part[list[int]](list)
    keys = Part(IdempotencyKeys)

    def __init__(self) -> None:
        self.parts: dict[str, Any] | None = None


def test_a_part_is_made_once_when_it_is_asked_for() -> None:
    thing, other = Thing(), Thing()
    assert Thing.things.made(thing) is None
    thing.things.append(1)
    assert thing.things == [1]
    assert Thing.things.made(thing) == [1]
    assert Thing.keys.made(thing) is None
    assert (other.things, other.parts) == ([], {"things": []})


def test_a_part_that_is_put_is_the_one_that_is_found() -> None:
    thing = Thing()
    thing.things = [2]
    assert thing.things == [2]
    thing.things = []
    assert (thing.things, thing.keys.get("t", 0)) == ([], None)
