"""The page of all reports: it needs nothing but itself, and nobody's name can change it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, Final

import pytest

from authorizer.domain.moments import DAY_US
from authorizer.domain.outcomes import Reason
from authorizer.followers.reports.export.all_reports import AllReports
from authorizer.followers.reports.export.charts import (
    HEIGHT,
    TOP,
    WIDTH,
    Series,
    line,
    stacked_bars,
)
from authorizer.followers.reports.export.page import page_of
from authorizer.followers.reports.export.portuguese import REASONS
from authorizer.followers.reports.local_days import LocalDays
from authorizer.followers.reports.period import Period
from authorizer.followers.reports.report_request import ReportRequest
from authorizer.settings.loading import load_settings
from tests.followers.reports.house import House
from tests.support.purchase_events import approved, declined, done
from tests.support.ticket_events import START_US, at, opened, resolved, said, taken

HOSTILE: Final = "</td><script>alert(1)</script><img src=http://example.com/x onerror='x()'>"
ACTIVE: Final = {"script", "img", "link", "iframe", "object", "embed", "audio", "video", "base"}
WEEK: Final = Period(START_US, START_US + 7 * DAY_US)


class Elements(HTMLParser):
    """Every element of a page with its attributes, and whether all were closed in order."""

    VOID: Final = {"meta", "rect", "line", "polyline"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID or self.get_starttag_text() == "<rect>":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "rect":
            return
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def page(house: House, hours: bool = False, **more: Any) -> str:
    with house.engine.connect() as connection:
        desk_hours = load_settings().desk_hours if hours else None
        asked = ReportRequest(WEEK, at(60 * 24 * 3), desk_hours, LocalDays("UTC"), **more)
        return page_of(AllReports()(connection, asked))


@pytest.fixture
def hostile_page(house: House) -> str:
    house.project(
        opened("1", 0, channel=HOSTILE, category=HOSTILE),
        taken("1", 1, attendant=HOSTILE),
        said("1", 90),
        resolved("1", 60 * 30, attendant=HOSTILE),
        opened("2", 5),
        approved(123_456_789, merchant=HOSTILE, mcc=HOSTILE, wallet=HOSTILE),
        declined(1, 2),
    )
    return page(house)


def test_no_name_becomes_part_of_the_page(hostile_page: str) -> None:
    elements = Elements(hostile_page)
    assert not ACTIVE & {tag for tag, _ in elements.found}
    assert not [name for _, attributes in elements.found for name in attributes if name[:2] == "on"]
    assert elements.text.count(HOSTILE) == 6
    assert not elements.open


def test_nothing_from_outside_is_asked_for(hostile_page: str) -> None:
    asked = {"href", "src", "srcset", "action", "data", "xlink:href", "background", "poster"}
    elements = Elements(hostile_page)
    assert not [name for _, attributes in elements.found for name in asked & attributes.keys()]
    style = hostile_page[hostile_page.index("<style>") : hostile_page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(
        attributes["content"]
        for tag, attributes in elements.found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_what_it_tells(hostile_page: str) -> None:
    text = " ".join(Elements(hostile_page).text.split())
    for words in (
        "De 17/11/2025 a 23/11/2025.",
        "Chamados abertos 2 ",
        "Taxa de resolução 50 % ",
        "Primeira resposta, mediana 1 h 30 min ",
        "Resolução, mediana 1 d 6 h ",
        "Valor aprovado R$ 1.234.567,89 ",
        "Recusadas 1 ",
        "(nenhum)",
        "horário de calendário",
    ):
        assert words in text, words


def test_every_chart_can_be_read_without_seeing_it(hostile_page: str) -> None:
    elements = Elements(hostile_page).found
    charts = [attributes for tag, attributes in elements if attributes.get("role") == "img"]
    assert len(charts) == 3
    assert all(attributes["aria-label"] for attributes in charts)
    assert [tag for tag, _ in elements].count("details") == 3
    hidden = [a for tag, a in elements if tag == "svg" and a.get("role") != "img"]
    assert all(attributes["aria-hidden"] == "true" for attributes in hidden)


def test_a_page_of_nothing_says_so(house: House) -> None:
    text = Elements(page(house, hours=True)).text
    assert "horário comercial" in text
    assert "Nenhum chamado foi aberto neste período." in text
    assert "Nenhuma transação foi decidida neste período." in text
    assert "Aprovadas" not in text
    assert "Chamados em aberto no fim de cada dia" in text  # whenever they were opened


def test_operations_are_told_in_all_and_by_day(house: House) -> None:
    assert "Operações" not in page(house)
    house.project(done("hold", 123_456), done("capture", 100, 1), done("declined hold", 7, 1))
    elements = Elements(page(house, about=["transacoes"]))
    assert not elements.open
    text = " ".join(elements.text.split())
    assert "Nenhuma transação foi decidida neste período." in text  # none of one message
    told = "Operações de compras em várias mensagens Quantidade Valor Autorizações 1 R$ 1.234,56"
    assert told in text
    for word in PAGE_WORDS:
        assert word in text
    assert "17/11/2025 1 R$ 1.234,56 0 R$ 0,00" in text
    assert "18/11/2025 0 R$ 0,00 0 R$ 0,00 1 R$ 1,00" in text
    assert "19/11/2025 0" not in text


PAGE_WORDS: Final = (
    "Acréscimos 0", "Capturas 1 R$ 1,00", "Estornos 0", "Devoluções 0", "Expirações 0",
    "Recusas 1 R$ 0,07",
)  # fmt: skip


def test_a_page_of_one_report_has_nothing_of_the_other(house: House) -> None:
    house.project(opened("1", 0), approved(100))
    service, purchases = (page(house, about=[name]) for name in ("atendimento", "transacoes"))
    assert "<h1>Atendimento</h1>" in service
    assert "Transações" not in service
    assert "<h1>Transações</h1>" in purchases
    assert "chamado" not in purchases.lower()
    assert "<h1>Atendimento e transações</h1>" in page(house)


def test_every_reason_has_a_word_in_portuguese() -> None:
    assert REASONS.keys() == set(Reason)
    assert not {reason.name_on_wire for reason in Reason} & set(REASONS.values())


def test_words_of_the_wire_are_told_in_portuguese(house: House) -> None:
    house.project(
        approved(100),
        approved(100, wallet=None),
        *(
            declined(1, reason=reason.name_on_wire)
            for reason in Reason
            if reason is not Reason.APPROVED
        ),
    )
    text = Elements(page(house)).text
    for reason in Reason:
        assert reason.name_on_wire not in text.split()
        assert REASONS[reason] in text
    assert "credit_limit" not in text
    for words in ("limite do cartão", "refeição (MEAL)", "(nenhuma)"):
        assert words in text


def test_instants_are_told_in_local_time(house: House) -> None:
    period = Period(START_US + 1_000_000, START_US + DAY_US)
    asked = ReportRequest(period, at(60), None, LocalDays("America/Sao_Paulo"))
    with house.engine.connect() as connection:
        text = Elements(page_of(AllReports()(connection, asked))).text
    assert "De 16/11/2025 21:00:01 a 17/11/2025 21:00." in text
    assert "Gerado em 16/11/2025 22:00." in text
    assert "America/Sao_Paulo" in text


def test_amounts_are_exact_however_large(house: House) -> None:
    most = 10**17
    house.project(*(declined(most) for _ in range(9)), declined(719_925_474_099_301))
    assert "R$ 9.007.199.254.740.993,01" in Elements(page(house)).text


DAYS: Final = ["17/11/2025", "18/11/2025", "19/11/2025"]


def test_bars_stand_upon_each_other() -> None:
    chart = stacked_bars(
        "t", "s", DAYS, [Series("a", "first", [1, 0, 3]), Series("b", "second", [1, 0, 1])]
    )
    assert [bar.label for bar in chart.bars] == [
        "17/11/2025: 1 a",
        "17/11/2025: 1 b",
        "19/11/2025: 3 a",
        "19/11/2025: 1 b",
    ]
    lower, upper = chart.bars[2:]
    assert upper.y == TOP
    assert upper.y + upper.height == pytest.approx(lower.y)
    assert lower.height == pytest.approx(3 * upper.height)
    assert all(bar.x > 0 and bar.x + bar.width < WIDTH for bar in chart.bars)


def test_a_line_ends_where_its_numbers_end() -> None:
    chart = line("t", "s", DAYS, Series("a", "first", [4, 0, None]))
    points = [tuple(map(float, point.split(","))) for point in chart.line.split()]
    assert [y for _, y in points] == [TOP, HEIGHT - 28]


@pytest.mark.parametrize(
    ("largest", "top"),
    [(0, 4), (1, 4), (4, 4), (5, 8), (11, 12), (39, 40), (100, 100), (101, 120), (10**9, 10**9)],
)
def test_axes_end_at_round_numbers(largest: int, top: float) -> None:
    chart = line("t", "s", DAYS[:1], Series("a", "first", [largest]))
    assert chart.rows[-1].value == top
    assert all(row.value == int(row.value) for row in chart.rows)


def test_not_every_day_is_named_on_the_axis() -> None:
    days = [str(number) for number in range(366)]
    chart = line("t", "s", days, Series("a", "first", [1] * 366))
    assert len(chart.columns) == 8
