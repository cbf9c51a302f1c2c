"""`backtest`: candidate limits over a journal, as a table, as JSON and as a page."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from authorizer.cli.purchase_spill import PurchaseSpill
from authorizer.domain.accounts.backtest_values import KnownPurchase
from authorizer.domain.accounts.events import AccountOpened, PurchaseApproved
from authorizer.domain.accounts.limits import Spending
from authorizer.domain.moments import DAY_US, HOUR_US
from tests.support.command_line import done, flip, journal_files, refused, run, write_events
from tests.support.documents import Document, money, purchase
from tests.support.server import MakeServer

MIDNIGHT_US = 1_763_348_400_000_000
"""2025-11-17 in Sao Paulo."""
SHOP = "<b>LOJA & CIA</b>"


def bought(account: str, hours: float, cents: int, name: str | None = None) -> PurchaseApproved:
    at_us = MIDNIGHT_US + int(hours * HOUR_US)
    return PurchaseApproved(at_us, "t", account, name, cents, "5411", SHOP, None, None, "FOOD")


@pytest.fixture
def history(data: Path) -> Path:
    """Three days of two accounts: 8.00 each late in the evening and soon after midnight."""
    done("init", "--data", data)
    opened = [
        AccountOpened(MIDNIGHT_US - DAY_US, "t", name, {"FOOD": 1000_00}, None)
        for name in ("a", "b")
    ]
    times = [(day * 24 + hour, day, hour) for day in range(3) for hour in (1, 23)]
    events = [
        bought(name, at, 8_00, f"{name}{day}-{hour}")
        for at, day, hour in times
        for name in ("a", "b")
    ]
    write_events(data, *opened, *events)
    return data


def limits(folder: Path, **documents: Document) -> Path:
    file = folder / "limits.json"
    file.write_text(json.dumps(documents))
    return file


def report_of(data: Path, file: Path, *arguments: object) -> Any:
    return json.loads(done("backtest", file, "--json", "--data", data, *arguments))


def days_of(report: Any) -> dict[str, Any]:
    return {
        day["day"]: {name: sums["declined"] for name, sums in day["limits"].items()}
        for day in report["days"]
    }


def test_limits_are_told_by_day_with_examples(history: Path, tmp_path: Path) -> None:
    file = limits(
        tmp_path,
        dia={"window": "day", "max_amount": 10},
        um={"window": "transaction", "max_amount": 7.99, "mode": "shadow"},
        de_a={"window": "lifetime", "max_count": 1, "account": "a"},
    )
    report = report_of(history, file)
    assert (report["purchases"], report["amount"]) == (12, 96)
    assert days_of(report) == {
        "2025-11-17": {"de_a": 1, "dia": 1, "um": 4},
        "2025-11-18": {"de_a": 2, "dia": 1, "um": 4},
        "2025-11-19": {"de_a": 2, "dia": 1, "um": 4},
    }
    assert (report["declined"], report["declined_amount"]) == (8, 64)
    found = {one["name"]: one for one in report["limits"]}
    assert list(found) == ["de_a", "dia", "um"], "an account's own are asked first"
    assert [found[name]["declined"] for name in found] == [5, 3, 12]
    assert [found[name]["accounts"] for name in found] == [1, 1, 2]
    assert found["de_a"]["account"] == "a"
    assert len(found["um"]["examples"]) == 10
    assert found["dia"]["examples"][0] == {
        "position": 6, "at": "2025-11-18T02:00:00.000Z", "account": "b", "id": "b0-23",
        "operation_id": None, "amount": 8, "reason": "amount_limit", "used": 8, "used_count": 1,
        "source": "FOOD", "mcc": "5411", "merchant": SHOP, "card": None,
    }  # fmt: skip


def test_a_period_is_of_local_days_and_what_came_before_counts(
    history: Path, tmp_path: Path
) -> None:
    file = limits(tmp_path, ever={"window": "lifetime", "max_count": 5})
    report = report_of(history, file, "--from", "2025-11-18", "--to", "2025-11-18")
    assert (report["purchases"], report["declined"]) == (4, 0)
    report = report_of(history, file, "--from", "2025-11-19", "--to", "2025-11-19")
    assert days_of(report) == {"2025-11-19": {"ever": 2}}
    assert report["from"] == "2025-11-19T03:00:00.000Z"
    assert report["to"] == "2025-11-20T03:00:00.000Z"
    report = report_of(
        history, file, "--from", "2025-11-19T02:00:00Z", "--to", "2025-11-19T05:00:00Z"
    )
    assert (report["purchases"], report["declined"]) == (4, 0)


def test_windows_and_days_are_those_of_the_time_zone(history: Path, tmp_path: Path) -> None:
    file = limits(tmp_path, dia={"window": "day", "max_amount": 10})
    assert days_of(report_of(history, file, "--time-zone", "UTC")) == {
        "2025-11-18": {"dia": 2},
        "2025-11-19": {"dia": 2},
    }
    assert report_of(history, file)["declined"] == 6


def test_one_account_is_tried_alone(history: Path, tmp_path: Path) -> None:
    file = limits(tmp_path, dia={"window": "day", "max_amount": 10})
    report = report_of(history, file, "--account", "a")
    assert (report["account"], report["purchases"], report["declined"]) == ("a", 6, 3)
    assert report_of(history, file, "--account", "nobody")["purchases"] == 0


def test_a_table_is_for_people(history: Path, tmp_path: Path) -> None:
    file = limits(tmp_path, dia={"window": "day", "max_amount": 10})
    lines = done("backtest", file, "--to", "2025-11-17", "--data", history).splitlines()
    period = "from 2025-11-17T04:00:00.000Z to 2025-11-18T03:00:00.000Z"
    seen = f"8.00  amount_limit  8.00 in 1    {SHOP}"
    assert lines == [
        f"4 purchases of 32.00 {period}: 2 of 16.00 would have been declined",
        "",
        "limit  of             window  mode     declined  amount  accounts  also beyond",
        "dia    every account  day     enforce         2   16.00         2            0",
        "",
        "day         limit  declined  amount",
        "2025-11-17  dia           2   16.00",
        "",
        f"limit  at{' ' * 24}account  id     amount  reason        used before  merchant",
        f"dia    2025-11-18T02:00:00.000Z  a        a0-23    {seen}",
        f"dia    2025-11-18T02:00:00.000Z  b        b0-23    {seen}",
    ]


def test_a_page_needs_nothing_but_itself(history: Path, tmp_path: Path) -> None:
    file, page = limits(tmp_path, dia={"window": "day", "max_amount": 10}), tmp_path / "page.html"
    done("backtest", file, "--html", page, "--data", history)
    text = page.read_text()
    assert "Backtest of limits" in text
    assert "R$ 48.00" in text
    assert "&lt;b&gt;LOJA &amp; CIA" in text
    assert SHOP not in text
    assert "<rect" in text
    for outside in ("http://", "https://", "<script", "<link", "src="):
        assert outside not in text
    nothing = limits(tmp_path, dia={"window": "day", "max_amount": 1000})
    done("backtest", nothing, "--html", page, "--data", history)
    assert "No purchase of this period" in page.read_text()


def test_what_a_server_decides_live_is_what_a_backtest_finds(make_server: MakeServer) -> None:
    """Holds, increments, reversals: the same requests without the limit, then with it."""
    limit: Document = {"window": "day", "max_amount": money("50.00"), "max_count": 3}
    server = make_server().start()
    live = requests_on(server.client, "live", limit)
    requests_on(server.client, "free", None)
    file = limits(server.data.parent, dia={**limit, "max_amount": 50.0})
    report = report_of(server.data, file, "--account", "free")
    names = [each["operation_id"] or each["id"] for each in report["limits"][0]["examples"]]
    assert names == live
    assert len(live) == 3


def requests_on(client: Any, account: str, limit: Document | None) -> list[str]:
    """Some requests; the ids of those that a limit declined."""
    client.open_account(account, MEAL="1000.00")
    if limit is not None:
        assert client.put(f"/accounts/{account}/limits/dia", limit).status == 201
    terms: Document = {"mcc": "5812", "merchant": "LOJA"}
    base = f"/accounts/{account}/authorizations"
    client.authorize(purchase(account, "20.00", id="t1", **terms))
    client.post(base, {"id": "h1", "amount": money("25.00"), **terms})
    client.post(f"{base}/h1/increments", {"id": "i1", "amount": money("10.00")})
    client.authorize(purchase(account, "5.01", id="t2", **terms))
    client.post(f"{base}/t1/reversals", {"id": "r1"})
    client.post(f"{base}/h1/increments", {"id": "i2", "amount": money("20.00")})
    client.authorize(purchase(account, "1.00", id="t3", **terms))
    client.authorize(purchase(account, "1.00", id="t4", **terms))
    client.authorize(purchase(account, "1.00", id="t5", **terms))
    client.get(f"/accounts/{account}/transactions")
    lines = client.get(f"/accounts/{account}/transactions").json()["transactions"]
    declined = (one for one in reversed(lines) if one["code"] != "00")
    return [one["operation_id"] if one["type"] == "increment" else one["id"] for one in declined]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON document"),
        ("[]", "must be an object with a limit under each name"),
        ("{}", "must be an object with a limit under each name"),
        ('{"x": {"window": "moon"}}', "'x': window: must be one of"),
        ('{"x": {"window": "day", "most": 1}}', "'x': most: "),
        ('{"x": {"window": "day"}, "x": {"window": "day"}}', "is no JSON document with unique"),
        ('{"a/b": {"window": "day"}}', "'a/b': "),
        ('{"x": 5}', "'x': "),
    ],
)
def test_limits_that_are_none_are_refused(
    history: Path, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "limits.json"
    file.write_text(text)
    result = run("backtest", file, "--data", history)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_period_that_ends_before_it_begins_is_refused(history: Path, tmp_path: Path) -> None:
    file = limits(tmp_path, dia={"window": "day", "max_amount": 10})
    period = ("--from", "2025-11-18", "--to", "2025-11-17")
    assert run("backtest", file, *period, "--data", history).exit_code == 2


def test_a_damaged_journal_is_told(history: Path, tmp_path: Path) -> None:
    file = limits(tmp_path, dia={"window": "day", "max_amount": 10})
    flip(journal_files(history)[0], 100)
    assert "journal" in refused("backtest", file, "--data", history)


def test_purchases_beyond_the_bound_are_on_disk_and_those_of_no_window_forgotten() -> None:
    spending = Spending("FOOD", "5411", "\u00e7 \0", None)

    def known(at_us: int, is_hold: bool = False) -> KnownPurchase:
        return KnownPurchase(at_us, 5, 5, True, False, is_hold, 0, spending)

    with closing(PurchaseSpill(lambda: 50, kept=10)) as spill:
        for number in range(100):
            spill.put("a", f"p{number}", known(number, is_hold=number == 7))
        spill.put("a", "p60", known(61))
        found = {number for number in range(100) if spill.get("a", f"p{number}") is not None}
        assert found == {7, *range(50, 100)}
        assert spill.get("a", "p60") == known(61)
        assert spill.get("a", "p61") == known(61)
        assert spill.get("b", "p61") is None
