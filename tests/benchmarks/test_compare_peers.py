"""Every peer of `make compare` decides alike, and keeps what it has answered."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.compare.peer import Kind, MissingError, Peer, Running
from benchmarks.compare.postgresql import PostgreSQL
from benchmarks.compare.purchases import APPROVED, INSUFFICIENT, REFUSED, read
from benchmarks.compare.pykka_threads import MOST_ACCOUNTS, Pykka
from benchmarks.compare.registry import PEERS
from benchmarks.compare.sqlite_groups import SQLite
from benchmarks.journals import MERCHANT
from benchmarks.wrk import FIRST_ACCOUNT
from tests.support.documents import Document, Number, encode
from tests.support.server import Server
from tests.support.together import Request, send_together

DECIDING = [
    *(peer for peer in PEERS if peer.kind in {Kind.ONE, Kind.GATHERED}),
    SQLite(Kind.OWN_FRONT),
]
ACCOUNTS = 3
FIRST, SECOND, THIRD = (str(FIRST_ACCOUNT + number) for number in range(ACCOUNTS))
UNTOUCHED = {"FOOD": 100_00, "MEAL": 10_000_000_00, "CASH": 100_00}


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that other users may pass through, as PostgreSQL's has to be."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as made:
        yield Path(made) / "peer"


def installed(peer: Peer) -> Peer:
    """The peer. Where its program is missing the test is skipped; in CI that is a failure."""
    try:
        peer.settings()
    except MissingError as missing:
        if "CI" in os.environ:
            raise
        pytest.skip(str(missing))
    return peer


def purchase(account: str, amount: str, mcc: str, purchase_id: str | None = None) -> Document:
    named = {} if purchase_id is None else {"id": purchase_id}
    fields = {"account": account, "totalAmount": Number(amount), "mcc": mcc, "merchant": MERCHANT}
    return {**named, **fields}


def answer(server: Server, document: Document) -> str:
    return server.client.authorize(document).code


def balances(server: Server, account: str) -> dict[str, int]:
    return {
        name: int(cents) for name, cents in server.client.get(f"/accounts/{account}").json().items()
    }


def together(server: Server, documents: list[Document]) -> Counter[str]:
    """How often each code came to requests that were sent at once."""
    sent = [Request("POST", "/transactions", encode(document)) for document in documents]
    answers = send_together(server.port, sent)
    return Counter(one.code for one in answers if one is not None)


@pytest.mark.parametrize("peer", DECIDING, ids=lambda peer: peer.name)
def test_every_peer_decides_alike_and_keeps_its_answers_over_kill_9(
    peer: Peer, folder: Path
) -> None:
    with installed(peer).start(folder, ACCOUNTS) as running:
        assert set(running.processes) >= {running.pid}
        decides_by_the_table(running.server)
        loses_no_money_to_concurrency(running.server)
        kill(running)
    with peer.start(folder, ACCOUNTS) as running:
        server = running.server
        assert balances(server, FIRST) == {**UNTOUCHED, "FOOD": 30_00, "CASH": 49_50}
        assert balances(server, SECOND) == {**UNTOUCHED, "FOOD": 10_00, "CASH": 10_00}
        assert answer(server, purchase(FIRST, "60.00", "5411", "food")) == APPROVED
        assert answer(server, purchase(FIRST, "500.00", "5411", "much")) == INSUFFICIENT
        assert balances(server, FIRST) == {**UNTOUCHED, "FOOD": 30_00, "CASH": 49_50}


def decides_by_the_table(server: Server) -> None:
    """On the first account."""
    table = [
        (purchase(FIRST, "60.00", "5411", "food"), APPROVED),  # FOOD, and 40.00 are left
        (purchase(FIRST, "60.00", "5411", "food"), APPROVED),  # again: nothing moves
        (purchase(FIRST, "60.01", "5411", "food"), REFUSED),  # the id with another amount
        (purchase(FIRST, "50.00", "5412"), APPROVED),  # CASH, for FOOD does not cover it
        (purchase(FIRST, "0.50", "9999"), APPROVED),  # CASH, for no wallet has this MCC
        (purchase(FIRST, "49.51", "9999"), INSUFFICIENT),
        (purchase(FIRST, "500.00", "5411", "much"), INSUFFICIENT),
        (purchase(FIRST, "500.00", "5411", "much"), INSUFFICIENT),
        (purchase(FIRST, "10.00", "5411"), APPROVED),
        (purchase("1", "10.00", "5411", "nobody's"), REFUSED),
        (purchase(FIRST, "0.00", "5411"), REFUSED),
        (purchase(FIRST, "1.001", "5411"), REFUSED),
        ({"account": FIRST}, REFUSED),
    ]
    assert [answer(server, document) for document, _ in table] == [code for _, code in table]
    assert balances(server, FIRST) == {**UNTOUCHED, "FOOD": 30_00, "CASH": 49_50}


def loses_no_money_to_concurrency(server: Server) -> None:
    """On the second account many at once, with ids and without; on the third one, many times."""
    many = [
        purchase(SECOND, "30.00", "5411", None if number % 2 else f"one of {number}")
        for number in range(40)
    ]
    assert together(server, many) == {APPROVED: 6, INSUFFICIENT: 34}
    assert balances(server, SECOND) == {**UNTOUCHED, "FOOD": 10_00, "CASH": 10_00}
    again = [purchase(THIRD, "5.00", "5811", "the same")] * 20
    plain = [purchase(THIRD, "1.00", "5811")] * 20
    assert together(server, [*again, *plain]) == {APPROVED: 40}
    assert balances(server, THIRD) == {**UNTOUCHED, "MEAL": 10_000_000_00 - 25_00}


def kill(running: Running) -> None:
    running.kill()
    running.server.kill()


def test_a_thread_an_account_is_not_tried_for_a_million(folder: Path) -> None:
    with (
        pytest.raises(MissingError, match="1,000,000 threads"),
        Pykka().start(folder, 1_000_000),
    ):
        pass
    assert MOST_ACCOUNTS >= 1000


def test_where_a_program_is_missing_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.compare.postgresql.programs", lambda: None)
    with pytest.raises(MissingError, match="Debian's package"):
        PostgreSQL(Kind.ONE).settings()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"account":"1","totalAmount":1,"mcc":"5411"}',
        b'{"account":" ","totalAmount":1,"mcc":"5411","merchant":"M"}',
        b'{"account":1,"totalAmount":1,"mcc":"5411","merchant":"M"}',
        b'{"account":"1","totalAmount":"1","mcc":"5411","merchant":"M"}',
        b'{"account":"1","totalAmount":true,"mcc":"5411","merchant":"M"}',
        b'{"account":"1","totalAmount":-1,"mcc":"5411","merchant":"M"}',
        b'{"account":"1","totalAmount":0.001,"mcc":"5411","merchant":"M"}',
        b'{"account":"1","totalAmount":1e300,"mcc":"5411","merchant":"M"}',
        b'{"account":"1","totalAmount":1,"mcc":"5411","merchant":"M","id":7}',
    ],
)
def test_what_is_malformed_is_no_purchase(body: bytes) -> None:
    assert read(body) is None


def test_a_purchase_is_read_to_the_centavo() -> None:
    found = read(b'{"account":"1","totalAmount":9999.99,"mcc":"5812","merchant":"M","x":1}')
    assert found == ("1", None, 999_999, "5812", "M", "MEAL")
