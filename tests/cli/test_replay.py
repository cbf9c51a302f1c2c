"""`replay`: balances and stories, from the journal alone."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.accounts.cards import CardTerms
from authorizer.domain.accounts.deciders import LimitName
from authorizer.domain.accounts.events import (
    AccountCredited,
    AccountLinked,
    AccountOpened,
    CardBlocked,
    CardOpened,
    CardReplaced,
    CardUnblocked,
    LimitChanged,
    LimitQueried,
    PurchaseApproved,
)
from authorizer.domain.accounts.limits import LimitEntry, LimitScope
from authorizer.domain.accounts.purchase_events import LimitPut
from authorizer.domain.aggregates import AGGREGATES
from authorizer.domain.moments import NEVER_US
from authorizer.domain.money import MAX_AMOUNT_DIGITS
from authorizer.domain.sealing import unsealed
from tests.support import documents
from tests.support.command_line import (
    account,
    buy,
    done,
    flip,
    journal_files,
    json_lines,
    refused,
    run,
    take_snapshot,
    write_events,
    write_lines,
)
from tests.support.commands import purchase
from tests.support.server import MakeServer

START_US = 4_000_000_000_000_000
START = "2096-10-02T07:06:40"

CREDITED = "account_credited 0.01 credit_id 1, wallet CASH, debt_paid 0.00"


def balances(data: Path, *arguments: object) -> dict[str, Any]:
    lines = json_lines(done("replay", "--json", "--data", data, *arguments))
    return {line["account"]: line["balances"] for line in lines}


def told(data: Path, *arguments: object) -> list[dict[str, Any]]:
    return json_lines(done("replay", "--json", "--data", data, "--story", *arguments))


@pytest.fixture
def timed(demo: Path) -> Path:
    """The demo and an account that gets a centavo a second, four times, from position 15 on."""
    write_events(
        demo,
        AccountOpened(START_US, "t", "new", {"CASH": 0}, None),
        *(
            AccountCredited(START_US + 1_000_000 * n, "t", "new", str(n), "CASH", 1)
            for n in range(1, 5)
        ),
    )
    return demo


# --- balances ------------------------------------------------------------------------------------


def test_the_table_has_a_column_for_each_wallet(demo: Path, tmp_path: Path) -> None:
    lines = write_lines(tmp_path / "lines", account("other", HEALTH=1234.5))
    done("import", lines, "--data", demo, "--wallet-by-mcc", "5912=HEALTH")
    assert done("replay", "--data", demo).splitlines() == [
        "account    FOOD    MEAL     CASH   HEALTH",
        "123      500.00  300.00  1000.00",
        "456       50.00   20.00   100.00",
        "789        0.00    0.00    75.50",
        "12345      0.00    0.00     0.00",
        f"other{'1234.50':>36}",
    ]


def test_the_accounts_that_are_named_are_shown_as_named(demo: Path) -> None:
    assert list(balances(demo, "789", "123")) == ["789", "123"]
    assert done("replay", "456", "--data", demo).splitlines() == [
        "account   FOOD   MEAL    CASH",
        "456      50.00  20.00  100.00",
    ]


def test_an_account_that_is_missing_is_told(demo: Path) -> None:
    message = refused("replay", "123", "nobody", "--data", demo)
    assert message == "Error: there is no account 'nobody'"
    assert refused("replay", "--story", "nobody", "--data", demo) == message


def test_json_spells_money_like_the_wire(demo: Path) -> None:
    (line,) = done("replay", "789", "--json", "--data", demo).splitlines()
    assert '"balances":{"FOOD":0.00,"MEAL":0.00,"CASH":75.50}' in line


def limit_put(name: str, window: str, **fields: Any) -> LimitPut:
    """A limit of the account `s`, put with nothing used of it."""
    whole = {
        "trailing_us": None, "max_amount_cents": 5_00, "max_count": None, "scope": LimitScope(),
        "mode": "enforce", "starts_at_us": 0, "ends_at_us": 0, "used_cents": 0, "used_count": 0,
        "entries": (), **fields,
    }  # fmt: skip
    return LimitPut(START_US + 1, "t", "s", name, False, window, **whole)


def test_a_story_tells_durations_as_such_and_times_that_never_come(tmp_path: Path) -> None:
    """Only what is named a time is one; a lifetime has no end."""
    data = tmp_path / "data"
    done("init", "--data", data)
    write_events(
        data,
        AccountOpened(START_US, "t", "s", {"CASH": 0}, None),
        limit_put(
            "ten",
            "PT10M",
            trailing_us=600_000_000,
            entries=(LimitEntry("p", START_US, 1_50), LimitEntry("q", START_US, 2_00)),
        ),
        limit_put("ever", "lifetime", ends_at_us=NEVER_US),
        limit_put("day", "day", starts_at_us=START_US, ends_at_us=START_US + 1_000_000),
        PurchaseApproved(
            START_US + 2, "t", "s", "p", 0, "1", "M", None, None, "CASH",
            (LimitName("ten", "account"), LimitName("all", "global")),
        ),
    )  # fmt: skip
    lines = [
        line.split("  ")[-3] for line in done("replay", "--story", "s", "--data", data).splitlines()
    ]
    assert "trailing PT10M" in lines[1]
    assert "starts_at" not in lines[1]
    assert f"entries key p made_at {START}.000000Z amount 1.50; key q" in lines[1]
    assert "ends_at never" in lines[2]
    assert "trailing" not in lines[2]
    assert f"starts_at {START}.000000Z" in lines[3]
    assert "shadow name ten level account; name all level global" in lines[4]
    _, ten, ever, _, bought = told(data, "s")
    assert ten["trailing"] == "PT10M"
    assert ten["entries"][0] == {"key": "p", "made_at": f"{START}.000000Z", "amount": 1.5}
    assert ever["ends_at"] == "never"
    assert bought["shadow"][1] == {"name": "all", "level": "global"}


def test_every_field_in_microseconds_is_a_time_or_a_duration() -> None:
    """Told apart by their names, on which stories rely."""
    fields = {
        name for aggregate in AGGREGATES for kind in aggregate.events for name in kind.fields
    } | set(LimitEntry._fields)
    micros = {name for name in fields if name.endswith("_us")}
    times = {name for name in micros if name.endswith(("at_us", "due_us"))}
    moments = {name for name in times if not name.endswith("due_us")}
    assert moments == {"at_us", "expires_at_us", "starts_at_us", "ends_at_us", "made_at_us"}
    assert micros - times == {
        "trailing_us", "first_response_target_us", "resolution_target_us", "ran_us"
    }  # fmt: skip


def test_a_story_tells_of_replaced_cards_and_changed_limits(demo: Path, tmp_path: Path) -> None:
    done("import", write_lines(tmp_path / "lines", account("s", CASH=1)), "--data", demo)
    old = CardTerms("k", "**** 1", "Visa", "ativo", None, None, 100, 40)
    new = old._replace(card_id="n", replaces="k")
    write_events(
        demo,
        CardOpened(START_US, "t", "s", "c", old),
        LimitChanged(START_US + 1, "t", "s", "k", "App", 30, 100),
        CardReplaced(START_US + 2, "t", "s", "c", "k", "perda", "App", new),
    )
    *_, opened, changed, replaced = told(demo, "s")
    assert opened["limits"] == {"k": 0.6}
    assert (changed["event"], changed["card_id"]) == ("limit_changed", "k")
    assert (changed["limit_total"], changed["previous"]) == (0.3, 1.0)
    assert changed["limits"] == {"k": -0.1}
    assert (replaced["event"], replaced["card_id"]) == ("card_replaced", "k")
    assert replaced["terms"]["card_id"] == "n"
    assert (replaced["block_reason"], replaced["channel"]) == ("perda", "App")
    assert replaced["limits"] == {"k": 0.0, "n": 0.6}


def test_it_shows_what_a_server_shows(make_server: MakeServer) -> None:
    server = make_server().start()
    client = server.client
    card = documents.card("k1", "100.00", "40.00")
    client.open_account("1", FOOD="100.00", CASH="20.00")
    client.put("/clientes/c1", documents.customer("c1", card, conta="1"))
    client.authorize(documents.purchase("1", "30.01"))
    client.authorize(documents.purchase("1", "50.00", mcc="1", card="k1"))
    (line,) = done("replay", "--json", "--data", server.data).splitlines()
    shown = json.loads(line, parse_float=Decimal)
    live = client.get("/accounts/1").json()
    assert shown["balances"] == live["balances"] == {"FOOD": Decimal("69.99"), "CASH": Decimal(20)}
    assert shown["cards"] == [client.get("/cartoes/k1").json()]
    assert shown["cards"][0]["limite_disponivel"] == Decimal(10)


def test_snapshots_are_not_looked_at(demo: Path) -> None:
    taken = take_snapshot(demo)
    before = done("replay", "--data", demo)
    flip(taken, 100)
    assert done("replay", "--data", demo) == before


# --- until ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "cents"),
    [
        ("14", 0),
        ("15", 1),
        ("17", 3),
        ("18", 4),
        ("1000", 4),
        (f"{START}Z", 0),
        (f"{START}.999999Z", 0),
        ("2096-10-02T07:06:42Z", 2),
        ("2096-10-02T04:06:43.5-03:00", 3),
        ("2200-01-01T00:00:00Z", 4),
    ],
)
def test_until_includes_its_position_or_time(until: str, cents: int, timed: Path) -> None:
    assert balances(timed, "new", "--until", until) == {"new": {"CASH": cents / 100}}
    story = told(timed, "new", "--until", until)
    assert story[-1]["balances"] == {"CASH": cents / 100}
    assert len(story) == 1 + cents


def test_before_it_was_opened_there_is_no_account(timed: Path) -> None:
    assert "new" not in balances(timed, "--until", "13")
    refused("replay", "new", "--data", timed, "--until", "13")
    refused("replay", "--story", "new", "--data", timed, "--until", "13")
    assert done("replay", "--data", timed, "--until", "0") == "account\n"


# --- story ---------------------------------------------------------------------------------------


def test_a_story_tells_every_event_and_what_was_held_after_it(demo: Path, tmp_path: Path) -> None:
    customer = documents.customer("c", conta="s")
    card = {
        "cartao_id": "k", "numero_mascarado": "**** 1", "bandeira": "Visa", "status": "ativo",
        "limite_total": 50.0,
    }  # fmt: skip
    lines = write_lines(
        tmp_path / "lines",
        account("s", FOOD=10, CASH=5),
        customer | {"cartoes": [card]},
    )
    done("import", lines, "--data", demo)
    eats = "UBER EATS                   SAO PAULO BR"
    buy(
        demo,
        purchase(400, mcc="5411", transaction_id="t1", account_id="s"),
        purchase(400, mcc="5411", merchant=eats, account_id="s"),
        purchase(5000, mcc="5411", card_id="k", account_id="s"),
        purchase(700, mcc="5411", account_id="s"),
    )
    write_events(
        demo,
        AccountCredited(START_US, "t", "s", "c1", "FOOD", 100, 0, "venda 4711"),
        LimitQueried(START_US + 1, "t", "s", "k", "App", 0),
        CardBlocked(START_US + 2, "t", "s", "k", "em_analise", "App"),
        CardUnblocked(START_US + 3, "t", "s", "k", "App", unsealed("ok")),
    )
    story = told(demo, "s")
    assert [
        (
            line["event"],
            line.get("amount"),
            line.get("wallet") or line.get("reason") or line.get("block_reason"),
        )
        for line in story
    ] == [
        ("account_opened", None, None),
        ("account_linked", None, None),
        ("card_opened", None, None),
        ("transaction_approved", 4.0, "FOOD"),
        ("transaction_approved", 4.0, "CASH"),
        ("transaction_approved", 50.0, None),
        ("transaction_declined", 7.0, "insufficient_funds"),
        ("account_credited", 1.0, "FOOD"),
        ("limit_queried", None, None),
        ("card_blocked", None, "em_analise"),
        ("card_unblocked", None, None),
    ]
    assert [tuple(line["balances"].values()) for line in story] == [
        *[(10.0, 5.0)] * 3,
        (6.0, 5.0),
        *[(6.0, 1.0)] * 3,
        *[(7.0, 1.0)] * 4,
    ]
    assert [line["limits"] for line in story] == [
        {}, {}, *[{"k": 50.0}] * 3, *[{"k": 0.0}] * 6
    ]  # fmt: skip
    assert story[3]["transaction_id"] == "t1"
    assert [line.get("reference") for line in story[7:9]] == ["venda 4711", None]
    text = done("replay", "--story", "s", "--data", demo)
    assert "credit_id c1, wallet FOOD, debt_paid 0.00, reference venda 4711" in text
    assert story[0]["opening"] == {"FOOD": 10.0, "CASH": 5.0}
    assert story[8]["available"] == 0.0
    assert story[10]["justification"] == "***", "it was journaled before texts were sealed"
    assert (story[4]["merchant"], story[4]["mcc"], story[4]["override_mcc"]) == (
        eats, "5411", "5812",
    )  # fmt: skip
    assert story[0]["by"] == "import"
    positions = [line["position"] for line in story]
    assert positions == sorted(positions)


def test_a_story_in_text_is_a_line_for_each_event(timed: Path) -> None:
    write_events(timed, AccountLinked(START_US + 9_000_000, "t", "new", "12345"))
    lines = done("replay", "--story", "new", "--data", timed).splitlines()
    assert [" ".join(line.split()) for line in lines][:2] == [
        f"14 {START}.000000Z account_opened CASH 0.00 → CASH 0.00",
        f"15 2096-10-02T07:06:41.000000Z {CREDITED} → CASH 0.01",
    ]
    assert " ".join(lines[-1].split()) == (
        "19 2096-10-02T07:06:49.000000Z account_linked customer_id 12345 → CASH 0.04"
    )


def test_a_story_of_credit_shows_what_is_left_of_the_limit(demo: Path) -> None:
    buy(
        demo,
        purchase(50000, mcc="5411", merchant="LOJA   Y", card_id="123987654", account_id="12345"),
    )
    last = done("replay", "--story", "12345", "--data", demo).splitlines()[-1]
    assert "  500.00  mcc 5411, merchant LOJA Y, card_id 123987654  →  " in last
    assert last.endswith("card 987654321 1800.00, card 123987654 4000.00")


def test_an_amount_beyond_64_bits_is_told_exactly(demo: Path) -> None:
    buy(demo, purchase(10**MAX_AMOUNT_DIGITS - 1, mcc="5411", account_id="123"))
    line = done("replay", "--story", "123", "--json", "--data", demo).splitlines()[-1]
    assert f'"amount":{"9" * (MAX_AMOUNT_DIGITS - 2)}.99,' in line


def test_a_story_is_of_one_account(demo: Path) -> None:
    assert run("replay", "123", "--story", "456", "--data", demo).exit_code == 2


# --- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--story", "123"]])
def test_damage_is_one_line(arguments: list[str], demo: Path) -> None:
    (file,) = journal_files(demo)
    flip(file, 100)
    message = refused("replay", *arguments, "--data", demo)
    assert message.startswith(f"Error: {file} is damaged at byte 54: ")


@pytest.mark.parametrize("arguments", [[], ["--story", "123"]])
def test_an_event_that_does_not_fit_is_one_line(arguments: list[str], demo: Path) -> None:
    write_events(demo, CardBlocked(START_US, "t", "123", "no-card", "roubo", "x"))
    result = run("replay", *arguments, "--data", demo)
    assert result.exit_code == 1
    assert "the record 14 does not fit those before it" in result.stderr
    assert len(result.stderr.splitlines()) == 1
