"""Errors: the proper status, and a problem document (RFC 9457), whatever the bytes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.client import Answer, Client
from tests.support.documents import card, customer, encode
from tests.support.waiting import PATIENCE_S

NewId = Callable[[], str]

BODIES = [
    ("PUT", "/accounts/{id}"),
    ("POST", "/accounts/{id}/credits"),
    ("PUT", "/merchants"),
    ("PUT", "/clientes/{id}"),
    ("POST", "/cartoes/{id}/bloqueio"),
    ("POST", "/cartoes/{id}/desbloqueio"),
]
"""Every call with a body, the transaction endpoints apart; {id} is replaced by a known id."""
ELSEWHERE: dict[str, tuple[set[str], set[str]]] = {
    "/accounts/{id}": ({"balances"}, {"balances.FOOD"}),
    "/clientes/{id}": (set(), {"cpf", "nome"}),
}
"""Members that are not told as wrong themselves, and what else is: a member's own, missing ones."""


@pytest.fixture
def known(client: Client, new_id: NewId) -> str:
    """One id that names a customer, an account and a card."""
    name = new_id()
    assert client.put_customer(customer(name, card(name))).status == 201
    return name


def is_problem(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert isinstance(problem["type"], str)
    assert isinstance(problem["title"], str)
    assert problem["title"]
    assert isinstance(problem.get("detail", ""), str)


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/accounts", "/clientes/", "/accounts/a/b", "/%00", "/a%0d%0a"],
)
def test_an_unknown_path_is_404(client: Client, path: str) -> None:
    is_problem(client.get(path), 404)


@pytest.mark.parametrize("path", ["/%ff", "/accounts/%ff", "/clientes/%c3%28"])
def test_a_path_that_is_no_utf_8_is_400(client: Client, path: str) -> None:
    is_problem(client.get(path), 400)


def test_a_document_with_a_member_twice_is_400(client: Client, new_id: NewId) -> None:
    account = new_id()
    assert client.put(f"/accounts/{account}", {}).status == 201
    body = b'{"id": "c", "category": "FOOD", "amount": 1, "amount": 2}'
    is_problem(client.send("POST", f"/accounts/{account}/credits", body), 400)


def test_a_declared_length_over_64_kib_is_413_before_the_bytes_come(client: Client) -> None:
    is_problem(client.send("PUT", "/merchants", b"{}", {"Content-Length": "65537"}), 413)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/accounts/a", {"GET", "PUT"}),
        ("GET", "/accounts/a/credits", {"POST"}),
        ("POST", "/merchants", {"GET", "PUT", "DELETE"}),
        ("DELETE", "/clientes/a", {"GET", "PUT"}),
        ("PUT", "/cartoes/a", {"GET"}),
        ("GET", "/cartoes/a/bloqueio", {"POST"}),
        ("GET", "/cartoes/a/desbloqueio", {"POST"}),
        ("POST", "/cartoes/a/limite", {"GET", "PUT"}),
        ("POST", "/health", {"GET"}),
        ("POST", "/metrics", {"GET"}),
    ],
)
def test_a_wrong_method_is_405_and_says_what_is_allowed(
    client: Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = client.send(method, path)
    is_problem(answer, 405)
    assert {name.strip() for name in answer.headers["allow"].split(",")} - {"HEAD"} == allowed


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b'{"a":NaN}',
        b'{"a":01}',
        b"\xff\xfe",
        b'"\xc3\x28"',
        b'"\\ud800"',
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_json_is_400(
    client: Client, known: str, method: str, path: str, body: bytes
) -> None:
    """So is one that is nested deeper than the parser follows."""
    is_problem(client.send(method, path.format(id=known), body), 400)


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.parametrize("document", [[], 5, "x", None, True])
def test_a_body_that_is_no_object_is_422(
    client: Client, known: str, method: str, path: str, document: object
) -> None:
    answer = client.send(method, path.format(id=known), encode(document))
    is_problem(answer, 422)


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_wrong_fields_are_listed(client: Client, known: str, method: str, path: str) -> None:
    """Every member that is wrong, unknown or missing is named, and what is wrong with it."""
    wrong = {
        "balances": {"FOOD": "much"},
        "id": 5,
        "category": 5,
        "amount": "much",
        "name": 5,
        "mcc": 5,
        "cliente_id": 5,
        "motivo": 5,
        "canal": 5,
        "justificativa": 5,
    }
    answer = client.send(method, path.format(id=known), encode(wrong))
    is_problem(answer, 422)
    errors = answer.json()["errors"]
    inside, others = ELSEWHERE.get(path, (set(), set()))
    assert {error["field"] for error in errors} == wrong.keys() - inside | others
    for error in errors:
        assert set(error) == {"field", "message"}
        assert error["message"]


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_a_body_over_64_kib_is_413(client: Client, known: str, method: str, path: str) -> None:
    target = path.format(id=known)
    is_problem(client.send(method, target, b" " * 65_537), 413)
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    headers = {"Transfer-Encoding": "chunked"}
    is_problem(client.send(method, target, chunk * 17 + b"0\r\n\r\n", headers), 413)


def test_a_body_of_64_kib_is_read(client: Client, new_id: NewId) -> None:
    body = b'{"balances":{"FOOD":1.00}}'
    body += b" " * (65_536 - len(body))
    assert client.send("PUT", f"/accounts/{new_id()}", body).status == 201


# --- whatever the bytes ----------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("account", "accountId", "totalAmount", "amount", "mcc", "merchant", "id"),
                    *("card", "balances", "category", "name", "FOOD", "cliente_id", "nome", "cpf"),
                    *("cartoes", "cartao_id", "status", "historico_operacoes", "tipo", "data"),
                    *("motivo", "canal", "justificativa", "limite_total", "conta"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
ANY_BODY = st.binary(max_size=64) | JSON.map(encode)


@pytest.mark.parametrize(("method", "path"), [*BODIES, ("POST", "/transactions")])
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=ANY_BODY)
def test_no_body_causes_a_server_error(
    client: Client, known: str, method: str, path: str, body: bytes
) -> None:
    answer = client.send(method, path.format(id=known), body)
    if path == "/transactions":
        assert (answer.status, answer.code) in ((200, "00"), (200, "51"), (200, "07"))
    elif not is_json(body):
        is_problem(answer, 400)
    elif answer.status >= 300:
        is_problem(answer, answer.status)
        assert answer.status in (409, 422)


def is_json(body: bytes) -> bool:
    """Whether a body is what RFC 8259 calls a JSON text, with no member twice."""
    try:
        json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError:
        return False
    return True


def _no_constant(word: str) -> object:
    raise ValueError(word)


def _once(members: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(members)) < len(members):
        raise ValueError("a member twice")
    return dict(members)


def connect(client: Client) -> socket.socket:
    return socket.create_connection((client.host, client.port), timeout=PATIENCE_S)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /transactions HTTP/1.1\r\nHost: [::1]\r\nContent-Length: -1\r\n\r\n",
        b"POST /transactions HTTP/1.1\r\nHost: [::1]\r\nContent-Length: ten\r\n\r\n{}",
        b"POST /transactions HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /accounts/\xff\xfe HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
        b"GET /accounts/%zz HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
        b"GET /health HTTP/1.0\r\nHost: [::1]\r\nX-Request-Id: \xff\xfe\r\n\r\n",
        b"GET /clientes/a?b=%ff&c=%00 HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
        b"GET /cartoes/a/limite?canal=%ff HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_broken_requests_are_no_server_error(client: Client, sent: bytes) -> None:
    with connect(client) as peer:
        peer.sendall(sent)
        received = b"".join(iter(lambda: peer.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 ")
    assert received.split(b" ", 2)[1] < b"500", received[:200]
    assert b"Traceback" not in received


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"POST /transactions HT",
        b"POST /transactions HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 50\r\n\r\n{",
        b"POST /transactions HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"PUT /accounts/a HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 50\r\n\r\n{",
    ],
    ids=lambda sent: repr(sent[-20:]),
)
def test_a_request_that_is_broken_off_harms_nobody(client: Client, sent: bytes) -> None:
    with connect(client) as peer:
        peer.sendall(sent)
    assert client.get("/health").status == 200
    assert client.get("/accounts/a").status == 404


@pytest.mark.parametrize("path", ["/clientes/nobody", "/clientes", "/cartoes/none", "/nothing"])
def test_no_cache_keeps_an_answer(client: Client, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-store"


def test_a_page_of_the_documentation_may_be_kept(client: Client) -> None:
    assert client.get("/docs").headers["cache-control"] == "no-cache"
