"""The request id: echoed where it is sound, made where it is not, on every answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.client import Answer, Client
from tests.support.documents import encode, purchase

NewId = Callable[[], str]

CALLS = [
    ("POST", "/transactions", encode(purchase("nobody", "1.00"))),
    ("POST", "/transactions", b"{"),
    ("POST", "/transactions", b" " * 65_537),
    ("GET", "/transactions", b""),
    ("GET", "/health", b""),
    ("GET", "/metrics", b""),
    ("GET", "/merchants", b""),
    ("GET", "/accounts/nobody", b""),
    ("PUT", "/accounts/nobody", b"{"),
    ("PUT", "/accounts/nobody", b"[]"),
    ("PUT", "/accounts/nobody", b" " * 65_537),
    ("GET", "/nothing", b""),
    ("DELETE", "/health", b""),
]
"""Answers of every kind: 200, 07, 400, 404, 405, 413, 422."""


def send(client: Client, call: tuple[str, str, bytes], request_id: str | None) -> Answer:
    method, path, body = call
    return client.send(method, path, body, {"X-Request-Id": request_id} if request_id else {})


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]} {len(call[2])}")
def test_every_answer_carries_the_id_of_its_request(
    client: Client, call: tuple[str, str, bytes]
) -> None:
    assert send(client, call, "abc-1").headers["x-request-id"] == "abc-1"
    made = {send(client, call, None).headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    for request_id in made:
        assert 1 <= len(request_id) <= 128


@pytest.mark.parametrize("request_id", ["a", "x" * 128, "!~", 'a"b\\c<d>'])
@pytest.mark.parametrize("call", [CALLS[0], CALLS[4]], ids=["transaction", "health"])
def test_1_to_128_visible_ascii_characters_are_echoed(
    client: Client, call: tuple[str, str, bytes], request_id: str
) -> None:
    assert send(client, call, request_id).headers["x-request-id"] == request_id


@pytest.mark.parametrize("request_id", ["x" * 129, "a b", "a\tb", "caf\u00e9", "\x7f"])
@pytest.mark.parametrize("call", [CALLS[0], CALLS[4]], ids=["transaction", "health"])
def test_anything_else_is_replaced(
    client: Client, call: tuple[str, str, bytes], request_id: str
) -> None:
    answer = send(client, call, request_id)
    if answer.status == 400:
        return  # the HTTP parser itself refuses some control characters in a header
    made = answer.headers["x-request-id"]
    assert made != request_id
    assert re.fullmatch("[!-~]{1,128}", made)
