"""The books of a purchase's life: which answers are right, and what they move."""

import json
import random
from collections import Counter
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from loadtest.life_account import LifeAccount
from loadtest.life_answers import CREATED, OK
from loadtest.life_choice import DRAWS, Chooser, limits_of
from loadtest.life_limits import LIFETIME, Limit
from loadtest.life_messages import (
    AUTHORIZATION,
    CAPTURE,
    CREDIT,
    INCREMENT,
    REFUND,
    REPEATED,
    REUSED,
    REVERSAL,
    Operation,
    Standing,
)
from loadtest.merchants import MERCHANTS, WALLETS, Merchant
from loadtest.model import APPROVED, DECLINED, INSUFFICIENT_FUNDS, Purchase

BAKERY = Merchant("PADARIA DO ZE               SAO PAULO BR", "5811", "MEAL")
OPERATIONS_OF_A_WALK = 3000

numbers = count(1)


def account(meal: int = 100, *limits: Limit) -> LifeAccount:
    return LifeAccount("1", {"FOOD": 0, "MEAL": meal, "CASH": 0}, limits)


def document(standing: Standing, reason: str = "approved") -> dict[str, Any]:
    """A purchase's document, as far as the books read it."""
    names = ("amount", "held", "captured", "released", "reversed", "refunded")
    amounts = {name: Decimal(getattr(standing, f"{name}_cents")) / 100 for name in names}
    operations = [{"reason": reason}]
    told = {"status": standing.status, "source": standing.source, "operations": operations}
    return told | amounts


def pending(amount: int, held: int, **more: int) -> Standing:
    return Standing("pending", "MEAL", amount, held, **more)


def closed(amount: int, captured: int, **more: int) -> Standing:
    return Standing("closed", "MEAL", amount, captured_cents=captured, **more)


def asked(kind: str, amount: int | None = None, **more: Any) -> Operation:
    return Operation(kind, f"o{next(numbers)}", "1", "h", amount, **more)


def settle(
    model: LifeAccount, operation: Operation, standing: Standing, reason: str = "approved"
) -> str | None:
    model.send_operation(operation)
    return model.settle_operation(operation, CREATED, document(standing, reason))


def hold(model: LifeAccount, cents: int = 60) -> None:
    asks = asked(AUTHORIZATION, cents, merchant=BAKERY)
    assert settle(model, asks, pending(cents, cents)) is None


def meal(model: LifeAccount) -> tuple[int, int, int]:
    book = model.books()["MEAL"]
    return book.available_cents, book.held_cents, book.owed_cents


def test_a_purchase_goes_through_its_life() -> None:
    model = account()
    hold(model)
    assert meal(model) == (40, 60, 0)
    assert settle(model, asked(INCREMENT, 20), pending(80, 80)) is None
    assert meal(model) == (20, 80, 0)
    part = asked(CAPTURE, 30, final=False)
    assert settle(model, part, pending(80, 50, captured_cents=30)) is None
    assert meal(model) == (20, 50, 0)
    last = closed(80, 70, released_cents=10)
    assert settle(model, asked(CAPTURE, 40), last) is None
    assert meal(model) == (30, 0, 0)
    given = closed(80, 70, released_cents=10, refunded_cents=5)
    assert settle(model, asked(REFUND, 5), given) is None
    assert meal(model) == (35, 0, 0)
    undone = Standing("reversed", "MEAL", 80, 0, 70, 10, 65, 5)
    assert settle(model, asked(REVERSAL), undone) is None
    assert meal(model) == (100, 0, 0)
    assert model.books()["MEAL"].sums_cents() == {"put in": 100, "captured": 70, "given back": 70}


def test_what_a_forced_capture_finds_not_is_owed() -> None:
    model = account()
    hold(model)
    assert settle(model, asked(CAPTURE, 120, force=True), closed(60, 120)) is None
    assert meal(model) == (0, 0, 20)
    credit = Operation(CREDIT, "c", "1", "c", 50, wallet="MEAL")
    model.send_operation(credit)
    assert model.settle_operation(credit, CREATED, {}) is None
    assert meal(model) == (30, 0, 0)


@pytest.mark.parametrize(
    ("operation", "told", "reason"),
    [
        (asked(CAPTURE, 40), closed(60, 40, released_cents=19), "approved"),
        (asked(CAPTURE, 40), pending(60, 20, captured_cents=40), "approved"),
        (asked(CAPTURE, 61), closed(60, 61), "approved"),
        (asked(INCREMENT, 41), pending(101, 101), "approved"),
        (asked(INCREMENT, 40), pending(60, 60), "insufficient_funds"),
        (asked(REVERSAL, 10), pending(60, 49, reversed_cents=11), "approved"),
        (asked(REFUND, 1), pending(60, 60, refunded_cents=1), "approved"),
    ],
)
def test_a_wrong_figure_reason_or_status_is_found(
    operation: Operation, told: Standing, reason: str
) -> None:
    model = account()
    hold(model)
    assert settle(model, operation, told, reason) is not None


def test_the_books_follow_a_wrong_answer_so_the_audit_tells_whether_it_was_kept() -> None:
    model = account()
    hold(model)
    assert settle(model, asked(CAPTURE, 40), closed(60, 41, released_cents=19)) is not None
    assert meal(model) == (59, 0, 0)


def test_a_refusal_that_is_not_right_is_found() -> None:
    model = account()
    hold(model)
    operation = asked(CAPTURE, 60)
    model.send_operation(operation)
    problem = model.settle_operation(operation, 409, {"reason": "over_capture"})
    assert problem is not None
    assert "over_capture" in problem
    assert meal(model) == (40, 60, 0)


def test_a_repeat_moves_nothing_and_tells_how_it_stands() -> None:
    model = account()
    hold(model)
    assert settle(model, asked(CAPTURE, 60), closed(60, 60)) is None
    again = asked(AUTHORIZATION, 60, merchant=BAKERY, way=REPEATED)
    model.send_operation(again)
    assert model.settle_operation(again, OK, document(closed(60, 60))) is None
    model.send_operation(again)
    assert model.settle_operation(again, CREATED, document(closed(60, 60))) is not None
    assert meal(model) == (40, 0, 0)


def test_another_amount_under_an_id_is_a_conflict() -> None:
    model = account()
    reused = asked(CAPTURE, 60, way=REUSED)
    for status, reason, right in ((409, "duplicate_mismatch", True), (409, "wrong_state", False)):
        model.send_operation(reused)
        assert (model.settle_operation(reused, status, {"reason": reason}) is None) == right


def test_an_operation_whose_answer_was_lost_is_taken_once() -> None:
    model = account()
    hold(model)
    lost = asked(CAPTURE, 60)
    model.send_operation(lost)
    assert not model.may_send()
    assert model.in_doubt() == 1
    assert model.unsettled_operation() is lost
    with pytest.raises(ValueError, match="waits"):
        model.send(Purchase("p", "1", BAKERY, 1))
    assert model.settle_operation(lost, OK, document(closed(60, 60)), lost=True) is None
    assert meal(model) == (40, 0, 0)
    assert model.in_doubt() == 0


def test_a_credit_is_booked_once_whatever_was_lost_of_it() -> None:
    """An hour of load ended while a repeated credit was under way, and its books had it twice."""
    model = account()
    first = Operation(CREDIT, "c", "1", "c", 50, wallet="MEAL")
    again = Operation(CREDIT, "c", "1", "c", 50, wallet="MEAL", way=REPEATED)
    for credit, its_answer_was_lost in ((first, True), (again, False), (again, True)):
        model.send_operation(credit)
        assert model.settle_operation(credit, OK, {}, lost=its_answer_was_lost) is None
        assert meal(model) == (150, 0, 0)


def test_a_limit_declines_and_a_reversal_frees_it() -> None:
    model = account(100, Limit("most", LIFETIME, max_amount_cents=60, wallets=("MEAL",)))
    hold(model)
    assert settle(model, asked(INCREMENT, 1), pending(60, 60), "amount_limit") is None
    bought = Purchase("p", "1", BAKERY, 1)
    model.send(bought)
    assert model.settle(bought, DECLINED) is None
    reversed_part = pending(60, 50, reversed_cents=10)
    assert settle(model, asked(REVERSAL, 10), reversed_part) is None
    bought = Purchase("q", "1", BAKERY, 10)
    model.send(bought)
    assert model.settle(bought, APPROVED) is None
    assert meal(model) == (40, 50, 0)


def test_a_limit_on_the_count_and_one_in_shadow() -> None:
    shadow = Limit("looking", LIFETIME, max_count=0, shadow=True)
    model = account(100, shadow, Limit("count", LIFETIME, max_count=1))
    for name, code in (("p", APPROVED), ("q", DECLINED)):
        bought = Purchase(name, "1", BAKERY, 10)
        model.send(bought)
        assert model.settle(bought, code) is None


def test_a_plain_purchase_is_judged_as_in_other_shapes() -> None:
    model = account()
    bought = Purchase("p", "1", BAKERY, 101)
    model.send(bought)
    assert model.settle(bought, INSUFFICIENT_FUNDS) is None
    assert model.settle(bought, APPROVED) is not None
    assert meal(model) == (100, 0, 0)
    overloaded = Purchase("q", "1", BAKERY, 100)
    model.send(overloaded)
    assert model.settle(overloaded, DECLINED) is not None
    assert list(model.recent) == [bought]


@pytest.mark.parametrize("number", range(3))
def test_what_right_answers_move_is_conserved_and_everything_is_drawn(number: int) -> None:
    """Many operations, each answered as it has to be, on an account with each set of limits."""
    random.seed(number)
    limits = limits_of(number, 2000_00, OPERATIONS_OF_A_WALK)
    model = LifeAccount("1", dict.fromkeys(WALLETS, 2000_00), limits)
    chooser = Chooser(model, count(1))
    seen: Counter[str] = Counter()
    for _ in range(OPERATIONS_OF_A_WALK):
        drawn = chooser.next()
        json.loads(drawn.body())
        if isinstance(drawn, Purchase):
            model.send(drawn)
            source, reason = model._decided(drawn.merchant, drawn.amount_cents)
            declined = INSUFFICIENT_FUNDS if reason == "insufficient_funds" else DECLINED
            assert model.settle(drawn, APPROVED if source else declined) is None
            continue
        seen[drawn.kind if drawn.way == "sent" else drawn.way] += 1
        right = model._foretell(drawn)
        standing = right.standing
        told = document(standing, str(right.reason)) if standing else {"reason": right.reason}
        model.send_operation(drawn)
        assert model.settle_operation(drawn, right.status, told) is None
    for book in model.books().values():
        there = book.available_cents + book.held_cents - book.owed_cents
        assert book.put_in_cents + book.given_back_cents - book.captured_cents == there
        assert book.available_cents >= 0
    assert {draw.__name__ for draw in DRAWS} >= {"forced", "overtaken", "announced"}
    assert set(seen) == {
        *(AUTHORIZATION, INCREMENT, CAPTURE, REVERSAL, REFUND, CREDIT, REPEATED, REUSED)
    }
    assert {merchant.wallet for merchant in MERCHANTS} == set(WALLETS)
