"""`import`: what is taken in, what is refused, and that nothing is taken twice."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from authorizer.cli.importer import WAVE_ENTRIES
from authorizer.http.api.wire import MAX_BODY_BYTES
from tests.support.command_line import (
    account,
    buy,
    done,
    everything,
    head,
    json_lines,
    run,
    start,
    write_lines,
)
from tests.support.commands import purchase

CUSTOMER: dict[str, Any] = {
    "cliente_id": "c1",
    "conta": "a1",
    "nome": "Maria Souza",
    "cpf": "123.456.789-00",
    "cartoes": [
        {
            "cartao_id": "k1",
            "numero_mascarado": "**** 0001",
            "bandeira": "Visa",
            "status": "ativo",
            "limite_total": 100.5,
            "limite_utilizado": 0.5,
            "limite_disponivel": 100.0,
        }
    ],
}
MERCHANT = {"name": "UBER EATS                   SAO PAULO BR", "mcc": "5812"}


def balances(data: Path) -> dict[str, Any]:
    lines = json_lines(done("replay", "--json", "--data", data))
    return {line["account"]: line["balances"] for line in lines}


def counts(printed: str) -> dict[str, tuple[int, int]]:
    words = [line.split() for line in printed.splitlines()]
    return {kind: (int(new), int(known)) for kind, new, _, known, *_ in words}


def import_lines(data: Path, tmp_path: Path, *lines: object) -> str:
    return done("import", write_lines(tmp_path / "lines.ndjson", *lines), "--data", data)


# --- what is taken in ----------------------------------------------------------------------------


@pytest.mark.parametrize("says_kind", [True, False])
def test_accounts_merchants_and_customers_are_told_apart(
    says_kind: bool, data: Path, tmp_path: Path
) -> None:
    linked = account("a2", FOOD=100.00, CASH=0.01) | {"cliente_id": "c2"}
    lines = {"account": linked, "merchant": MERCHANT, "customer": CUSTOMER}
    kinds = [{"kind": kind} if says_kind else {} for kind in lines]
    both = zip(kinds, lines.values(), strict=True)
    printed = import_lines(data, tmp_path, *(kind | line for kind, line in both))
    assert counts(printed) == {"accounts": (1, 0), "merchants": (1, 0), "customers": (1, 0)}
    taken = {line["account"]: line for line in json_lines(done("replay", "--json", "--data", data))}
    assert taken["a2"]["balances"] == {"FOOD": 100.0, "CASH": 0.01}
    assert taken["a2"]["cliente_id"] == "c2"
    assert taken["a1"]["balances"] == {"FOOD": 0.0, "MEAL": 0.0, "CASH": 0.0}
    assert [card["limite_disponivel"] for card in taken["a1"]["cards"]] == [100.0]
    outcomes = buy(data, purchase(100, mcc="1", merchant=MERCHANT["name"], account_id="a2"))
    assert outcomes[0].reason.name_on_wire == "insufficient_funds"
    assert {line["by"] for line in json_lines(done("inspect", "--to", "5", "--data", data))} == {
        "import"
    }


@pytest.mark.parametrize("name", ["lines.ndjson", "customer.json"])
def test_a_byte_order_mark_is_passed_over(name: str, data: Path, tmp_path: Path) -> None:
    """Windows writes one."""
    file = tmp_path / name
    file.write_text(json.dumps(CUSTOMER), encoding="utf-8-sig")
    assert counts(done("import", file, "--data", data))["customers"] == (1, 0)


def test_an_account_without_balances_gets_the_configured_wallets(
    data: Path, tmp_path: Path
) -> None:
    lines = write_lines(tmp_path / "lines.ndjson", {"account": "1"})
    done("import", lines, "--data", data, "--wallet-by-mcc", "5912=HEALTH")
    assert balances(data) == {"1": {"HEALTH": 0.0, "CASH": 0.0}}


def test_a_wallet_that_no_setting_names_is_refused_with_those_there_are(
    data: Path, tmp_path: Path
) -> None:
    lines = write_lines(tmp_path / "lines.ndjson", account("1", comida=1.0), account("2", FOOD=1.0))
    result = run("import", lines, "--data", data)
    assert result.exit_code == 1
    assert "there is no wallet 'comida', only FOOD, MEAL, CASH" in result.stderr
    assert balances(data) == {"2": {"FOOD": 1.0}}


def test_a_number_that_no_double_holds_is_told_by_its_member(data: Path) -> None:
    line = '{"account": "1", "balances": {"FOOD": 1e400}}\n'
    result = run("import", "-", "--data", data, stdin=line)
    assert result.exit_code == 1
    assert "balances.FOOD: " in result.stderr


def test_several_files_and_standard_input_are_read_in_order(data: Path, tmp_path: Path) -> None:
    first = write_lines(tmp_path / "1.ndjson", account("1"))
    last = write_lines(tmp_path / "3.ndjson", account("3"))
    done("import", first, "-", last, "--data", data, stdin='\n{"account": "2"}\n  \n')
    assert list(balances(data)) == ["1", "2", "3"]


def test_the_last_line_needs_no_end(data: Path) -> None:
    done("import", "-", "--data", data, stdin='{"account": "1"}\n{"account": "2"}')
    assert list(balances(data)) == ["1", "2"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_file_is_one_document(indent: int | None, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "customer.json"
    path.write_text(json.dumps(CUSTOMER, indent=indent))
    assert counts(done("import", path, "--data", data))["customers"] == (1, 0)


def test_a_document_on_standard_input_is_told_by_its_lone_brace(data: Path) -> None:
    document = json.dumps(CUSTOMER, indent=1)
    assert counts(done("import", "-", "--data", data, stdin=document))["customers"] == (1, 0)


def test_more_than_is_under_way_at_once_is_taken_in_its_order(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = range(WAVE_ENTRIES + 500)
    lines = (account(str(number), CASH=number) for number in numbers)
    path = write_lines(tmp_path / "lines.ndjson", *lines)
    monkeypatch.setenv("AUTHORIZER_MAX_RESIDENT_ACCOUNTS", "50")
    done("import", path, "--data", data)
    found = balances(data)
    assert list(found) == [str(number) for number in numbers]
    assert all(found[str(number)] == {"CASH": float(number)} for number in numbers)


def test_as_many_merchants_as_there_are_fit_into_their_inbox(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHORIZER_MAX_INBOX", "1")
    lines = [{"name": f"SHOP {number}", "mcc": "5811"} for number in range(300)]
    assert counts(import_lines(data, tmp_path, *lines))["merchants"] == (300, 0)


def test_lines_about_one_account_are_decided_in_their_order(data: Path, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "lines.ndjson", account("a1", CASH=5), CUSTOMER)
    assert run("import", path, "--data", data).exit_code == 0
    assert balances(data) == {"a1": {"CASH": 5.0}}


def test_the_other_way_round_the_balances_come_too_late(data: Path, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "lines.ndjson", CUSTOMER, account("a1", CASH=5))
    result = run("import", path, "--data", data)
    assert result.exit_code == 1
    assert "lines.ndjson:2: account a1 was opened with other balances" in result.stderr
    assert balances(data)["a1"]["CASH"] == 0.0


def test_two_customers_that_claim_one_card_are_decided_in_their_order(
    data: Path, tmp_path: Path
) -> None:
    other = CUSTOMER | {"cliente_id": "c2", "conta": "a2"}
    path = write_lines(tmp_path / "lines.ndjson", CUSTOMER, other)
    result = run("import", path, "--data", data)
    assert result.exit_code == 1
    assert "lines.ndjson:2: card k1 is on another account" in result.stderr


# --- idempotence ---------------------------------------------------------------------------------


def test_the_same_again_writes_nothing(data: Path, tmp_path: Path) -> None:
    lines = (account("1", FOOD=1), account("2"), MERCHANT, CUSTOMER)
    import_lines(data, tmp_path, *lines)
    before = everything(data / "journal")
    printed = import_lines(data, tmp_path, *lines)
    assert counts(printed) == {"accounts": (0, 2), "merchants": (0, 1), "customers": (0, 1)}
    assert everything(data / "journal") == before


def test_the_same_again_changes_nothing_although_money_has_moved(
    data: Path, tmp_path: Path
) -> None:
    lines = (account("1", FOOD=1), CUSTOMER)
    import_lines(data, tmp_path, *lines)
    outcomes = buy(
        data,
        purchase(40, mcc="5411", account_id="1"),
        purchase(10000, mcc="5411", card_id="k1", account_id="a1"),
    )
    assert [outcome.reason.name_on_wire for outcome in outcomes] == ["approved", "approved"]
    before = head(data)
    import_lines(data, tmp_path, *lines)
    assert head(data) == before


# --- what is refused -----------------------------------------------------------------------------

BAD_LINES = [
    ("{", "it is no JSON document"),
    ('{"account": "1",}', "it is no JSON document"),
    ('{"account": "1"} {"account": "2"}', "it is no JSON document"),
    ('"account"', "it is no JSON object"),
    ("[]", "it is no JSON object"),
    ("{}", "say its kind"),
    ('{"kind": "credit", "account": "1"}', "kind: must be one of account, merchant, customer"),
    ('{"kind": ["account"], "account": "1"}', "kind: must be one of"),
    ('{"kind": "account"}', "account: Field required"),
    ('{"kind": "merchant", "account": "1"}', "name: Field required"),
    ('{"account": 1}', "account: Input should be a valid string"),
    ('{"account": " "}', "account: Value error, must not be blank"),
    ('{"account": "a/b"}', "account: Value error, must not hold a slash"),
    ('{"account": "1", "amount": 1}', "amount: Extra inputs are not permitted"),
    ('{"account": "1", "balances": {"CASH": 10.005}}', "must be a whole number of centavos"),
    ('{"account": "1", "balances": {"CASH": 99.99999999999999999}}', "balances.CASH: "),
    ('{"account": "1", "balances": {"CASH": -1}}', "balances.CASH: Value error, must not be neg"),
    ('{"account": "1", "balances": {"CASH": "1"}}', "balances.CASH: Value error, must be a number"),
    ('{"name": "X"}', "mcc: Field required"),
    ('{"name": " * ", "mcc": "5811"}', "would match every merchant"),
    ('{"cliente_id": "1"}', "nome: Field required; cpf: Field required"),
    ('{"account": "1", "cliente_id": "' + "x" * MAX_BODY_BYTES + '"}', "longer than 65536 bytes"),
]


@pytest.mark.parametrize(("line", "problem"), BAD_LINES, ids=[line[:40] for line, _ in BAD_LINES])
def test_a_bad_line_is_told_with_its_number_and_the_others_go_on(
    line: str, problem: str, data: Path, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "lines.ndjson", account("before"), "", line, account("after"))
    result = run("import", path, "--data", data)
    assert result.exit_code == 1
    first, last = result.stderr.splitlines()
    assert first.startswith(f"{path}:3: ")
    assert problem in first
    assert last == "1 lines were refused"
    assert list(balances(data)) == ["before", "after"]
    assert counts(result.stdout)["accounts"] == (2, 0)


def test_every_bad_line_is_told(data: Path, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "lines.ndjson", "1", "2", account("good"), "3")
    result = run("import", path, "--data", data)
    assert [line.split(":")[1] for line in result.stderr.splitlines()[:-1]] == ["1", "2", "4"]


def test_bytes_that_are_no_text_are_a_bad_line(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "lines.ndjson"
    path.write_bytes(b'{"account": "\xff"}\n{"account": "1"}\n\xef\xbb\xbf{"account": "2"}\n')
    result = run("import", path, "--data", data)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 3
    assert list(balances(data)) == ["1"]


@pytest.mark.parametrize(
    "length", [MAX_BODY_BYTES - 1, MAX_BODY_BYTES, MAX_BODY_BYTES + 1, 3 << 20]
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_line_is_as_long_as_a_request_may_be(
    length: int, end: str, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "lines.ndjson"
    line = '{"account": "long"}'
    path.write_text('{"account": "1"}\n' + line + " " * (length - len(line) - len(end)) + end)
    result = run("import", path, "--data", data)
    too_long = length > MAX_BODY_BYTES
    assert result.exit_code == too_long
    assert list(balances(data)) == (["1"] if too_long else ["1", "long"])
    assert (f"{path}:2: it is longer" in result.stderr) == too_long


def test_a_document_is_as_long_as_a_request_may_be(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "customer.json"
    path.write_text("{\n" + " " * MAX_BODY_BYTES + json.dumps(CUSTOMER)[1:])
    result = run("import", path, "--data", data)
    assert result.exit_code == 1
    assert f"{path}:1: it is longer than 65536 bytes" in result.stderr


def test_what_is_said_of_a_bad_customer_holds_no_personal_data(data: Path, tmp_path: Path) -> None:
    person = {"nome": ["Fulana"], "cpf": "98765432", "email": 55, "telefone": "\x01+5531"}
    path = write_lines(tmp_path / "lines.ndjson", CUSTOMER | person)
    result = run("import", path, "--data", data)
    assert result.exit_code == 1
    for field, value in (("nome", "Fulana"), ("cpf", "98765432"), ("telefone", "+5531")):
        assert f"{field}: " in result.stderr
        assert value not in result.output


def test_a_file_that_is_missing_is_wrong_usage_and_nothing_is_taken(
    data: Path, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "lines.ndjson", account("1"))
    result = run("import", path, tmp_path / "missing", "--data", data)
    assert result.exit_code == 2
    assert not data.exists()


def test_no_file_is_wrong_usage() -> None:
    assert run("import").exit_code == 2


# --- the disk ------------------------------------------------------------------------------------


def test_a_full_disk_ends_it_with_74_and_what_was_written_is_whole(
    data: Path, tmp_path: Path
) -> None:
    done("import", "-", "--data", data, stdin='{"account": "first"}')
    lines = (account(str(number), CASH=1) for number in range(3000))
    path = write_lines(tmp_path / "lines.ndjson", *lines)

    def with_little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = start("import", path, "--data", data, preexec_fn=with_little_room)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == os.EX_IOERR
    assert stdout == ""
    assert "Error: the journal could not be written: [Errno 27] File too large" in stderr
    assert "Traceback" not in stderr
    done("verify", "--data", data)
    assert "first" in balances(data)
    done("import", path, "--data", data)
    assert len(balances(data)) == 3001


def test_standard_input_may_come_slowly(data: Path) -> None:
    process = start("import", "-", "--data", data)
    assert process.stdin is not None
    for number in range(3):
        process.stdin.write(json.dumps(account(str(number))) + "\n")
        process.stdin.flush()
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")
    assert counts(stdout)["accounts"] == (3, 0)
