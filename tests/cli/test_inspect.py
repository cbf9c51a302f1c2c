"""`inspect`: which records, and what of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.accounts.cards import CardTerms, Operation
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitQueried,
    PurchaseDeclined,
)
from authorizer.domain.customers.events import (
    CustomerRegistered,
    OperationsImported,
    PersonalDataRecorded,
)
from authorizer.domain.customers.person import Person
from authorizer.domain.merchants.events import MerchantRegistered
from authorizer.domain.moments import WrittenTime
from authorizer.domain.money import MAX_AMOUNT_DIGITS
from authorizer.domain.sealing import Sealed, unsealed
from authorizer.domain.tickets.events import TicketOpened, TicketTaken
from authorizer.persistence.privacy.personal import join_texts
from tests.support.command_line import (
    batches,
    buy,
    done,
    flip,
    journal_files,
    json_lines,
    run,
    write_events,
)
from tests.support.commands import purchase
from tests.support.fixtures import V2
from tests.support.journal_v2 import JUSTIFICATION
from tests.support.journal_v2 import PERSON as PERSON_V2

PERSON = ("Leonardo Morais", "123.456.789-00", "+55 31 98765-4321", "leonardo@email.com")
START_US = 4_000_000_000_000_000
START = "2096-10-02T07:06:40"


def inspect(data: Path, *arguments: object) -> list[dict[str, Any]]:
    return json_lines(done("inspect", "--data", data, *arguments))


def positions(data: Path, *arguments: object) -> list[int]:
    return [line["position"] for line in inspect(data, *arguments)]


@pytest.fixture
def lives(data: Path) -> Path:
    """A customer with two cards, and what happens to them.

    Three batches, 1, 2 to 4, and 5 to 6; then eight of one event each, a tenth of a second apart.
    """
    done("init", "--data", data)
    before_us = START_US - 1_000_000
    operation = Operation("bloqueio", "k2", WrittenTime(0), "App", "roubo")
    terms = CardTerms("k1", "**** 1", "Visa", "ativo", None, None, 100, 0)
    write_events(data, AccountOpened(before_us, "t", "a", {"CASH": 1}, None))
    write_events(
        data,
        CustomerRegistered(before_us, "t", "c1", "a", True, ("k1", "k2")),
        PersonalDataRecorded(before_us, "t", "c1", unsealed(join_texts(PERSON))),
        OperationsImported(before_us, "t", "c1", (operation,)),
    )
    write_events(
        data,
        CardOpened(before_us, "t", "a", "c1", terms),
        CardOpened(before_us, "t", "a", "c1", terms._replace(card_id="k2")),
    )
    at = [START_US + 100_000 * number for number in range(8)]
    for event in (
        AccountOpened(at[0], "t", "new", {"CASH": 100}, "c1"),
        AccountCredited(at[1], "t", "new", "c1", "CASH", 5),
        LimitQueried(at[2], "t", "a", "k1", "App", 100),
        CardBlocked(at[3], "t", "a", "k1", "em_analise", "App"),
        CardUnblocked(at[4], "t", "a", "k1", "App", unsealed("resolvido")),
        PurchaseDeclined(at[5], "t", "new", None, 1, "5", "X", "no", None, "card_not_found"),
        MerchantRegistered(at[6], "t", "SHOP", "5811"),
        AccountCredited(at[7], "t", "new", "c2", "CASH", 5),
    ):
        write_events(data, event)
    return data


def test_every_record_is_a_line_with_named_fields(lives: Path) -> None:
    lines = inspect(lives)
    assert [line["position"] for line in lines] == list(range(1, 15))
    assert lines[6] == {
        "position": 7,
        "at": f"{START}.000000Z",
        "event": "account_opened",
        "at_us": START_US,
        "by": "t",
        "account_id": "new",
        "opening_cents": {"CASH": 100},
        "customer_id": "c1",
        "segment": batches(lives)[3].segment,
        "batch_offset": batches(lives)[3].offset,
    }


def test_a_ticket_is_told_by_its_protocol_its_customer_and_its_card(data: Path) -> None:
    """The text stays sealed."""
    done("init", "--data", data)
    one, other = "20250224000001", "20250224000002"
    targets = (1, 2, Sealed("s1:AAAA"))
    write_events(
        data,
        TicketOpened(START_US, "t", one, "c1", "cat", "alta", "App", "k1", *targets),
        TicketOpened(START_US, "t", other, "c2", "cat", "alta", "App", None, *targets),
        TicketTaken(START_US, "t", one, "c1", "Ana", "App"),
    )
    assert positions(data, "--ticket", one) == [1, 3]
    assert positions(data, "--customer", "c2") == [2]
    assert positions(data, "--card", "k1") == [1]
    assert positions(data, "--event", "ticket_taken") == [3]
    assert inspect(data, "--ticket", other)[0]["text"] == "s1:AAAA"


# --- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--account", "new"], [7, 8, 12, 14]),
        (["--account", "a"], [1, 2, 5, 6, 9, 10, 11]),
        (["--account", "nobody"], []),
        (["--customer", "c1"], [2, 3, 4, 5, 6, 7]),
        (["--card", "k1"], [2, 5, 9, 10, 11]),
        (["--card", "k2"], [2, 4, 6]),
        (["--card", "no"], [12]),
        (["--event", "card_blocked"], [10]),
        (["--event", "card_blocked", "--event", "card_unblocked"], [10, 11]),
        (["--event", "account_opened", "--account", "new"], [7]),
        (["--limit", "2"], [1, 2]),
        (["--account", "new", "--limit", "3"], [7, 8, 12]),
        (["--from", "13"], [13, 14]),
        (["--to", "2"], [1, 2]),
        (["--from", "0", "--to", "1"], [1]),
        (["--from", "5", "--to", "4"], []),
        (["--from", "15"], []),
        (["--from", f"{START}.500Z"], [12, 13, 14]),
        (["--from", f"{START}.500001Z"], [13, 14]),
        (["--to", f"{START}.1Z", "--from", "6"], [6, 7, 8]),
        (["--from", f"{START}.1Z", "--to", "9"], [8, 9]),
        (["--from", "2096-10-02T04:06:40.6-03:00"], [13, 14]),
    ],
)
def test_filters_narrow_each_other_down(
    arguments: list[str], expected: list[int], lives: Path
) -> None:
    assert positions(lives, *arguments) == expected


def test_a_replacement_is_found_by_either_card_and_by_the_customer(lives: Path) -> None:
    terms = CardTerms("k3", "**** 1", "Visa", "ativo", None, None, 100, 0, replaces="k1")
    write_events(lives, CardReplaced(START_US + 10**6, "t", "a", "c1", "k1", None, "App", terms))
    for arguments in (["--card", "k1"], ["--card", "k3"], ["--customer", "c1"]):
        assert positions(lives, *arguments)[-1] == 15


def test_a_time_that_is_shown_means_its_own_event(lives: Path) -> None:
    shown = inspect(lives, "--from", "8", "--limit", "1")[0]["at"]
    assert positions(lives, "--from", shown, "--to", shown) == [8]


@pytest.mark.parametrize("arguments", [["--event", "no_such_event"], ["--limit", "0"]])
def test_a_filter_that_is_none_is_wrong_usage(arguments: list[str], lives: Path) -> None:
    assert run("inspect", "--data", lives, *arguments).exit_code == 2


# --- personal data -------------------------------------------------------------------------------


def test_personal_data_is_masked(lives: Path) -> None:
    (line,) = inspect(lives, "--event", "personal_data_recorded")
    assert {name for name, value in line.items() if value == "***"} == {"personal"}
    assert not any(text in done("inspect", "--data", lives) for text in (*PERSON, "resolvido"))


def test_personal_data_is_shown_when_asked_for(lives: Path) -> None:
    (line,) = inspect(lives, "--event", "personal_data_recorded", "--show-personal-data")
    assert line["personal"] == Person(*PERSON)._asdict()
    (line,) = inspect(lives, "--event", "card_unblocked", "--show-personal-data")
    assert line["justification"] == "resolvido"


def test_sealed_data_is_shown_as_it_is_and_opened_with_its_key(tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(V2, data)
    for name, kind in (("personal", "personal_data_recorded"), ("text", "ticket_opened")):
        assert inspect(data, "--event", kind)[0][name].startswith("v1:")
    opened = inspect(data, "--show-personal-data")
    assert opened[3]["personal"] == PERSON_V2._asdict()
    assert opened[6]["operations"][0]["justification"] == JUSTIFICATION
    assert opened[12]["justification"] == JUSTIFICATION
    assert opened[18]["text"] == ["Fatura", "Não reconheço"]


def test_what_was_never_sealed_is_shown_as_it_is_all_the_same(tmp_path: Path) -> None:
    """A time that a document brought has a text too: how it was written there."""
    data = tmp_path / "copy"
    shutil.copytree(V2, data)
    sealed, opened = (
        inspect(data, "--event", "operations_imported", *flags)[0]["operations"]
        for flags in ((), ("--show-personal-data",))
    )
    times = [operation["at"] for operation in sealed]
    assert [time["text"] for time in times].count(None) < len(times)
    assert [operation["at"] for operation in opened] == times


def test_what_has_no_key_any_more_is_shown_as_nothing(tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(V2, data)
    (data / "keys" / "customers.keys").unlink()
    (person, _) = inspect(data, "--event", "personal_data_recorded", "--show-personal-data")
    assert person["personal"] is None


def test_a_file_that_holds_no_keys_is_told(tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(V2, data)
    (data / "keys" / "customers.keys").write_bytes(b"no keys at all" * 10)
    found = run("inspect", "--data", data, "--show-personal-data")
    assert found.exit_code == 1
    assert "this is no key file" in found.stderr


# --- batches -------------------------------------------------------------------------------------


def test_batches_are_told_with_their_place_and_the_chain(lives: Path) -> None:
    lines = inspect(lives, "--batches")
    assert [
        (line["first_position"], line["last_position"], line["segment"], line["batch_offset"],
         line["bytes"], line["chain"])
        for line in lines
    ] == [
        (batch.first_position, batch.last_position, batch.segment, batch.offset,
         batch.size_bytes, batch.header.chain.hex())
        for batch in batches(lives)
    ]  # fmt: skip
    for line in lines:
        done("verify", "--data", lives, "--expect", f"{line['last_position']}:{line['chain']}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [1, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        (["--account", "new"], [7, 8, 12, 14]),
        (["--card", "k2"], [4, 6]),
        (["--from", "3", "--to", "7"], [4, 6, 7]),
        (["--to", "3"], [1, 4]),
        (["--to", "4"], [1, 4]),
        (["--limit", "1"], [1]),
    ],
)
def test_batches_are_those_that_hold_what_is_looked_for(
    arguments: list[str], expected: list[int], lives: Path
) -> None:
    lines = inspect(lives, "--batches", *arguments)
    assert [line["last_position"] for line in lines] == expected


# --- odd ends ------------------------------------------------------------------------------------


def test_an_amount_beyond_64_bits_is_written_exactly(lives: Path) -> None:
    cents = 10**MAX_AMOUNT_DIGITS - 1
    buy(lives, purchase(cents, mcc="5411", account_id="a"))
    assert f'"amount_cents": {cents},' in done("inspect", "--from", "15", "--data", lives)


def test_a_torn_end_is_told(lives: Path) -> None:
    (file,) = journal_files(lives)
    end = file.stat().st_size
    file.write_bytes(file.read_bytes() + b"\xabTCH")
    result = run("inspect", "--data", lives)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 14
    assert result.stderr == f"{file}: an incomplete batch follows at byte {end}\n"


def test_what_lies_before_damage_is_printed(lives: Path) -> None:
    (file,) = journal_files(lives)
    damaged = batches(lives)[5]
    flip(file, damaged.offset + 70)
    result = run("inspect", "--data", lives)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == damaged.first_position - 1
    assert result.stderr.startswith(f"Error: {file} is damaged at byte {damaged.offset}: ")
