"""`POST /transactions/batch`: a line each, decided as alone, answered in order."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import Document, card, customer, encode, purchase
from tests.support.server import ALONE, MakeServer, Server
from tests.support.waiting import PATIENCE_S, until

NewId = Callable[[], str]
PATH = "/transactions/batch"
MEDIA_TYPE = "application/x-ndjson"


@pytest.fixture
def account(client: Client, new_id: NewId) -> str:
    """An account with 100.00 in each wallet."""
    return client.open_account(new_id(), FOOD="100.00", MEAL="100.00", CASH="100.00")


def send(client: Client, *lines: bytes | Document, end: bytes = b"\n") -> Answer:
    encoded = [line if isinstance(line, bytes) else encode(line) for line in lines]
    body = b"".join(line + end for line in encoded)
    return client.send("POST", PATH, body, {"Content-Type": MEDIA_TYPE})


def told(answer: Answer | bytes) -> list[Document]:
    """The lines of an answer; each ends with a line feed."""
    body = answer if isinstance(answer, bytes) else answer.body
    assert body == b"" or body.endswith(b"\n")
    return [json.loads(line) for line in body.splitlines()]


def reasons(answer: Answer | bytes) -> list[str]:
    return [line["reason"] for line in told(answer)]


# --- answers -------------------------------------------------------------------------------------


def test_every_line_is_answered_in_its_order_with_its_id(client: Client, account: str) -> None:
    answer = send(
        client,
        purchase(account, "60.00", id="1"),
        purchase(account, "60.00"),
        purchase(account, "60.00", id="3"),
        purchase("nobody", "1.00", id="4"),
    )
    assert answer.status == 200
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert told(answer) == [
        {"id": "1", "code": "00", "reason": "approved"},
        {"code": "00", "reason": "approved"},
        {"id": "3", "code": "51", "reason": "insufficient_funds"},
        {"id": "4", "code": "07", "reason": "account_not_found"},
    ]
    assert client.balances(account) == {"FOOD": "40.00", "MEAL": "100.00", "CASH": "40.00"}


def test_an_id_that_is_known_gets_its_answer_again(client: Client, account: str) -> None:
    assert client.authorize(purchase(account, "10.00", id="alone")).code == "00"
    line = purchase(account, "10.00", id="twice")
    answer = send(client, line, line, purchase(account, "11.00", id="twice"),
                  purchase(account, "10.00", id="alone"))  # fmt: skip
    assert reasons(answer) == ["approved", "approved", "duplicate_mismatch", "approved"]
    assert client.balances(account)["FOOD"] == "80.00"
    again = client.authorize(line)
    assert (again.code, again.replayed) == ("00", True)
    assert send(client, line).body == b'{"id":"twice","code":"00","reason":"approved"}\n'


def test_ids_are_written_as_json(client: Client, account: str) -> None:
    ids = ['a "b" \\c', "é\u2028\N{SLICE OF PIZZA}", "&<>'", "x" * 128]
    answer = send(client, *[purchase(account, "1.00", id=each) for each in ids])
    assert [line["id"] for line in told(answer)] == ids
    with_card = [purchase(account, "1.00", id=f"{each}!"[:128], card="k") for each in ids]
    assert [line["id"] for line in told(send(client, *with_card))] == [
        line["id"] for line in with_card
    ]


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
def test_the_content_type_is_not_looked_at(
    client: Client, account: str, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = encode(purchase(account, "1.00")) + b"\n"
    assert reasons(client.send("POST", PATH, body, headers)) == ["approved"]


def test_the_requests_id_is_answered(client: Client, account: str) -> None:
    body = encode(purchase(account, "1.00"))
    answer = client.send("POST", PATH, body, {"X-Request-Id": "mine"})
    assert answer.headers["x-request-id"] == "mine"


# --- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b"\n \t\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_however_lines_end(client: Client, account: str, end: bytes, last: bool) -> None:
    lines = [encode(purchase(account, "1.00", id=f"{end!r}{last}{number}")) for number in range(3)]
    body = end.join(lines) + (end if last else b"")
    answer = client.send("POST", PATH, body)
    assert reasons(answer) == ["approved"] * 3
    assert client.balances(account)["FOOD"] == "97.00"


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n \n"])
def test_where_there_is_no_line_there_is_no_answer(client: Client, body: bytes) -> None:
    answer = client.send("POST", PATH, body)
    assert (answer.status, answer.body) == (200, b"")


def faulty(account: str) -> list[bytes]:
    """Lines that are answered 07, each for a reason of its own; and a good one after each."""
    good = purchase(account, "0.01")
    bad: list[bytes | Document] = [
        b"{", b"[]", b"null", b"x", b"\xff\xfe", b"\xef\xbb\xbf{}", b"{} {}", b"{}",
        encode(good) + b",", b"[" + encode(good) + b"]", b" " * 65_600 + b"x",
        encode(good)[:-1] + b" " * 65_536 + b"}", encode(good)[:-1],
        good | {"account": None}, good | {"account": ""}, good | {"mcc": 5811},
        good | {"merchant": "a\0b"}, good | {"merchant": "x" * 1025}, good | {"id": "a/b"},
        good | {"id": ""}, good | {"id": "x" * 129}, good | {"Id": "a"}, good | {"currency": "USD"},
        good | {"totalAmount": "1.00"}, good | {"totalAmount": 0}, good | {"totalAmount": -1},
        good | {"totalAmount": 10.005}, good | {"amount": 3}, good | {"accountId": "other"},
        good | {"product": "09"}, good | {"card": "none"}, good | {"account": "nobody"},
        encode(good)[:-1] + b',"mcc":"5411"}', encode(good)[:-1] + b',"totalAmount":1e400}',
        b"[" * 600 + b"]" * 600, good | {"totalAmount": 1000},
    ]  # fmt: skip
    lines = [line if isinstance(line, bytes) else encode(line) for line in bad]
    return [line for each in lines for line in (each, encode(good))]


def test_a_line_that_is_wrong_is_answered_as_it_would_be_alone_and_the_rest_go_on(
    client: Client, account: str
) -> None:
    lines = faulty(account)
    answer = send(client, *lines)
    alone = [client.send("POST", "/transactions", line) for line in lines]
    assert reasons(answer) == [one.reason for one in alone]
    assert [line["code"] for line in told(answer)] == [one.code for one in alone]
    assert client.balances(account)["FOOD"] == f"{100 - 2 * 36 * 0.01:.2f}"


def test_the_id_of_a_wrong_line_is_told_where_it_can_be_read(client: Client, account: str) -> None:
    answer = send(
        client,
        purchase(account, "0", id="a"),
        purchase(account, "1", id="b", mcc=""),
        purchase(account, "1", id="x" * 129),
        purchase(account, "1", id=7),
    )
    assert [line.get("id") for line in told(answer)] == ["a", "b", None, None]


# --- one batch and many requests are the same ----------------------------------------------------


def random_lines(random: Random, names: Sequence[str], count: int) -> list[bytes]:
    """Purchases of all kinds on some accounts; ids come again, with other fields too."""
    found = []
    for _ in range(count):
        line = purchase(
            random.choice(names),
            f"{random.choice([0.01, 1, 7.5, 30, 120]):.2f}",
            mcc=random.choice(["5411", "5812", "5999"]),
            merchant=random.choice(["LOJA X", "UBER EATS SAO PAULO", "BAR \N{BEER MUG}"]),
        )
        if random.random() < 0.7:
            line["id"] = f"id-{random.randrange(count // 2)}"
        if random.random() < 0.15:
            line["card"] = random.choice([f"{line['account']}-card", "none"])
        if random.random() < 0.1:
            line["product"] = random.choice(["01", "05"])
        found.append(encode(line))
        if random.random() < 0.05:
            found.append(random.choice([b"{", b'{"id":"z"}', b"[1]"]))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_batch_decides_as_the_same_purchases_one_by_one(
    client: Client, new_id: NewId, seed: int
) -> None:
    """On accounts with wallets, cards, holds, limits and a status of their own."""
    random, base = Random(seed), new_id()
    sides = []
    for side in "xy":
        names = [f"{side}-{base}-{number}" for number in range(6)]
        for number, name in enumerate(names):
            client.open_account(name, FOOD="200.00", MEAL="100.00", CASH="300.00")
            if number == 1:
                body = {"id": "h", "amount": 50, "mcc": "5411", "merchant": "X"}
                assert client.post(f"/accounts/{name}/authorizations", body).status == 201
            if number == 2:
                limit = {"window": "day", "max_count": 9, "max_amount": 200}
                assert client.put(f"/accounts/{name}/limits/l", limit).status == 201
            if number == 3:
                client.put(f"/accounts/{name}/status", {"status": "frozen", "reason": "r"})
            if number == 4:
                owner = customer(f"{name}-owner", card(f"{name}-card", "500.00"), conta=name)
                assert client.put_customer(owner).status == 201
        sides.append(names)
    together = random_lines(random, sides[0], 400)
    apart = [line.replace(b'"x-', b'"y-') for line in together]
    answers = told(send(client, *together))
    alone = [client.send("POST", "/transactions", line) for line in apart]
    assert [(one["code"], one["reason"]) for one in answers] == [
        (one.code, one.reason) for one in alone
    ]
    for one, other in zip(*sides, strict=True):
        assert client.balances(one) == client.balances(other)
    assert len({one["reason"] for one in answers}) >= 8


# --- bounds --------------------------------------------------------------------------------------


def test_ten_thousand_lines_are_taken_and_one_more_ends_the_batch(
    client: Client, account: str
) -> None:
    lines = [encode(purchase(account, "0.01")) + b"\n"] * 10_001
    answer = client.send("POST", PATH, b"".join(lines[:-1]))
    assert reasons(answer) == ["approved"] * 10_000
    answer = client.send("POST", PATH, b"".join(lines))
    assert reasons(answer) == ["approved"] * 10_000 + ["batch_too_long"]
    assert told(answer)[-1] == {"code": "07", "reason": "batch_too_long"}
    assert client.balances(account) == {"FOOD": "0.00", "MEAL": "100.00", "CASH": "0.00"}


def test_a_body_that_says_to_be_too_long_is_413_and_nothing_is_decided(
    client: Client, account: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE_S)
    try:
        connection.putrequest("POST", PATH)
        connection.putheader("Content-Length", str((4 << 20) + 1))
        connection.endheaders(encode(purchase(account, "1.00")) + b"\n")
        response = connection.getresponse()
        assert response.status == 413
        assert response.headers["content-type"] == "application/problem+json"
    finally:
        connection.close()
    assert client.balances(account)["FOOD"] == "100.00"


def test_what_came_of_a_body_that_gets_too_long_stands_and_a_last_line_says_so(
    client: Client, account: str
) -> None:
    line = encode(purchase(account, "0.01"))
    body = (line + b" " * (60_000 - len(line)) + b"\n") * 80
    with chunked(client) as (write, connection):
        write(body)
        answer = rest_of(connection)
    assert reasons(answer) == ["approved"] * ((4 << 20) // 60_001) + ["batch_too_long"]
    assert client.balances(account)["FOOD"] == f"{100 - ((4 << 20) // 60_001) / 100:.2f}"


def test_a_key_for_the_whole_batch_is_refused(client: Client, account: str) -> None:
    body = encode(purchase(account, "1.00"))
    answer = client.send("POST", PATH, body, {"Idempotency-Key": "k"})
    assert answer.status == 422
    assert client.balances(account)["FOOD"] == "100.00"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_405(client: Client, method: str) -> None:
    answer = client.send(method, PATH)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


# --- a stream ------------------------------------------------------------------------------------

Write = Callable[[bytes], None]


@contextmanager
def chunked(client: Client, *headers: str) -> Iterator[tuple[Write, socket.socket]]:
    """A batch whose body is written in chunks, on a connection of its own."""
    head = "".join(f"{line}\r\n" for line in ("Transfer-Encoding: chunked", *headers))
    with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode())

        def write(part: bytes) -> None:
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))

        yield write, connection


def read_until(connection: socket.socket, mark: bytes, came: bytes = b"") -> bytes:
    while mark not in came:
        part = connection.recv(65_536)
        assert part, came
        came += part
    return came


def rest_of(connection: socket.socket, came: bytes = b"") -> bytes:
    """The body of an answer in chunks, of which this much has been read."""
    came = read_until(connection, b"\r\n0\r\n\r\n", came)
    body, found = came.partition(b"\r\n\r\n")[2], b""
    while body != b"0\r\n\r\n":
        size, _, body = body.partition(b"\r\n")
        found, body = found + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return found


def test_lines_are_answered_while_others_are_still_to_come(client: Client, account: str) -> None:
    with chunked(client) as (write, connection):
        line = encode(purchase(account, "1.00", id="first"))
        write(line[:20])
        write(line[20:] + b"\n" + encode(purchase(account, "1.00", id="second"))[:-5])
        came = read_until(connection, b"approved")
        assert b"first" in came
        assert b"second" not in came
        write(b'ABC"}')
        connection.sendall(b"0\r\n\r\n")
        assert reasons(rest_of(connection, came)) == ["approved"] * 2


def test_a_body_may_come_byte_by_byte(client: Client, account: str) -> None:
    body = b"\r\n".join(encode(purchase(account, "1.00", id=f"b{n}")) for n in range(3))
    with chunked(client) as (write, connection):
        for at in range(len(body)):
            write(body[at : at + 1])
        connection.sendall(b"0\r\n\r\n")
        assert reasons(rest_of(connection)) == ["approved"] * 3


def test_a_client_that_waits_to_be_told_to_go_on_is_told(client: Client, account: str) -> None:
    with chunked(client, "Expect: 100-continue") as (write, connection):
        came = read_until(connection, b"\r\n\r\n")
        assert came == b"HTTP/1.1 100 Continue\r\n\r\n"
        write(encode(purchase(account, "1.00")))
        connection.sendall(b"0\r\n\r\n")
        assert reasons(rest_of(connection)) == ["approved"]


def test_the_next_request_of_the_connection_is_answered(client: Client, account: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE_S)
    try:
        for path in (PATH, "/transactions", PATH):
            connection.request("POST", path, encode(purchase(account, "1.00")))
            assert b'"code":"00"' in connection.getresponse().read()
    finally:
        connection.close()


def test_an_old_client_gets_the_answer_in_one_piece(client: Client, account: str) -> None:
    body = encode(purchase(account, "1.00")) + b"\n"
    with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S) as connection:
        head = f"POST {PATH} HTTP/1.0\r\nContent-Length: {2 * len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body * 2)
        came = b""
        while part := connection.recv(65_536):
            came += part
    head_came, _, answer = came.partition(b"\r\n\r\n")
    assert f"content-length: {len(answer)}".encode() in head_came.lower()
    assert reasons(answer) == ["approved"] * 2


def test_a_client_that_leaves_has_its_whole_lines_decided_and_no_half_one(
    client: Client, account: str
) -> None:
    """Half a line may be a purchase of its own: of 1.00, where 1.00 was to be 1.005."""
    whole = encode(purchase(account, "1.00", id="whole"))
    with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 10000\r\n\r\n"
        connection.sendall(head.encode() + whole + b"\n" + encode(purchase(account, "2.00")))
        read_until(connection, b"approved")
    until(lambda: under_way(client) == 0, "over")
    assert client.balances(account)["FOOD"] == "99.00"
    assert client.authorize(purchase(account, "1.00", id="whole")).replayed


def under_way(client: Client) -> float:
    return metric(client, "authorizer_batches_under_way")


def metric(client: Client, name: str) -> float:
    lines = client.get("/metrics").body.decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def test_a_client_that_reads_nothing_is_in_nobodys_way(make_server: MakeServer) -> None:
    """It sends everything, and reads it in the end; the answers lie ready in the system."""
    client = make_server(*ALONE).start().client
    client.open_account("a", CASH="1000.00")
    body = b"".join(encode(purchase("a", "0.01", id=f"{n:0>128}")) + b"\n" for n in range(10_000))
    with socket.create_connection(("127.0.0.1", client.port), PATIENCE_S) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        until(lambda: metric(client, "authorizer_batch_lines_total") == 10_000, "all decided")
        assert client.authorize(purchase("a", "0.01")).code == "00"
        assert reasons(rest_of(connection)) == ["approved"] * 10_000
    until(lambda: under_way(client) == 0, "answered")


def test_batches_are_counted(make_server: MakeServer) -> None:
    client = make_server(*ALONE).start().client
    client.open_account("a", CASH="1.00")
    send(client, purchase("a", "1.00"), purchase("a", "1.00"), b"{")
    assert metric(client, "authorizer_batches_total") == 1
    assert metric(client, "authorizer_batch_lines_total") == 3
    decided = (
        'authorizer_decisions_total{code="00",reason="approved",replayed="false",wallet="CASH"}'
    )
    assert metric(client, decided) == 1


def test_one_batch_too_many_is_503(server: Server, account: str) -> None:
    client, connections = server.client, list[Any]()
    try:
        for _ in range(32):
            connection = socket.create_connection(("127.0.0.1", client.port), PATIENCE_S)
            connections.append(connection)
            head = f"POST {PATH} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 5000\r\n\r\n"
            connection.sendall(head.encode())
        until(lambda: under_way(client) == 32, "under way")
        answer = send(client, purchase(account, "1.00"))
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    finally:
        for connection in connections:
            connection.close()
    until(lambda: under_way(client) == 0, "over")
    assert reasons(send(client, purchase(account, "1.00"))) == ["approved"]
