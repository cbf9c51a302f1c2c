"""`init`: the folder, and the demo data."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from tests.cli.commands import (
    account,
    batches,
    buy,
    done,
    everything,
    journal_files,
    json_lines,
    purchase,
    run,
    write_lines,
)

MERCHANTS = [
    ("UBER TRIP                   SAO PAULO BR", "5411"),
    ("UBER EATS                   SAO PAULO BR", "5812"),
    ("PAG*JoseDaSilva          RIO DE JANEI BR", "5814"),
    ("PICPAY*BILHETEUNICO           GOIANIA BR", "5814"),
]


def merchants(data: Path) -> list[tuple[str, str]]:
    lines = json_lines(done("inspect", "--event", "merchant_registered", "--data", data))
    return [(line["name"], line["mcc"]) for line in lines]


def test_the_folder_is_made_with_an_empty_journal(data: Path) -> None:
    assert done("init", "--data", data) == f"{data} is ready\n"
    assert done("inspect", "--data", data) == ""
    assert done("verify", "--data", data).splitlines()[-1].split() == ["result", "whole"]


def test_the_demo_data_is_put_in(demo: Path) -> None:
    accounts = json_lines(done("replay", "--json", "--data", demo))
    assert [line["account"] for line in accounts] == ["123", "456", "789", "12345"]
    assert all(set(line["balances"]) == {"FOOD", "MEAL", "CASH"} for line in accounts)
    assert all(any(line["balances"].values()) for line in accounts[:3])
    assert merchants(demo) == MERCHANTS


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


def test_the_demo_approves_what_it_is_there_for(demo: Path) -> None:
    outcomes = buy(
        demo,
        purchase("123", 10000, mcc="5811", merchant="PADARIA DO ZE               SAO PAULO BR"),
        purchase("12345", 45000, card="123987654"),
        purchase("12345", 100, card="987654321"),
        purchase("456", 1000, mcc="5811", merchant=MERCHANTS[0][0]),
    )
    assert [(outcome.reason.word, outcome.wallet) for outcome in outcomes] == [
        ("approved", "MEAL"),
        ("approved", None),
        ("card_blocked", None),
        ("approved", "FOOD"),
    ]


def test_the_same_again_writes_nothing(demo: Path) -> None:
    before = everything(demo)
    printed = done("init", "--demo", "--data", demo)
    assert [line.split()[1] for line in printed.splitlines()[1:]] == ["0", "0", "0"]
    after = everything(demo)
    assert before.pop("lock") != b""
    after.pop("lock")
    assert after == before


def test_only_what_is_missing_is_added(data: Path, tmp_path: Path) -> None:
    lines = write_lines(
        tmp_path / "mine.ndjson",
        account("456", CASH=1.5),
        {"name": "uber  eats sao paulo br", "mcc": "9999"},
    )
    done("import", lines, "--data", data)
    buy(data, purchase("456", 50))
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


def test_what_is_added_names_who_asked_for_it(demo: Path) -> None:
    lines = json_lines(done("inspect", "--data", demo))
    assert {line["by"] for line in lines} == {"init"}
    assert sum(batch.header.records for batch in batches(demo)) == len(lines)
