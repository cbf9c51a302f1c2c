"""`init`: the folder, and the demo data."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime
from importlib import resources
from pathlib import Path

import pytest

from authorizer.cli import demo_story, offline
from authorizer.cli.demo import StoryClock
from authorizer.cli.demo_story import story
from authorizer.domain.moments import DAY_US, us_of
from authorizer.domain.outcomes import Refusal
from authorizer.domain.tickets.aggregate import TICKETS
from authorizer.domain.tickets.clock import ticket_clock
from authorizer.domain.tickets.state import TicketView
from authorizer.runtime.running import Running
from authorizer.settings.loading import load_settings
from tests.support.command_line import (
    account,
    batches,
    buy,
    done,
    everything,
    journal_files,
    json_lines,
    run,
    write_lines,
)
from tests.support.commands import purchase

MERCHANTS = [
    ("UBER TRIP                   SAO PAULO BR", "5411"),
    ("UBER EATS                   SAO PAULO BR", "5812"),
    ("PAG*JoseDaSilva          RIO DE JANEI BR", "5814"),
    ("PICPAY*BILHETEUNICO           GOIANIA BR", "5814"),
]


@pytest.fixture
def told(data: Path) -> Path:
    """A data folder as `init --demo` makes it, with its story."""
    done("init", "--demo", "--data", data)
    return data


def merchants(data: Path) -> list[tuple[str, str]]:
    lines = json_lines(done("inspect", "--event", "merchant_registered", "--data", data))
    return [(line["name"], line["mcc"]) for line in lines]


def test_the_folder_is_made_with_an_empty_journal(data: Path) -> None:
    assert done("init", "--data", data) == f"{data} is ready\n"
    assert done("inspect", "--data", data) == ""
    assert done("verify", "--data", data).splitlines()[-1].split() == ["result", "whole"]


def test_the_demo_data_is_put_in(told: Path) -> None:
    accounts = json_lines(done("replay", "--json", "--data", told))
    assert [line["account"] for line in accounts] == ["123", "456", "789", "12345"]
    assert all(set(line["balances"]) == {"FOOD", "MEAL", "CASH"} for line in accounts)
    assert all(any(line["balances"].values()) for line in accounts[:3])
    assert merchants(told) == MERCHANTS


def test_the_customer_of_the_demo_is_the_one_of_the_document(demo: Path) -> None:
    document = json.loads(resources.files("authorizer").joinpath("demo/customer.json").read_bytes())
    (line,) = json_lines(done("replay", "12345", "--json", "--data", demo))
    assert line["cliente_id"] == document["cliente_id"] == "12345"
    assert line["cards"] == document["cartoes"]
    recorded = done("inspect", "--event", "personal_data_recorded", "--show-personal-data",
                    "--data", demo)  # fmt: skip
    (person,) = json_lines(recorded)
    known = person["personal"]
    assert (known["name"], known["cpf"]) == (document["nome"], document["cpf"])


def test_the_demo_approves_what_it_is_there_for(told: Path) -> None:
    outcomes = buy(
        told,
        purchase(
            10000, mcc="5811", merchant="PADARIA DO ZE               SAO PAULO BR", account_id="123"
        ),
        purchase(45000, mcc="5411", card_id="123987654", account_id="12345"),
        purchase(100, mcc="5411", card_id="987654321", account_id="12345"),
        purchase(1000, mcc="5811", merchant=MERCHANTS[0][0], account_id="456"),
    )
    assert [(outcome.reason.name_on_wire, outcome.wallet) for outcome in outcomes] == [
        ("approved", "MEAL"),
        ("approved", None),
        ("card_blocked", None),
        ("approved", "FOOD"),
    ]


def test_the_same_again_writes_nothing(told: Path) -> None:
    before = everything(told)
    printed = done("init", "--demo", "--data", told)
    assert [line.split()[1] for line in printed.splitlines()[1:]] == ["0", "0", "0"]
    after = everything(told)
    assert before.pop("lock") != b""
    after.pop("lock")
    assert in_no_archive(after) == in_no_archive(before)


def in_no_archive(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files without the archive, which each replay from the beginning makes anew."""
    return {name: data for name, data in files.items() if not name.startswith("archive/")}


def test_only_what_is_missing_is_added(data: Path, tmp_path: Path) -> None:
    lines = write_lines(
        tmp_path / "mine.ndjson",
        account("456", CASH=1.5),
        {"name": "uber  eats sao paulo br", "mcc": "9999"},
    )
    done("import", lines, "--data", data)
    buy(data, purchase(50, mcc="5411", account_id="456"))
    done("init", "--demo", "--data", data)
    (line,) = json_lines(done("replay", "456", "--json", "--data", data))
    assert line["balances"] == {"CASH": 1.0}
    assert len(json_lines(done("replay", "--json", "--data", data))) == 4
    assert merchants(data) == [
        ("uber  eats sao paulo br", "9999"),
        *(merchant for merchant in MERCHANTS if merchant[1] != "5812"),
    ]


def test_a_customer_whose_cards_a_crash_cut_off_is_completed(demo: Path) -> None:
    whole = done("replay", "--data", demo)
    (file,) = journal_files(demo)
    cards = batches(demo)[-1]
    file.write_bytes(file.read_bytes()[: cards.offset])
    assert done("replay", "--data", demo) != whole
    done("init", "--demo", "--data", demo)
    assert done("replay", "--data", demo) == whole
    assert len(batches(demo)[-1].records()) == cards.header.records


def test_the_story_is_told_through_the_rules(told: Path) -> None:
    """Each way to pay, and each decline that an account can give, by who was asked for it."""
    lines = json_lines(done("inspect", "--event", "transaction_approved", "--data", told))
    paid = Counter(line["wallet"] for line in lines)
    assert set(paid) == {"FOOD", "MEAL", "CASH", None}
    fallbacks = [line for line in lines if line["mcc"] in ("5411", "5811")]
    assert {line["wallet"] for line in fallbacks if line["account_id"] == "789"} == {"CASH"}
    overridden = [line for line in lines if line["override_mcc"]]
    assert {(line["mcc"], line["override_mcc"], line["wallet"]) for line in overridden} == {
        ("5999", "5812", "MEAL"), ("4121", "5411", "FOOD"),
    }  # fmt: skip
    declined = json_lines(done("inspect", "--event", "transaction_declined", "--data", told))
    assert {line["reason"] for line in declined} == {
        "card_blocked", "card_not_found", "insufficient_funds",
    }  # fmt: skip


def test_the_story_has_a_ticket_in_each_state_that_keeps_and_breaks_its_targets(told: Path) -> None:
    async def job(running: Running) -> list[TicketView]:
        tickets = running.actors.tickets
        answers = [await tickets.read(one) for one in running.recovered.state[TICKETS]]
        return [answer[1].ticket for answer in answers if not isinstance(answer, Refusal)]

    tickets = offline.work(load_settings(data=told), job)
    assert Counter(ticket.status for ticket in tickets) == {
        "aberto": 1, "em_atendimento": 1, "aguardando_cliente": 1, "resolvido": 1, "reaberto": 1,
        "fechado": 2,
    }  # fmt: skip
    now_us = time.time_ns() // 1000
    late = [ticket_clock(ticket, now_us).first_response_overdue for ticket in tickets]
    assert any(late)
    assert not all(late)
    assert {ticket.attendant for ticket in tickets} == {"Ana", "Rui", None}


def test_the_story_takes_the_last_two_weeks(told: Path) -> None:
    times = [line["at_us"] for line in json_lines(done("inspect", "--data", told))]
    now_us = time.time_ns() // 1000
    assert times == sorted(times)
    assert now_us - 15 * DAY_US < times[0] < now_us - 13 * DAY_US
    assert now_us - 2 * DAY_US < times[-1] < now_us
    assert len({at_us // DAY_US for at_us in times}) > 10


def test_the_story_ends_where_the_wall_clock_is_believed(told: Path) -> None:
    """A purchase behind it has the time of its own moment, not one that the story has left."""
    before_us = time.time_ns() // 1000
    buy(told, purchase(100, mcc="5411", account_id="123"))
    last = json_lines(done("inspect", "--data", told))[-1]
    assert last["at_us"] >= before_us


def test_account_123_has_no_part_in_the_story(told: Path) -> None:
    lines = json_lines(done("inspect", "--account", "123", "--data", told))
    assert [line["event"] for line in lines] == ["account_opened"]


def test_a_journal_that_is_not_empty_is_told_no_story(data: Path, tmp_path: Path) -> None:
    done("import", write_lines(tmp_path / "mine.ndjson", account("9", CASH=1)), "--data", data)
    done("init", "--demo", "--data", data)
    events = Counter(line["event"] for line in json_lines(done("inspect", "--data", data)))
    assert events["account_opened"] == 5
    assert not {"transaction_approved", "account_credited", "ticket_opened"} & events.keys()


def test_a_story_that_other_settings_refuse_is_told_of(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_story, "_LIMIT_CARD", "of-nobody")
    result = run("init", "--demo", "--data", data)
    assert result.exit_code == 1
    assert "demo data, story:" in result.stderr
    assert len(json_lines(done("replay", "--json", "--data", data))) == 4


@pytest.mark.parametrize(
    "now", ["2026-03-01T03:00:00Z", "2026-03-02T02:59:59Z", "1970-01-03T00:00:00Z"]
)
@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "Pacific/Kiritimati", "Pacific/Niue"])
def test_the_clock_of_the_story_never_goes_back_and_ends_before_now(now: str, zone: str) -> None:
    now_ns = us_of(datetime.fromisoformat(now)) * 1000
    clock = StoryClock(now_ns // 1000, zone)
    seen = [clock.ns()]
    for scene in story():
        clock.go_to(scene.days_ago, scene.at)
        seen.append(clock.ns())
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] < now_ns


def test_what_cannot_be_added_is_told_and_the_rest_is_there(data: Path, tmp_path: Path) -> None:
    card = {
        "cartao_id": "123987654", "numero_mascarado": "**** 1", "bandeira": "Visa",
        "status": "ativo",
    }  # fmt: skip
    taken = {"cliente_id": "9", "nome": "A", "cpf": "12345678900", "cartoes": [card]}
    done("import", write_lines(tmp_path / "taken.ndjson", taken), "--data", data)
    result = run("init", "--demo", "--data", data)
    assert result.exit_code == 1
    assert result.stderr == "demo data, customer.json:1: card 123987654 is on another account\n"
    assert len(json_lines(done("replay", "--json", "--data", data))) == 4


def test_what_is_added_names_who_asked_for_it(told: Path) -> None:
    lines = json_lines(done("inspect", "--data", told))
    assert {line["by"] for line in lines} == {"init", "escalation"}, "a ticket of the demo is late"
    assert sum(batch.header.records for batch in batches(told)) == len(lines)
