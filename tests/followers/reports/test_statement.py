"""Opening balances and the lines of a statement are what the wallets hold, to the centavo."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from authorizer.domain.accounts import funds
from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.card_rules import open_cards
from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.commands import Authorize, Credit, OpenAccount, OpenCards
from authorizer.domain.accounts.events import AccountCredited, PurchaseApproved
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.purchase_events import WalletAdjusted
from authorizer.domain.accounts.purchases import authorize
from authorizer.domain.accounts.state import Account
from authorizer.domain.messages import Event
from tests.followers.reports.house import House
from tests.support.builders import context

CONTEXT: Final = context(Policy(CategoryTable({"1": "FOOD", "2": "credit_limit"}, "CASH")))
"""A wallet may be called like the source of funds that is none."""
WALLETS: Final = st.sampled_from(["FOOD", "credit_limit", "CASH"])
CENTS: Final = st.integers(1, 30_00)
IDS: Final = st.none() | st.sampled_from(["a", "b", "c"])
STEPS: Final = st.lists(
    st.tuples(
        st.just("buy"),
        st.sampled_from(["x", "y"]),
        IDS,
        CENTS | st.just(10**27),
        st.sampled_from(["1", "2", "3"]),
        st.none() | st.just("card"),
    )
    | st.tuples(st.just("credit"), st.sampled_from(["x", "y"]), IDS, CENTS, WALLETS, st.none()),
    max_size=30,
)
OPENINGS: Final = st.dictionaries(WALLETS, st.integers(0, 50_00))
Step = tuple[str, str, str | None, int, str, str | None]


def opened(account_id: str, opening: dict[str, int]) -> tuple[Account, list[Event]]:
    """An account with a card, and what happened for it."""
    account = Account(account_id)
    card = CardTerms(f"card {account_id}", "1", "Visa", "ativo", None, None, 20_00, 0, None, None)
    opening_it = OpenAccount(account_id, opening, None, "t")
    happened = take(account, list(funds.open_account(account, opening_it, CONTEXT, 1).events))
    cards = OpenCards(account_id, "cust", (card,), "t")
    return account, happened + take(account, list(open_cards(account, cards, CONTEXT, 1).events))


def take(account: Account, found: list[Any]) -> list[Event]:
    for event in found:
        ACCOUNTS.evolve(account, event, account.position + 1)
    return found


def happen(account: Account, step: Step, number: int) -> list[Event]:
    """What one step brings about."""
    what, account_id, identity, cents, where, card = step
    if what == "credit":
        credit = Credit(account_id, identity or f"c{number}", where, cents, "t")
        return take(account, list(funds.credit(account, credit, CONTEXT, number).events))
    card_id = card and f"card {account_id}"
    purchase = Authorize(account_id, identity, cents, where, "M", card_id, 0, "t")
    _, event = authorize(account, purchase, CONTEXT, number, 0)
    return [] if event is None else take(account, [event])


def lines_of(house: House, account_id: str, limit: int) -> list[dict[str, Any]]:
    """All lines of a statement, newest first, page by page."""
    found: list[dict[str, Any]] = []
    before = None
    while True:
        page = house.ask("statement", account_id=account_id, limit=limit, before=before)
        found += page["rows"]
        before = page["next"]
        if before is None:
            return found


def test_opening_balances_and_lines_are_the_balances(engine: Engine) -> None:
    @settings(
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @example(
        {"x": {"credit_limit": 10_00}, "y": {"CASH": 0}},
        [
            ("buy", "x", None, 5_00, "2", None),
            ("buy", "x", None, 15_00, "2", "card"),
            ("credit", "y", "a", 1_00, "FOOD", None),
        ],
        1,
    )
    @given(st.fixed_dictionaries({"x": OPENINGS, "y": OPENINGS}), STEPS, st.integers(1, 4))
    def so_it_is(openings: dict[str, dict[str, int]], steps: list[Step], limit: int) -> None:
        house = House(engine)
        accounts: dict[str, Account] = {}
        journal: list[Event] = []
        for account_id, opening in openings.items():
            accounts[account_id], happened = opened(account_id, opening)
            journal += happened
        for number, step in enumerate(steps, 2):
            journal += happen(accounts[step[1]], step, number)
        house.happen(*journal)
        house.feed.catch_up(house.durable)
        for account_id, account in accounts.items():
            lines = lines_of(house, account_id, limit)
            positions = [line["position"] for line in lines]
            assert positions == sorted(set(positions), reverse=True)
            moved = Counter(account.opening_cents)
            for line in lines:
                assert (line["available_cents"] == 0) == (line["wallet"] is None)
                assert line["held_cents"] == 0
                if line["wallet"] is not None:
                    moved[line["wallet"]] += line["available_cents"]
            assert {name: cents for name, cents in moved.items() if cents} == {
                name: cents for name, cents in account.wallets_cents.items() if cents
            }

    so_it_is()


def test_a_credit_has_its_id_and_no_merchant(house: House) -> None:
    house.project(AccountCredited(5, "t", "a", "c", "FOOD", 7))
    [line] = house.ask("statement", account_id="a", limit=9)["rows"]
    assert (line["type"], line["id"], line["wallet"]) == ("credit", "c", "FOOD")
    assert (line["amount_cents"], line["available_cents"]) == ("7", 7)
    assert line["merchant"] is line["mcc"] is line["source"] is None
    assert (line["code"], line["reason"], line["reference"]) == ("00", "approved", None)


def test_a_credit_says_what_it_is_for_and_no_other_line_does(house: House) -> None:
    house.project(
        AccountCredited(5, "t", "a", "c", "FOOD", 7, 0, "venda 4711"),
        PurchaseApproved(6, "t", "a", "p", 1, "5411", "M", None, None, "FOOD"),
        WalletAdjusted(7, "t", "a", "j", "FOOD", 1, "count", 0),
    )
    lines = house.ask("statement", account_id="a", limit=9)["rows"]
    assert [(line["type"], line["reference"]) for line in lines] == [
        ("adjustment", None),
        ("purchase", None),
        ("credit", "venda 4711"),
    ]
