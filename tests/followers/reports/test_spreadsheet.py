"""Reports as CSV."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.followers.reports.export.spreadsheet import STYLES, csv_of

HEAD = {"de": "2025-11-01", "ate": "2025-11-30"}


def test_a_line_for_each_group_and_one_for_all() -> None:
    report = {
        **HEAD,
        "horario": "calendario",
        "agrupar": "canal",
        "abertos": 7,
        "sla": {"resolucao": {"taxa": 0.5}},
        "backlog": [{"dia": "2025-11-01", "abertos": 1}],
        "grupos": [
            {"grupo": "App", "abertos": 3, "sla": {"resolucao": {"taxa": None}}},
            {"grupo": None, "abertos": 2, "sla": {"resolucao": {"taxa": 1.0}}},
        ],
        "outros": {"grupos": 9, "abertos": 2, "sla": {"resolucao": {"taxa": 0.25}}},
    }
    assert csv_of(report) == (
        "de,ate,grupo,abertos,sla_resolucao_taxa\r\n"
        "2025-11-01,2025-11-30,App,3,\r\n"
        "2025-11-01,2025-11-30,(nenhum),2,1.0\r\n"
        "2025-11-01,2025-11-30,(outros),2,0.25\r\n"
        "2025-11-01,2025-11-30,(total),7,0.5\r\n"
    )


def test_without_groups_there_is_the_total() -> None:
    assert csv_of({**HEAD, "abertos": 1}) == (
        "de,ate,grupo,abertos\r\n2025-11-01,2025-11-30,(total),1\r\n"
    )


def test_as_a_brazilian_excel_reads_it() -> None:
    report = {
        **HEAD,
        "valor": Decimal("1234567.80"),
        "grupos": [{"grupo": "a;b", "valor": Decimal("0.00"), "taxa": 1e-06}],
        "taxa": None,
        "quantidade": 3,
    }
    assert csv_of(report, STYLES["brasil"]) == (
        "\ufeffde;ate;grupo;valor;taxa\r\n"
        '2025-11-01;2025-11-30;"a;b";0,00;0,000001\r\n'
        "2025-11-01;2025-11-30;(total);1234567,80;\r\n"
    )


@pytest.mark.parametrize(
    "first",
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "'",
        "\uff1d",
        " =",
        "\xa0=",
        "\x0b=",
        "\u200b=",
        "\u202e=",
        "\ufeff=",
    ],
)
def test_a_name_is_no_formula(first: str) -> None:
    report = {**HEAD, "n": -1, "grupos": [{"grupo": f"{first}cmd|' /C calc'!A0", "n": -5}]}
    text = csv_of(report)
    assert f"'{first}cmd" in text
    assert ",-5\r\n" in text


@pytest.mark.parametrize("own", ["(total)", "(outros)", "(nenhum)"])
def test_no_name_passes_for_a_line_of_the_reports_own(own: str) -> None:
    read = list(csv.reader(StringIO(csv_of({**HEAD, "n": 1, "grupos": [{"grupo": own, "n": 2}]}))))
    assert [line[2] for line in read[1:]] == [f"'{own}", "(total)"]


@given(st.text(min_size=1))
def test_any_name_is_read_back(name: str) -> None:
    """As RFC 4180 has it, whatever is in the name; the apostrophe is the guard's."""
    text = csv_of({**HEAD, "n": 1, "grupos": [{"grupo": name, "n": 2}]})
    read = list(csv.reader(StringIO(text, newline="")))
    assert read[1][2].removeprefix("'") == name
    assert read[1][3] == "2"
