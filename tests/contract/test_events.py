"""`/events`: everything that has happened, gapless, once; a page at a time or live."""

from __future__ import annotations

import http.client
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from authorizer.http import event_streams
from tests.support.client import Client, path_of
from tests.support.documents import customer, decode, purchase
from tests.support.processes import children, is_gone
from tests.support.server import ALONE, PATIENT, MakeServer, Server, running
from tests.support.waiting import PATIENCE_S, until

NewId = Callable[[], str]
EVENTS = "/events"
STREAM = {"Accept": "text/event-stream"}
SECRETS = ("Maria Silva", "maria@example.com", "12345678900", "+55 11 91234-5678")


@pytest.fixture(scope="module")
def quiet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: of the shared one there would be thousands of events."""
    with running(tmp_path_factory.mktemp("events"), *ALONE) as server:
        yield server


@pytest.fixture
def client(quiet_server: Server) -> Client:
    return quiet_server.client


def page(client: Client, **query: str) -> Any:
    answer = client.get(EVENTS, **query)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def all_events(client: Client, **query: str) -> list[Any]:
    """Every event, page by page, each once."""
    found: list[Any] = []
    after = "0"
    while True:
        got = page(client, **{"after": after, "limit": "7", **query})
        found += got["events"]
        if got["next"] == got["durable"]["position"]:
            return found
        assert got["next"] > int(after)
        after = str(got["next"])


def end(client: Client) -> int:
    return int(page(client, limit="1")["durable"]["position"])


class Stream:
    """A stream of events as a browser reads it."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def block(self) -> dict[str, str]:
        """The next block of lines; no line where the stream has ended."""
        found: dict[str, str] = {}
        while (line := self._response.readline().decode()) not in ("\n", ""):
            name, _, value = line.rstrip("\n").partition(": ")
            found[name] = value
        return found

    def event(self) -> tuple[str, Any]:
        """The next event: its id, its document."""
        while "data" not in (found := self.block()):
            assert found, "the stream has ended"
        return found["id"], decode(found["data"].encode())


@contextmanager
def listening(client: Client, path: str = EVENTS, **headers: str) -> Iterator[Stream]:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE_S)
    own = {"Authorization": f"Bearer {client.key}"} if client.key else {}
    connection.request("GET", path, headers={**STREAM, **own, **headers})
    response = connection.getresponse()
    try:
        assert response.status == 200, response.read()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        yield Stream(response)
    finally:
        response.close()
        connection.close()


def test_everything_is_told_once_in_order_and_without_gaps(client: Client, new_id: NewId) -> None:
    account = client.open_account(new_id(), FOOD="10.00")
    assert client.authorize(purchase(account, "1.50")).code == "00"
    found = all_events(client)
    assert [event["position"] for event in found] == list(range(1, len(found) + 1))
    own = [event for event in found if event.get("account") == account]
    assert [event["type"] for event in own] == ["account_opened", "transaction_approved"]
    assert str(own[1]["data"]["amount"]) == "1.50"
    assert own[1]["at"].endswith("Z")


def test_the_end_of_a_page_is_what_health_says(client: Client) -> None:
    told = page(client, limit="1")
    health = client.get("/health").json()
    assert told["durable"]["position"] <= health["position"]
    if told["durable"]["position"] == health["position"]:
        assert told["durable"]["head"] == health["head"]


def test_whoever_asks_after_the_end_is_told_nothing_and_to_ask_there_again(client: Client) -> None:
    last = end(client)
    told = page(client, after=str(last))
    assert told["next"] >= last
    assert all(event["position"] > last for event in told["events"])


def test_events_are_picked_by_type_and_by_account(client: Client, new_id: NewId) -> None:
    last = end(client)
    one, other = (client.open_account(new_id(), CASH="9.00") for _ in range(2))
    for account in (one, other, one):
        assert client.authorize(purchase(account, "1.00")).code == "00"
    of_one = all_events(client, account=one)
    assert [event["type"] for event in of_one] == ["account_opened", *["transaction_approved"] * 2]
    opened = page(client, after=str(last), types="account_opened,card_opened", limit="100")
    assert {one, other} <= {event["account"] for event in opened["events"]}
    assert {event["type"] for event in opened["events"]} == {"account_opened"}
    assert all_events(client, account=one, types="card_opened") == []


def test_no_personal_text_is_told(client: Client, new_id: NewId) -> None:
    name, email, cpf, phone = SECRETS
    document = customer(new_id()) | {"nome": name, "email": email, "cpf": cpf, "telefone": phone}
    assert client.put_customer(document).status == 201
    ticket = {"assunto": name, "descricao": email, "categoria": "senha", "canal": "App"}
    opened = client.post(path_of("clientes", document["cliente_id"], "chamados"), ticket)
    assert opened.status == 201
    text = str(all_events(client))
    assert opened.json()["protocolo"] in text
    assert document["cliente_id"] in text
    for secret in SECRETS:
        assert secret not in text


@pytest.mark.parametrize(
    "query",
    [
        {"after": "-1"},
        {"after": "x"},
        {"after": str(10**18)},
        {"limit": "0"},
        {"limit": "1001"},
        {"types": "no_such_event"},
        {"types": "account_opened,"},
        {"types": ""},
        {"account": ""},
        {"before": "1"},
    ],
    ids=str,
)
def test_a_query_that_cant_be_taken_is_named(client: Client, query: dict[str, str]) -> None:
    answer = client.get(EVENTS, **query)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


def test_limite_is_limit(client: Client) -> None:
    assert len(page(client, limite="1")["events"]) == 1


def test_a_position_that_there_never_was_is_a_conflict(client: Client) -> None:
    """Whoever followed a journal that was restored to an earlier time must hear of it."""
    answer = client.get(EVENTS, after=str(10**17))
    assert answer.status == 409
    assert "ends at position" in answer.json()["detail"]
    again = client.send("GET", EVENTS, headers={**STREAM, "Last-Event-ID": str(10**17)})
    assert again.status == 409


def test_the_end_is_no_position_that_there_never_was(make_server: MakeServer) -> None:
    server = make_server(*ALONE).start()
    last = end(server.client)
    assert server.client.get(EVENTS, after=str(last)).json()["events"] == []
    assert server.client.get(EVENTS, after=str(last + 1)).status == 409


def test_a_live_stream_tells_what_happens(client: Client, new_id: NewId) -> None:
    last = end(client)
    account = new_id()
    with listening(client, f"{EVENTS}?after={last}&account={account}") as stream:
        begun = stream.block()
        assert (begun["retry"], "data" in begun) == ("1000", False)
        client.open_account(account, CASH="5.00")
        position, told = stream.event()
        assert (told["type"], told["account"]) == ("account_opened", account)
        assert int(position) == told["position"] > last
        assert client.authorize(purchase(account, "1.00")).code == "00"
        again, told = stream.event()
        assert told["type"] == "transaction_approved"
    later = f"{EVENTS}?account={account}&after={again}"  # what was heard goes before it
    with listening(client, later, **{"Last-Event-ID": position}) as stream:
        assert stream.event()[0] == again
    with listening(client, f"{EVENTS}?account={account}") as stream:
        assert stream.event()[0] == position


def test_a_stream_ends_after_as_many_as_were_asked_for(client: Client, new_id: NewId) -> None:
    client.open_account(new_id(), CASH="5.00")  # the second event, where it is the first test
    answer = client.send("GET", f"{EVENTS}?limit=2", headers=STREAM)
    assert answer.body.count(b"data: ") == answer.body.count(b"\n\n") == 2
    assert answer.body.startswith(b"retry: 1000\nid: 1\ndata: ")


def test_a_stream_that_picks_tells_how_far_it_has_looked(client: Client, new_id: NewId) -> None:
    last = end(client)
    with listening(client, f"{EVENTS}?after={last}&types=merchant_removed") as stream:
        client.open_account(new_id(), CASH="5.00")
        position = 0
        while position <= last:
            found = stream.block()
            assert "data" not in found
            position = int(found.get("id", "0"))


@pytest.mark.parametrize("said", ["x", "-1", "1" * 19, "1.5", "1, 2"])
def test_a_last_event_that_is_no_position_is_named(client: Client, said: str) -> None:
    answer = client.send("GET", EVENTS, headers={**STREAM, "Last-Event-ID": said})
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["Last-Event-ID"]


def test_whoever_wants_json_is_not_asked_for_the_last_event(client: Client) -> None:
    answer = client.send("GET", f"{EVENTS}?limit=1", headers={"Last-Event-ID": "x"})
    assert answer.status == 200
    assert answer.json()["events"][0]["position"] == 1


def test_head_of_a_stream_ends_at_once(client: Client) -> None:
    answer = client.send("HEAD", EVENTS, headers=STREAM)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_streams_are_bounded(make_server: MakeServer) -> None:
    server = make_server().start()
    client = server.client
    open_streams: list[Any] = []
    try:
        for _ in range(event_streams.MAX_STREAMS):
            stream = listening(client)
            open_streams.append(stream)
            stream.__enter__().block()
        refused = client.send("GET", EVENTS, headers=STREAM)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert client.get(EVENTS).status == 200
        open_streams.pop().__exit__(None, None, None)
        until(lambda: _has_room(client))
    finally:
        for stream in open_streams:
            stream.__exit__(None, None, None)


def _has_room(client: Client) -> bool:
    try:
        with listening(client):
            return True
    except AssertionError:
        return False


def test_a_client_that_leaves_is_not_counted(make_server: MakeServer) -> None:
    """A quiet stream writes nothing for a long time, so its client is not missed by that."""
    client = make_server(*ALONE).start().client
    with listening(client, f"{EVENTS}?types=merchant_removed") as stream:
        stream.block()
        assert _open_streams(client) == 1
    until(lambda: _open_streams(client) == 0)


def _open_streams(client: Client) -> int:
    metrics = client.get("/metrics").body.decode()
    (found,) = re.findall(r"^authorizer_event_streams (\S+)$", metrics, re.MULTILINE)
    return int(float(found))


def test_a_document_with_a_time_at_the_edge_of_time_is_told(client: Client, new_id: NewId) -> None:
    operation = {"tipo": "bloqueio", "cartao_id": "q", "data": "9999-12-31T23:59:59-03:00"}
    document = customer(new_id()) | {"historico_operacoes": [operation]}
    last = end(client)
    assert client.put_customer(document).status == 201
    imported = page(client, after=str(last), types="operations_imported", limit="1000")["events"]
    (told,) = [one for one in imported if one["data"]["customer_id"] == document["cliente_id"]]
    assert told["data"]["operations"][0]["at"] == operation["data"]


def test_a_drain_ends_the_streams(make_server: MakeServer) -> None:
    server = make_server().start()
    with listening(server.client) as stream:
        stream.block()
        server.terminate()
        while stream.block():
            pass
    assert server.wait_end() == 0


def test_what_was_told_is_there_after_a_kill(make_server: MakeServer, new_id: NewId) -> None:
    server = make_server(*PATIENT).start()
    account = server.client.open_account(new_id(), CASH="9.00")
    for _ in range(5):
        assert server.client.authorize(purchase(account, "1.00")).code == "00"
    before = all_events(server.client)
    server.kill()
    server.start()
    after = all_events(server.client)
    assert after[: len(before)] == before
    assert [event["position"] for event in after] == list(range(1, len(after) + 1))


def test_a_process_that_was_killed_is_started_again(make_server: MakeServer) -> None:
    server = make_server(*ALONE).start()
    assert children(server.process.pid) == [], "there is none until somebody asks"
    before = all_events(server.client)
    (process,) = children(server.process.pid)
    os.kill(process, signal.SIGKILL)
    until(lambda: server.client.get(EVENTS).status == 200)
    assert all_events(server.client)[: len(before)] == before
    assert children(server.process.pid) != [process]


def test_the_process_ends_with_its_server(make_server: MakeServer) -> None:
    server = make_server(*ALONE).start()
    end(server.client)
    (process,) = children(server.process.pid)
    server.kill()
    until(lambda: is_gone(process))
