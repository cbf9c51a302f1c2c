"""The models know which answers are right, so the load test can fail."""

import json
import threading
from collections.abc import Iterator
from itertools import count

import pytest

from loadtest.merchants import MERCHANTS, REGISTERED_MCC_BY_NAME, WALLETS, Merchant
from loadtest.model import (
    APPROVED,
    DECLINED,
    INSUFFICIENT_FUNDS,
    Purchase,
    SequentialAccount,
    SharedAccount,
    approved_cents,
)

BAKERY = Merchant("PADARIA DO ZE               SAO PAULO BR", "5811", "MEAL")
SHOP = Merchant("LOJA                        SAO PAULO BR", "5999", "CASH")
PRICE = 10_00

numbers = count(1)


def purchase(merchant: Merchant = BAKERY, amount_cents: int = PRICE) -> Purchase:
    return Purchase(f"p{next(numbers)}", "1", merchant, amount_cents)


def sequential(food: int = 0, meal: int = 0, cash: int = 0) -> SequentialAccount:
    return SequentialAccount("1", {"FOOD": food, "MEAL": meal, "CASH": cash})


def shared(food: int = 0, meal: int = 0, cash: int = 0) -> SharedAccount:
    """A shared account with money for so many purchases in each wallet."""
    opening = {"FOOD": food * PRICE, "MEAL": meal * PRICE, "CASH": cash * PRICE}
    return SharedAccount("1", opening, PRICE)


def answer(
    model: SequentialAccount | SharedAccount, code: str, merchant: Merchant = BAKERY
) -> str | None:
    """Send a purchase and take in its answer."""
    sent = purchase(merchant)
    model.send(sent)
    return model.settle(sent, code)


class TestTheBody:
    def test_it_is_json_with_the_amount_in_reais_and_two_decimals(self) -> None:
        body = Purchase("a-1", "123", BAKERY, 5).body()
        assert json.loads(body) == {
            "id": "a-1",
            "account": "123",
            "totalAmount": 0.05,
            "mcc": "5811",
            "merchant": BAKERY.name,
        }
        assert '"totalAmount":0.05,' in body
        assert '"totalAmount":100.00,' in Purchase("a-2", "123", BAKERY, 100_00).body()


class TestTheMerchants:
    def test_names_are_padded_to_forty_columns(self) -> None:
        assert {len(merchant.name) for merchant in MERCHANTS} == {40}

    def test_the_registered_ones_are_bought_from_with_another_mcc(self) -> None:
        sent = {merchant.name: merchant.mcc for merchant in MERCHANTS}
        assert len(REGISTERED_MCC_BY_NAME) == 4
        for name, mcc in REGISTERED_MCC_BY_NAME.items():
            assert sent[name] != mcc


class TestSequentialAccount:
    def test_the_wallet_of_the_merchant_pays_first(self) -> None:
        model = sequential(meal=PRICE, cash=PRICE)
        assert answer(model, APPROVED) is None
        assert model.balances_cents() == {"FOOD": 0, "MEAL": 0, "CASH": PRICE}

    def test_cash_pays_all_of_what_the_wallet_does_not_cover(self) -> None:
        model = sequential(meal=PRICE - 1, cash=PRICE)
        assert answer(model, APPROVED) is None
        assert approved_cents(model) == {"FOOD": 0, "MEAL": 0, "CASH": PRICE}

    def test_two_wallets_never_share_a_purchase(self) -> None:
        model = sequential(meal=PRICE - 1, cash=PRICE - 1)
        assert answer(model, INSUFFICIENT_FUNDS) is None
        assert answer(model, APPROVED) is not None

    @pytest.mark.parametrize("code", [INSUFFICIENT_FUNDS, DECLINED])
    def test_a_funded_purchase_must_be_approved(self, code: str) -> None:
        model = sequential(meal=PRICE)
        assert answer(model, code) is not None
        assert model.balances_cents()["MEAL"] == PRICE

    def test_what_was_answered_wrongly_is_not_sent_again(self) -> None:
        for model in (sequential(meal=PRICE), shared(meal=1)):
            assert answer(model, DECLINED) is not None
            assert not model.recent

    def test_a_repetition_gets_the_first_answer_and_moves_nothing(self) -> None:
        model = sequential(meal=PRICE)
        answer(model, APPROVED)
        answer(model, INSUFFICIENT_FUNDS)
        first, second = model.recent
        assert model.settle(first, APPROVED) is None
        assert model.settle(first, INSUFFICIENT_FUNDS) is not None
        assert model.settle(second, INSUFFICIENT_FUNDS) is None
        assert model.settle(second, APPROVED) is not None
        assert model.balances_cents()["MEAL"] == 0

    def test_a_lost_answer_blocks_the_account_until_it_is_asked_again(self) -> None:
        model = sequential(meal=PRICE)
        lost = purchase()
        model.send(lost)
        assert model.unsettled() == [lost]
        assert not model.may_send()
        with pytest.raises(ValueError, match="waits"):
            model.send(purchase())
        assert model.settle(lost, APPROVED) is None
        assert model.unsettled() == []
        assert model.may_send()


class TestSharedAccount:
    def test_balances_follow_from_the_counts_alone(self) -> None:
        model = shared(food=1, meal=2, cash=3)
        for merchant in (BAKERY, BAKERY, BAKERY, SHOP):
            assert answer(model, APPROVED, merchant) is None
        assert model.balances_cents() == {"FOOD": PRICE, "MEAL": 0, "CASH": PRICE}

    def test_an_opening_balance_must_be_a_whole_number_of_prices(self) -> None:
        with pytest.raises(ValueError, match="multiples"):
            SharedAccount("1", {"FOOD": 0, "MEAL": PRICE + 1, "CASH": 0}, PRICE)

    def test_one_approval_too_many_is_wrong(self) -> None:
        model = shared(meal=1, cash=1)
        assert answer(model, APPROVED) is None
        assert answer(model, APPROVED) is None
        assert answer(model, APPROVED) is not None

    def test_a_decline_while_no_order_exhausts_the_wallet_is_wrong(self) -> None:
        assert answer(shared(meal=1), INSUFFICIENT_FUNDS) is not None

    def test_a_decline_while_no_order_exhausts_cash_is_wrong(self) -> None:
        assert answer(shared(cash=1), INSUFFICIENT_FUNDS) is not None

    def test_a_decline_is_right_if_those_in_flight_may_have_taken_the_money(self) -> None:
        model = shared(meal=1)
        other, declined = purchase(), purchase()
        model.send(other)
        model.send(declined)
        assert model.settle(declined, INSUFFICIENT_FUNDS) is None
        assert model.settle(other, APPROVED) is None

    def test_then_those_in_flight_must_have_taken_it(self) -> None:
        model = shared(meal=1)
        other, declined = purchase(), purchase()
        model.send(other)
        model.send(declined)
        model.settle(declined, INSUFFICIENT_FUNDS)
        assert model.settle(other, INSUFFICIENT_FUNDS) is not None

    def test_no_approval_follows_a_decline_for_the_same_wallet(self) -> None:
        model = shared(meal=1)
        other, declined = purchase(), purchase()
        model.send(other)
        model.send(declined)
        model.settle(declined, INSUFFICIENT_FUNDS)
        assert answer(model, APPROVED) is not None

    def test_no_other_code_is_right(self) -> None:
        assert answer(shared(meal=1), DECLINED) is not None

    def test_copies_in_flight_count_once_and_agree(self) -> None:
        model = shared(meal=1)
        sent = purchase()
        model.send(sent)
        assert model.settle(sent, APPROVED) is None
        assert model.settle(sent, APPROVED) is None
        assert model.settle(sent, INSUFFICIENT_FUNDS) is not None
        assert model.balances_cents()["MEAL"] == 0

    def test_it_accepts_whatever_a_correct_account_answers_in_any_order(self) -> None:
        """Many threads buy from an account that decides one at a time, and is right."""
        model = shared(food=20, meal=20, cash=20)
        left = model.balances_cents()
        model_lock, account_lock = threading.Lock(), threading.Lock()
        problems: list[str] = []

        def decide(wallet: str) -> str:
            with account_lock:
                for payer in (wallet, "CASH"):
                    if left[payer] >= PRICE:
                        left[payer] -= PRICE
                        return APPROVED
            return INSUFFICIENT_FUNDS

        def buy(merchants: Iterator[Merchant]) -> None:
            for merchant in merchants:
                with model_lock:
                    sent = purchase(merchant)
                    model.send(sent)
                code = decide(merchant.wallet)
                with model_lock:
                    problem = model.settle(sent, code)
                if problem:
                    problems.append(problem)

        threads = [threading.Thread(target=buy, args=(iter(MERCHANTS * 4),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert model.balances_cents() == left == dict.fromkeys(WALLETS, 0)
