"""Requests for one account that arrive together: one at a time, each affordable one approved."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event, Thread

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import Document, Number, card, customer, encode, money, purchase
from tests.support.server import Server
from tests.support.together import (
    Connection,
    Request,
    close_connections,
    open_connections,
    send_together,
)

NewId = Callable[[], str]


def together(server: Server, transactions: Sequence[Document]) -> list[Answer]:
    """Send all at once; every one must be answered."""
    requests = [Request("POST", "/transactions", encode(each)) for each in transactions]
    received = send_together(server.port, requests)
    answers = [answer for answer in received if answer is not None]
    assert len(answers) == len(transactions)
    return answers


def codes(answers: Sequence[Answer]) -> dict[str, int]:
    return dict(Counter(answer.code for answer in answers))


def test_of_1000_purchases_with_money_for_400_exactly_400_are_approved(
    server: Server, client: Client, new_id: NewId
) -> None:
    account = client.open_account(new_id(), FOOD="400.00", MEAL="0.00", CASH="0.00")
    answers = together(server, [purchase(account, "1.00")] * 1000)
    assert codes(answers) == {"00": 400, "51": 600}
    assert client.balances(account)["FOOD"] == "0.00"


def test_sources_that_run_out_together_pay_exactly_what_they_hold(
    server: Server, client: Client, new_id: NewId
) -> None:
    """FOOD pays 100, MEAL 100, and both fall back to the one CASH, then to the one card."""
    account = client.open_account(new_id(), FOOD="100.00", MEAL="100.00", CASH="100.00")
    card_id = new_id()
    document = customer(new_id(), card(card_id, "100.00"), conta=account)
    assert client.put_customer(document).status == 201
    transactions = [
        purchase(account, "1.00", mcc=mcc, card=card_id) for mcc in ("5411", "5811")
    ] * 300
    assert codes(together(server, transactions)) == {"00": 400, "51": 200}
    assert set(client.balances(account).values()) == {"0.00"}
    assert client.card(card_id)["limite_disponivel"] == money("0.00")


def test_copies_of_one_id_in_flight_together_debit_once(
    server: Server, client: Client, new_id: NewId
) -> None:
    account = client.open_account(new_id(), FOOD="100.00")
    answers = together(server, [purchase(account, "10.00", id="one")] * 200)
    assert codes(answers) == {"00": 200}
    assert sum(not answer.replayed for answer in answers) == 1
    assert client.balances(account)["FOOD"] == "90.00"


def test_different_fields_in_flight_under_one_id_debit_once(
    server: Server, client: Client, new_id: NewId
) -> None:
    account = client.open_account(new_id(), FOOD="1000.00")
    transactions = [purchase(account, f"{number}.00", id="one") for number in range(1, 51)]
    answers = together(server, transactions)
    assert codes(answers) == {"00": 1, "07": 49}
    assert {answer.reason for answer in answers} == {"approved", "duplicate_mismatch"}
    paid = next(n for n, answer in enumerate(answers, 1) if answer.code == "00")
    assert client.balances(account)["FOOD"] == f"{1000 - paid}.00"


def test_copies_of_one_credit_in_flight_together_count_once(
    server: Server, client: Client, new_id: NewId
) -> None:
    account = client.open_account(new_id(), FOOD="0.00")
    body = encode({"id": "c", "category": "FOOD", "amount": Number("5.00")})
    answers = send_together(
        server.port, [Request("POST", f"/accounts/{account}/credits", body)] * 50
    )
    assert Counter(answer and answer.status for answer in answers) == {201: 1, 200: 49}
    assert client.balances(account)["FOOD"] == "5.00"


def test_copies_of_one_opening_in_flight_together_open_once(
    server: Server, client: Client, new_id: NewId
) -> None:
    account = new_id()
    body = encode({"balances": {"FOOD": money("5.00")}})
    answers = send_together(server.port, [Request("PUT", f"/accounts/{account}", body)] * 50)
    assert Counter(answer and answer.status for answer in answers) == {201: 1, 200: 49}
    assert client.balances(account) == {"FOOD": "5.00"}


def test_copies_of_one_customer_in_flight_together_are_one_customer(
    server: Server, client: Client, new_id: NewId
) -> None:
    document = customer(new_id(), card(new_id()))
    path = f"/clientes/{document['cliente_id']}"
    answers = send_together(server.port, [Request("PUT", path, encode(document))] * 20)
    assert Counter(answer and answer.status for answer in answers) == {201: 1, 200: 19}
    assert client.customer(document["cliente_id"]) == document


def test_customers_that_claim_one_card_together_share_it_never(
    server: Server, client: Client, new_id: NewId
) -> None:
    contested = new_id()
    documents = [customer(new_id(), card(new_id()), card(contested)) for _ in range(20)]
    answers = send_together(
        server.port,
        [Request("PUT", f"/clientes/{one['cliente_id']}", encode(one)) for one in documents],
    )
    assert Counter(answer and answer.status for answer in answers) == {201: 1, 409: 19}
    for document, answer in zip(documents, answers, strict=True):
        status = client.get(f"/clientes/{document['cliente_id']}").status
        assert status == (200 if answer and answer.status == 201 else 404)


# --- a block against purchases ---------------------------------------------------------------


class Buyer(Thread):
    """Buys with one card, one purchase after the other, until it is told to stop."""

    def __init__(self, client: Client, account: str, card_id: str, blocked: Event) -> None:
        super().__init__()
        self.approved = 0
        self.approved_after_block = 0
        self.started_buying = Event()
        self.stop = Event()
        self._client = client
        self._transaction = purchase(account, "1.00", card=card_id)
        self._blocked = blocked

    def run(self) -> None:
        while not self.stop.is_set():
            sent_after_block = self._blocked.is_set()
            if self._client.authorize(self._transaction).code == "00":
                self.approved += 1
                self.approved_after_block += sent_after_block
                self.started_buying.set()


@pytest.mark.parametrize("motive", ["roubo", "perda", "clonagem", "em_analise", "outro"])
def test_no_purchase_is_approved_after_the_block_was_answered(
    client: Client, new_id: NewId, motive: str
) -> None:
    account = card_id = new_id()
    assert client.put_customer(customer(account, card(card_id, "1000000.00"))).status == 201
    blocked = Event()
    buyers = [Buyer(client, account, card_id, blocked) for _ in range(4)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        assert buyer.started_buying.wait(60)
    answer = client.post(f"/cartoes/{card_id}/bloqueio", {"motivo": motive, "canal": "App"})
    blocked.set()
    used_at_block = client.card(card_id)["limite_utilizado"]
    for _ in range(20):
        assert client.authorize(purchase(account, "1.00", card=card_id)).code == "07"
    for buyer in buyers:
        buyer.stop.set()
        buyer.join()
    assert answer.status == 200
    assert sum(buyer.approved_after_block for buyer in buyers) == 0
    approved = sum(buyer.approved for buyer in buyers)
    assert client.card(card_id)["limite_utilizado"] == used_at_block == money(f"{approved}.00")


class Race:
    """Fifty connections that buy with one card without a pause, and one that ends the card.

    One thread sends and reads everything, so what came before what is beyond doubt.
    """

    def __init__(self, account: str, card_id: str, ending: Request) -> None:
        self.approved = 0
        self.approved_after_the_end = 0
        self.declined = 0
        self._ending = ending
        self._ended = False
        self._well_on = asyncio.Event()
        self._transaction = Request(
            "POST", "/transactions", encode(purchase(account, "1.00", card=card_id))
        )

    async def run(self, port: int) -> Answer | None:
        """The answer to what ended the card."""
        connections = await open_connections(port, 51)
        try:
            buyers = [asyncio.create_task(self._buy(one)) for one in connections[1:]]
            await self._well_on.wait()
            answer = await connections[0].exchange(self._ending)
            self._ended = True
            await asyncio.gather(*buyers)
        finally:
            await close_connections(connections)
        return answer

    async def _buy(self, connection: Connection) -> None:
        declined = 0
        while declined < 5:
            sent_after_the_end = self._ended
            answer = await connection.exchange(self._transaction)
            assert answer is not None
            if answer.code == "00":
                self.approved += 1
                self.approved_after_the_end += sent_after_the_end
                if self.approved == 50:
                    self._well_on.set()
            else:
                assert answer.reason == "card_blocked"
                declined += 1
        self.declined += declined


@pytest.mark.parametrize("ending", ["bloqueio", "substituicao"])
def test_many_buyers_race_the_end_of_a_card_and_none_wins_after_it(
    server: Server, client: Client, new_id: NewId, ending: str
) -> None:
    account = card_id = new_id()
    assert client.put_customer(customer(account, card(card_id, "1000000.00"))).status == 201
    document = {"motivo": "roubo", "canal": "App"}
    race = Race(account, card_id, Request("POST", f"/cartoes/{card_id}/{ending}", encode(document)))
    answer = asyncio.run(race.run(server.port))
    assert answer is not None
    used_at_the_end = answer.spelled()["limite_utilizado"]
    assert race.approved_after_the_end == 0
    assert race.declined == 250
    assert used_at_the_end == money(f"{race.approved}.00")
    last = answer.spelled()["cartao_id"]
    assert client.card(last)["limite_utilizado"] == used_at_the_end
