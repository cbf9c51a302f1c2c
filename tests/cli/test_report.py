"""`authorizer report`."""

from __future__ import annotations

import csv
import json
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from tests.support.command_line import done, refused, write_events
from tests.support.purchase_events import approved
from tests.support.server import PROJECT, python, running
from tests.support.ticket_events import opened, resolved

PERIOD = ("--de", "2025-11-17", "--ate", "2025-11-23", "--time-zone", "UTC")


@pytest.fixture
def week(data: Path) -> Path:
    """A data folder with a week of tickets and purchases."""
    write_events(data, opened("1", 0), resolved("1", 60), approved(12_345))
    return data


def test_the_page_is_written_to_a_file(week: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    assert done("report", "--data", week, *PERIOD, "-o", file) == ""
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "R$ 123,45" in page


def test_json_has_every_grouping(week: Path) -> None:
    document = json.loads(done("report", "--json", "--data", week, *PERIOD))
    assert document["de"] == "2025-11-17"
    assert list(document["atendimento"]) == ["dia", "canal", "categoria", "atendente"]
    assert document["atendimento"]["canal"]["grupos"][0]["resolucao_primeira"]["media"] == 60
    assert list(document["transacoes"]) == ["dia", "carteira", "mcc", "estabelecimento", "motivo"]
    assert document["transacoes"]["mcc"]["aprovadas"] == {"quantidade": 1, "valor": 123.45}


def test_csv_is_one_report_in_one_grouping(week: Path) -> None:
    text = done("report", "--csv", "transacoes/dia", "--data", week, *PERIOD)
    assert "operacoes_capturas_quantidade,operacoes_capturas_valor" in text.splitlines()[0]
    text = done("report", "--csv", "transacoes/carteira", "--data", week, *PERIOD)
    assert "operacoes" not in text
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [(row["grupo"], row["aprovadas_valor"]) for row in rows] == [
        ("MEAL", "123.45"),
        ("(total)", "123.45"),
    ]


def test_csv_as_a_brazilian_excel_reads_it(week: Path, tmp_path: Path) -> None:
    file = tmp_path / "carteiras.csv"
    flags = ("--csv", "transacoes/carteira", "--estilo", "brasil", "-o", file)
    done("report", *flags, "--data", week, *PERIOD)
    assert file.read_bytes().startswith("\ufeffde;ate;grupo;".encode())
    assert b";MEAL;1;123,45;0;0,00\r\n" in file.read_bytes()


def test_business_hours(week: Path) -> None:
    """The ticket was opened and resolved before the desk opened."""
    flags = ("--json", "--horario", "comercial", "--business-time-zone", "UTC")
    document = json.loads(done("report", *flags, "--data", week, *PERIOD))
    assert document["horario"] == "comercial"
    assert document["atendimento"]["dia"]["resolucao_primeira"]["media"] == 0


def test_instants_are_exact_and_days_are_local(week: Path) -> None:
    """The ticket and the purchase came at midnight in Greenwich: a Sunday evening in Sao Paulo."""

    def counts(*flags: str) -> tuple[int, int, int]:
        document = json.loads(done("report", "--json", "--data", week, *flags))
        tickets, purchases = document["atendimento"]["dia"], document["transacoes"]["dia"]
        assert document["fuso_horario"] == "America/Sao_Paulo"
        days = {group["grupo"] for group in purchases["grupos"]}
        return tickets["abertos"], purchases["aprovadas"]["quantidade"], len(days)

    assert counts("--de", "2025-11-16", "--ate", "2025-11-16") == (1, 1, 1)
    assert counts("--de", "2025-11-17", "--ate", "2025-11-17") == (0, 0, 1)
    midnight, next_day = "2025-11-17T00:00:00Z", "2025-11-18T00:00:00Z"
    assert counts("--de", midnight, "--ate", next_day) == (1, 1, 2)
    assert counts("--de", "2025-11-17T00:00:00.000001Z", "--ate", next_day) == (0, 0, 2)
    assert counts("--de", "2025-11-16", "--ate", midnight) == (0, 0, 1)


def test_another_zone_is_asked_for_without_a_change_of_the_tables(week: Path) -> None:
    for _ in range(2):
        page = done("report", "--json", "--data", week, *PERIOD)
        assert json.loads(page)["transacoes"]["dia"]["grupos"][0]["aprovadas"]["quantidade"] == 1
        done("report", "--json", "--data", week)
    told = json.loads(done("reports", "status", "--json", "--data", week))
    assert told["time_zone"] == "UTC"


def test_beside_a_server(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.client.open_account("a", CASH="1.00")
        purchase = {"account": "a", "totalAmount": 1, "mcc": "1", "merchant": "M"}
        server.client.authorize(purchase)
        document = json.loads(done("report", "--json", "--data", server.data))
    assert document["transacoes"]["dia"]["aprovadas"]["quantidade"] == 1


def test_what_is_refused(week: Path, tmp_path: Path) -> None:
    refused("report", "--data", tmp_path / "nothing")
    for wrong in (
        ("--de", "ontem"),
        ("--de", "2020-01-01"),
        ("--csv", "atendimento/mcc"),
        ("--horario", "noturno"),
        ("--business-days", "fri-mon"),
    ):
        refused("report", "--data", week, *wrong, status=2)


def test_the_server_does_not_load_what_only_reports_need() -> None:
    """Numpy and the tables cost memory and a slower start; so does what checks passkeys."""
    loaded = "import sys, authorizer.cli.serve, authorizer.server.serve; print(*sys.modules)"
    done = subprocess.run(
        [python(), "-c", loaded], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert not {"numpy", "sqlalchemy", "webauthn"} & set(done.stdout.split())
