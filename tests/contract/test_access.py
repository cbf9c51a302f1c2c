"""API keys over HTTP: who is let in, what the others are told, and who did what."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.api_keys import ROLES, key_per_role, new_key, revoke
from tests.support.client import Answer, Client
from tests.support.documents import encode, purchase
from tests.support.server import ALONE, PATIENT, MakeServer, Server
from tests.support.waiting import PATIENCE_S, until


class Keyed:
    """A server with one key for each role."""

    def __init__(self, server: Server, keys: dict[str, str]) -> None:
        self.server = server
        self.keys = keys

    def client(self, role: str | None) -> Client:
        return Client(self.server.port, key=self.keys[role] if role else None)


@contextmanager
def keyed(server: Server) -> Iterator[Keyed]:
    keys = key_per_role(server)
    try:
        yield Keyed(server.start(), keys)
    finally:
        server.end()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    with keyed(Server(tmp_path_factory.mktemp("keyed"), PATIENT)) as made:
        yield made


def assert_problem(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.headers["x-request-id"]


# --- what is answered --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/transactions", "/transaction", "/authorize", "/metrics"])
def test_without_a_key_there_is_a_challenge(house: Keyed, path: str) -> None:
    method = "GET" if path == "/metrics" else "POST"
    answer = house.client(None).send(method, path, encode(purchase("a", "1.00")))
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="authorizer"'
    assert "authorizer-reason" not in answer.headers


@pytest.mark.parametrize("path", ["/transactions", "/metrics"])
def test_an_unknown_key_is_an_invalid_token(house: Keyed, path: str) -> None:
    method = "GET" if path == "/metrics" else "POST"
    wrong = house.keys["operador"][:-1] + ("0" if house.keys["operador"][-1] != "0" else "1")
    for key in ("nonsense", wrong):
        answer = Client(house.server.port, key=key).send(method, path, b"{}")
        assert_problem(answer, 401)
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_another_role_is_forbidden(house: Keyed) -> None:
    answer = house.client("terminal").get("/accounts/a")
    assert_problem(answer, 403)
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert_problem(house.client("operador").post("/transactions", purchase("a", "1.00")), 403)


def test_head_needs_a_key_too(house: Keyed) -> None:
    assert house.client(None).send("HEAD", "/metrics").status == 401
    assert house.client("auditor").send("HEAD", "/metrics").status == 200


def test_health_is_for_everybody(house: Keyed) -> None:
    assert house.client(None).get("/health").status == 200


def test_a_transaction_that_is_let_in_is_always_200(house: Keyed) -> None:
    account = house.client("operador").open_account("t1", FOOD="5.00")
    till = house.client("terminal")
    bought = till.authorize(purchase(account, "5.00", mcc="5411"))
    assert (bought.code, bought.reason) == ("00", "approved")
    assert till.authorize(purchase(account, "5.00", mcc="5411")).code == "51"
    assert till.send("POST", "/transactions", b"{").status == 200
    assert_problem(till.send("GET", "/accounts/t1"), 403)


def test_a_denied_purchase_moves_nothing(house: Keyed) -> None:
    operator = house.client("operador")
    operator.open_account("t2", FOOD="5.00")
    for role in (None, "atendente", "operador", "auditor"):
        answer = house.client(role).post("/transactions", purchase("t2", "5.00", mcc="5411"))
        assert answer.status == (403 if role else 401)
    assert operator.balances("t2")["FOOD"] == "5.00"


def test_a_denied_request_leaves_the_connection_usable(house: Keyed) -> None:
    """Its body, read by nobody, is not taken for the next request."""
    connection = http.client.HTTPConnection("127.0.0.1", house.server.port, timeout=PATIENCE_S)
    for _ in range(2):
        connection.request("POST", "/transactions", b"x" * 60_000)
        answer = connection.getresponse()
        assert (answer.status, answer.read()[:1]) == (401, b"{")
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_no_key_is_ever_in_the_log(house: Keyed) -> None:
    for role in ROLES:
        house.client(role).get("/accounts/none")
        house.client(role).post("/transactions", purchase("none", "1.00"))
    log = house.server.log_path.read_text(encoding="utf-8")
    stored = (house.server.data / "access" / "api-keys.json").read_text(encoding="utf-8")
    for key in house.keys.values():
        secret = key.rsplit("_", 1)[1]
        assert secret not in log
        assert secret not in stored


# --- while the server runs ---------------------------------------------------------------------


def test_the_first_key_closes_the_house_and_a_revoked_key_opens_nothing(
    make_server: MakeServer,
) -> None:
    server = make_server(*ALONE).start()
    anybody = server.client
    anybody.open_account("a", FOOD="9.00")
    assert server.logs("anybody on this machine may do anything")

    key = new_key(server.data, "terminal")
    until(lambda: anybody.get("/accounts/a").status == 401)
    till = Client(server.port, key=key)
    assert till.authorize(purchase("a", "1.00", mcc="5411")).code == "00"
    assert anybody.post("/transactions", purchase("a", "1.00")).status == 401

    revoke(server.data, key)
    until(lambda: till.post("/transactions", {}).status == 401)
    answer = till.post("/transactions", purchase("a", "1.00"))
    assert "was revoked" in answer.json()["detail"]
    assert anybody.get("/accounts/a").status == 401, "all keys revoked is not no keys"

    operator = Client(server.port, key=new_key(server.data, "operador"))
    until(lambda: operator.get("/accounts/a").status == 200)
    assert operator.balances("a")["FOOD"] == "8.00"

    server.stop()
    server.start()
    assert server.client.get("/accounts/a").status == 401
    operator.port = server.port
    assert operator.balances("a")["FOOD"] == "8.00"


def test_keys_stay_in_force_when_their_file_is_damaged_or_gone(make_server: MakeServer) -> None:
    server = make_server(*ALONE)
    key = new_key(server.data, "operador")
    server.start()
    file = server.data / "access" / "api-keys.json"
    operator = Client(server.port, key=key)

    def told(problem: str) -> bool:
        return problem in server.log_path.read_text(encoding="utf-8")

    file.write_bytes(file.read_bytes()[:50])
    until(lambda: told("api-keys.json is damaged"))
    assert operator.get("/merchants").status == 200
    assert server.client.get("/merchants").status == 401
    file.unlink()
    until(lambda: told("api-keys.json is gone"))
    assert operator.get("/merchants").status == 200
    assert server.client.get("/merchants").status == 401


# --- other addresses ---------------------------------------------------------------------------


def test_any_address_may_be_bound_once_there_is_an_active_key(make_server: MakeServer) -> None:
    server = make_server("--host", "0.0.0.0", *ALONE)
    expired, active = (new_key(server.data, "operador") for _ in range(2))
    file = server.data / "access" / "api-keys.json"
    lines = file.read_text(encoding="utf-8")
    past = '"expires_at": "2020-01-01T00:00:00Z"'
    file.write_text(lines.replace('"expires_at": null', past, 1), encoding="utf-8")
    server.start()
    assert "it is not encrypted" in server.log()
    assert server.client.get("/merchants").status == 401
    assert Client(server.port, key=active).get("/merchants").status == 200
    answer = Client(server.port, key=expired).get("/merchants")
    assert_problem(answer, 401)
    assert "has expired" in answer.json()["detail"]


# --- rates -------------------------------------------------------------------------------------


def test_a_key_may_ask_so_often_and_transactions_as_often_as_they_like(
    tmp_path: Path,
) -> None:
    flags = (*PATIENT, "--rate-limit-per-second", "1", "--rate-limit-burst", "10")
    with keyed(Server(tmp_path / "rate", flags)) as house:
        operator, till = house.client("operador"), house.client("terminal")
        operator.open_account("a", FOOD="100.00")
        answers = [operator.get("/accounts/a")]
        while answers[-1].status == 200 and len(answers) < 1000:
            answers.append(operator.get("/accounts/a"))
        assert len(answers) >= 10, "a burst is let in whole"
        assert_problem(answers[-1], 429)
        assert answers[-1].headers["retry-after"] == "1"
        assert house.client("auditor").get("/accounts/a").status == 200
        codes = {till.authorize(purchase("a", "0.01", mcc="5411")).code for _ in range(60)}
        assert codes == {"00"}
        metrics = house.client("auditor").get("/metrics").body.decode()
        assert 'authorizer_requests_denied_total{status="429"} 1.0' in metrics
