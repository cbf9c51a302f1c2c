"""The audit tells which account differs, in which figure, to the centavo."""

import pytest

from loadtest.books import FIGURES, KEPT_DIFFERENCES, WalletBook, differences, sum_differences

SUMS = {"MEAL": {"put in": 100_00, "captured": 30_00, "given back": 5_00}}


def wallet(available: int, held: int = 0, owed: int = 0) -> dict[str, dict[str, int]]:
    figures = (available, held, available + held, owed)
    return {"MEAL": dict(zip(FIGURES, figures, strict=True))}


def test_what_a_wallet_has_not_is_owed_and_paid_first() -> None:
    book = WalletBook(available_cents=10, put_in_cents=10)
    book.take(15)
    assert (book.available_cents, book.owed_cents) == (0, 5)
    book.put(3)
    assert (book.available_cents, book.owed_cents) == (0, 2)
    book.put(3)
    assert (book.available_cents, book.owed_cents) == (1, 0)


def test_equal_books_have_no_difference() -> None:
    books = {"1": wallet(70_00, held=5_00), "2": wallet(0, owed=1)}
    assert differences(books, books) == []


@pytest.mark.parametrize("figure", FIGURES)
def test_one_centavo_in_one_figure_names_the_account(figure: str) -> None:
    expected = {"1": wallet(70_00, 5_00, 1_00), "2": wallet(70_00, 5_00, 1_00)}
    found = {"1": wallet(70_00, 5_00, 1_00), "2": wallet(70_00, 5_00, 1_00)}
    found["2"]["MEAL"][figure] += 1
    was = expected["2"]["MEAL"][figure]
    problem = f"2 has, in centavos, MEAL {figure} {was + 1} instead of {was}"
    assert differences(expected, found) == [problem]


def test_a_wallet_that_is_missing_or_too_many_is_told() -> None:
    (missing,) = differences({"1": wallet(1)}, {"1": {}})
    assert "MEAL available None instead of 1" in missing
    assert differences({"1": {}}, {"1": wallet(1)}) == ["1 has, in centavos, a wallet MEAL"]


def test_many_differences_are_counted() -> None:
    accounts = [str(number) for number in range(KEPT_DIFFERENCES + 2)]
    told = differences(dict.fromkeys(accounts, wallet(1)), dict.fromkeys(accounts, wallet(2)))
    assert len(told) == KEPT_DIFFERENCES + 1
    assert told[-1] == f"{len(accounts)} accounts differ in all"


def test_the_sum_is_what_was_put_in_and_not_spent() -> None:
    assert sum_differences(SUMS, {"1": wallet(50_00, 20_00), "2": wallet(6_00, owed=1_00)}) == []
    assert sum_differences(SUMS, {"1": wallet(75_01)}) == [
        "all MEAL wallets have 7501 centavos instead of 7500"
    ]
