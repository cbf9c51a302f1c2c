"""`inspect`: which records, and what of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.events import (
    AccountCredited,
    AccountOpened,
    CardBlocked,
    CardUnblocked,
    LimitQueried,
    MerchantRemoved,
    TransactionDeclined,
)
from authorizer.domain.money import MAX_AMOUNT_DIGITS
from tests.cli.commands import (
    batches,
    buy,
    done,
    flip,
    journal_files,
    json_lines,
    purchase,
    run,
    write_events,
)

PERSON = {"Leonardo Morais", "123.456.789-00", "+55 31 98765-4321", "leonardo@email.com"}
START_US = 4_000_000_000_000_000
START = "2096-10-02T07:06:40"


def inspect(data: Path, *arguments: object) -> list[dict[str, Any]]:
    return json_lines(done("inspect", "--data", data, *arguments))


def positions(data: Path, *arguments: object) -> list[int]:
    return [line["position"] for line in inspect(data, *arguments)]


@pytest.fixture
def lives(demo: Path) -> Path:
    """The demo and a batch for each of eight more events, 14 to 21, a tenth of a second apart."""
    at = [START_US + 100_000 * number for number in range(8)]
    for event in (
        AccountOpened(at[0], "t", "new", {"CASH": 100}, "12345"),
        AccountCredited(at[1], "t", "new", "c1", "CASH", 5),
        LimitQueried(at[2], "t", "12345", "123987654", "App", 450000),
        CardBlocked(at[3], "t", "12345", "123987654", "em_analise", "App"),
        CardUnblocked(at[4], "t", "12345", "123987654", "App", "resolvido"),
        TransactionDeclined(at[5], "t", "new", None, 1, "5", "X", "no", None, "card_not_found"),
        MerchantRemoved(at[6], "t", "UBER EATS                   SAO PAULO BR"),
        AccountCredited(at[7], "t", "new", "c2", "CASH", 5),
    ):
        write_events(demo, event)
    return demo


def test_every_record_is_a_line_with_named_fields(lives: Path) -> None:
    lines = inspect(lives)
    assert [line["position"] for line in lines] == list(range(1, 22))
    assert lines[13] == {
        "position": 14,
        "at": f"{START}.000000Z",
        "event": "account_opened",
        "at_us": START_US,
        "by": "t",
        "account_id": "new",
        "opening_cents": {"CASH": 100},
        "customer_id": "12345",
        "segment": batches(lives)[-8].segment,
        "batch_offset": batches(lives)[-8].offset,
    }


# --- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--account", "new"], [14, 15, 19, 21]),
        (["--account", "12345"], [8, 9, 10, 11, 16, 17, 18]),
        (["--account", "nobody"], []),
        (["--customer", "12345"], [8, 9, 10, 11, 12, 13, 14]),
        (["--card", "123987654"], [10, 11, 16, 17, 18]),
        (["--card", "987654321"], [9, 11, 13]),
        (["--card", "no"], [19]),
        (["--event", "card_blocked"], [17]),
        (["--event", "card_blocked", "--event", "card_unblocked"], [17, 18]),
        (["--event", "account_opened", "--account", "new"], [14]),
        (["--limit", "2"], [1, 2]),
        (["--account", "new", "--limit", "3"], [14, 15, 19]),
        (["--from", "20"], [20, 21]),
        (["--to", "2"], [1, 2]),
        (["--from", "0", "--to", "1"], [1]),
        (["--from", "5", "--to", "4"], []),
        (["--from", "22"], []),
        (["--from", f"{START}.500Z"], [19, 20, 21]),
        (["--from", f"{START}.500001Z"], [20, 21]),
        (["--to", f"{START}.1Z", "--from", "13"], [13, 14, 15]),
        (["--from", f"{START}.1Z", "--to", "16"], [15, 16]),
        (["--from", "2096-10-02T04:06:40.6-03:00"], [20, 21]),
    ],
)
def test_filters_narrow_each_other_down(
    arguments: list[str], expected: list[int], lives: Path
) -> None:
    assert positions(lives, *arguments) == expected


def test_a_time_that_is_shown_means_its_own_event(lives: Path) -> None:
    shown = inspect(lives, "--from", "15", "--limit", "1")[0]["at"]
    assert positions(lives, "--from", shown, "--to", shown) == [15]


@pytest.mark.parametrize("arguments", [["--event", "no_such_event"], ["--limit", "0"]])
def test_a_filter_that_is_none_is_wrong_usage(arguments: list[str], demo: Path) -> None:
    assert run("inspect", "--data", demo, *arguments).exit_code == 2


# --- personal data -------------------------------------------------------------------------------


def test_personal_data_is_masked(demo: Path) -> None:
    (line,) = inspect(demo, "--event", "personal_data_recorded")
    assert {name for name, value in line.items() if value == "***"} == {
        "name",
        "cpf",
        "phone",
        "email",
    }
    assert not any(text in done("inspect", "--data", demo) for text in PERSON)


def test_personal_data_is_shown_when_asked_for(demo: Path) -> None:
    (line,) = inspect(demo, "--event", "personal_data_recorded", "--show-personal-data")
    assert {line[name] for name in ("name", "cpf", "phone", "email")} == PERSON


# --- batches -------------------------------------------------------------------------------------


def test_batches_are_told_with_their_place_and_the_chain(demo: Path) -> None:
    buy(demo, purchase("123", 100))
    lines = inspect(demo, "--batches")
    assert [
        (line["first_position"], line["last_position"], line["segment"], line["batch_offset"],
         line["bytes"], line["chain"])
        for line in lines
    ] == [
        (batch.first_position, batch.last_position, batch.segment, batch.offset,
         batch.size_bytes, batch.header.chain.hex())
        for batch in batches(demo)
    ]  # fmt: skip
    for line in lines:
        done("verify", "--data", demo, "--expect", f"{line['last_position']}:{line['chain']}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [10, 13, 14, 15, 16, 17, 18, 19, 20, 21]),
        (["--account", "new"], [14, 15, 19, 21]),
        (["--card", "987654321"], [10, 13]),
        (["--from", "12", "--to", "14"], [13, 14]),
        (["--to", "11"], [10, 13]),
        (["--to", "10"], [10]),
        (["--limit", "1"], [10]),
    ],
)
def test_batches_are_those_that_hold_what_is_looked_for(
    arguments: list[str], expected: list[int], lives: Path
) -> None:
    assert [batch.last_position for batch in batches(lives)][:2] == [10, 13]
    lines = inspect(lives, "--batches", *arguments)
    assert [line["last_position"] for line in lines] == expected


# --- odd ends ------------------------------------------------------------------------------------


def test_an_amount_beyond_64_bits_is_written_exactly(demo: Path) -> None:
    cents = 10**MAX_AMOUNT_DIGITS - 1
    buy(demo, purchase("123", cents))
    assert f'"amount_cents": {cents},' in done("inspect", "--from", "14", "--data", demo)


def test_a_torn_end_is_told(demo: Path) -> None:
    (file,) = journal_files(demo)
    file.write_bytes(file.read_bytes() + b"\xabTCH")
    result = run("inspect", "--data", demo)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 13
    assert f"{file}: an incomplete batch follows at byte " in result.stderr


def test_what_lies_before_damage_is_printed(demo: Path) -> None:
    buy(demo, purchase("123", 100))
    (file,) = journal_files(demo)
    damaged = batches(demo)[1]
    flip(file, damaged.offset + 70)
    result = run("inspect", "--data", demo)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == damaged.first_position - 1
    assert result.stderr.startswith(f"Error: {file} is damaged at byte {damaged.offset}: ")
