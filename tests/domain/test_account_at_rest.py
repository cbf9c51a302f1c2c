"""An account sleeps and wakes: all of it comes back, and nothing is made that nobody needs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import pytest

from authorizer.domain.accounts import idempotency
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.at_rest import PAGES, pack, sealed_pages, shortened, unpack
from authorizer.domain.accounts.events import AccountCredited, PurchaseApproved
from authorizer.domain.accounts.idempotency import IdempotencyKeys, IdRetention
from authorizer.domain.accounts.leaving import MAX_AT_ONCE, closed_purchases, is_over, let_go
from authorizer.domain.accounts.parts import Part
from authorizer.domain.accounts.purchase_events import (
    AccountStatusChanged,
    PurchaseReversedBefore,
    WalletAdjusted,
)
from authorizer.domain.accounts.state import Account, account_view, forget_id_pages, forget_ids
from authorizer.domain.messages import Event
from authorizer.persistence.state.population import EntityStore
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


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PAGE_ENTRIES", 2)


def with_ids(kind: str) -> Account:
    """An account that has sealed pages of one kind of ids, a microsecond apart."""
    account = opened(CASH=50)
    for number in range(5):
        at_us, name = NOW_US + number, f"i{number}"
        one: dict[str, Event] = {
            "purchase_keys": bought(name)._replace(at_us=at_us),
            "credit_keys": credited()._replace(at_us=at_us, credit_id=name),
            "adjustments": WalletAdjusted(at_us, BY, ACCOUNT, name, "CASH", 2, "why", 0),
        }
        grown(account, one[kind])
    return account


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("kind", PAGES.values())
def test_ids_of_every_kind_are_known_after_a_sleep(kind: str) -> None:
    store, account = EntityStore(ACCOUNTS), with_ids(kind)
    store.put(ACCOUNT, account)
    known = getattr(store.load(ACCOUNT), kind)
    assert [list(page) for page in known.sealed_pages] == [["i0", "i1"], ["i2", "i3"]]
    assert all(known.holds(f"i{number}") for number in range(5))


KEPT_US: Final = {"purchase_keys": 100, "credit_keys": 200, "adjustments": 100}
RETENTION: Final = IdRetention(purchases_us=100, credits_us=200)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("kind", PAGES.values())
def test_ids_of_every_kind_are_forgotten_in_their_own_time(kind: str) -> None:
    """A page at a time as they come, and all of them when somebody goes along all accounts."""
    account, ids = with_ids(kind), getattr(with_ids(kind), kind)
    now_us = NOW_US + 2 + KEPT_US[kind]
    forget_id_pages(account, now_us, RETENTION)
    assert [list(page) for page in getattr(account, kind).sealed_pages] == [["i2", "i3"]]
    account = with_ids(kind)
    assert forget_ids(account, now_us - 3, RETENTION) == 0
    assert forget_ids(account, now_us + 2, RETENTION) == 4
    assert not getattr(account, kind).sealed_pages
    assert list(getattr(account, kind).open_page) == ["i4"]
    assert len(ids) == 5


def test_more_purchases_of_several_messages_than_should_be_in_memory_are_noticed() -> None:
    account = opened(CASH=50)
    for number in range(MAX_AT_ONCE):
        assert not is_over(account, 100)
        name = f"p{number}"
        grown(account, PurchaseReversedBefore(NOW_US, BY, ACCOUNT, name, "o", None, "decline"))
    assert is_over(account, 100)
    assert account.special, "where there are any purchases of several messages"
    assert not is_over(account, MAX_AT_ONCE)


def test_opening_balances_of_as_many_wallets_are_not_of_the_same_ones() -> None:
    """In another order they are others, too: amounts alone would be those of other wallets."""
    for opening in ({"CASH": 1, "FOOD": 2}, {"FOOD": 2, "MEAL": 1}):
        values = [ACCOUNT, 1, None, dict(opening), {"FOOD": 2, "CASH": 1}]
        assert shortened(values)[3] == opening
        assert unpack(values).opening_cents == opening


@pytest.mark.parametrize("amounts", [[], [1], [1, 2, 3]])
def test_opening_balances_that_are_not_one_a_wallet_are_refused(amounts: list[int]) -> None:
    with pytest.raises(ValueError, match="one opening balance a wallet"):
        unpack([ACCOUNT, 1, None, amounts, {"FOOD": 2, "CASH": 1}])


def leave(account: Account) -> None:
    """Have what may leave memory let go, if anything may."""
    closed = closed_purchases(account, NOW_US + 1, 0)
    if closed is not None:
        let_go(account, closed)


READERS: Final[Mapping[str, Callable[[Account], object]]] = {
    "view": account_view,
    "snapshot": EntityStore(ACCOUNTS).pack,
    "retention": lambda account: forget_ids(account, NOW_US, RETENTION),
    "pages": lambda account: forget_id_pages(account, NOW_US, RETENTION),
    "what may leave": lambda account: closed_purchases(account, NOW_US + 1, 0),
    "leaving": leave,
    "deep": deep,
}


@pytest.mark.parametrize("name", READERS)
def test_who_only_reads_makes_no_part(name: str) -> None:
    account = grown(opened(CASH=5), bought("t"))
    READERS[name](account)
    assert account.parts is None


@pytest.mark.parametrize("name", ACCOUNTS_AT_REST)
def test_what_every_account_reads_as_its_empty_part_stays_empty(name: str) -> None:
    account = ACCOUNTS_AT_REST[name]()
    for read in READERS.values():
        read(account)
    fresh = Account("2")
    for each in vars(Account).values():
        if isinstance(each, Part):
            assert not each.of(fresh)


# --- a part ---------------------------------------------------------------------------------------


class Thing:
    things = Part[list[int]](list)
    keys = Part(IdempotencyKeys)

    def __init__(self) -> None:
        self.parts: dict[str, Any] | None = None


def test_a_part_is_made_once_when_it_is_asked_for() -> None:
    thing, other = Thing(), Thing()
    assert Thing.things.of(thing) == []
    assert thing.parts is None
    thing.things.append(1)
    assert thing.things == Thing.things.of(thing) == [1]
    assert Thing.things.of(other) == other.things == []
    assert other.things is not Thing.things.of(Thing())


def test_a_part_that_is_put_is_the_one_that_is_found() -> None:
    thing = Thing()
    thing.things = [2]
    assert thing.things == [2]
    thing.things = []
    assert (thing.things, Thing.keys.of(thing).get("t", 0)) == ([], None)
