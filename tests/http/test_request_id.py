"""A request id, in and out."""

from __future__ import annotations

import re

import pytest

from authorizer.http.connection.request_id import RequestIds

IDS = RequestIds(lambda count: bytes(range(count)))
OURS = re.compile(rb"[0-9a-f]{12}-[0-9a-f]+")


@pytest.mark.parametrize("given", [b"a", b"req-1", b"~!", b"x" * 128, b"00-4bf92f35-01"])
def test_a_clients_own_id_is_taken_over_as_it_is(given: bytes) -> None:
    headers = [(b"host", b"h"), (b"x-request-id", given)]
    assert IDS.of(headers) == given


@pytest.mark.parametrize(
    "given", [b"", b" ", b"a b", b"x" * 129, b"a\r\nb", b"a\n", "é".encode(), b"\x00", b"\x7f"]
)
def test_one_that_is_not_fit_is_replaced_by_one_of_ours(given: bytes) -> None:
    assert OURS.fullmatch(IDS.of([(b"x-request-id", given)]))


def test_without_one_each_request_gets_one_of_its_own() -> None:
    ids = [IDS.of([(b"host", b"h")]) for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(OURS.fullmatch(identity) for identity in ids)


def test_of_two_ids_the_first_counts() -> None:
    assert IDS.of([(b"x-request-id", b"one"), (b"x-request-id", b"two")]) == b"one"
    bad_first = IDS.of([(b"x-request-id", b"a b"), (b"x-request-id", b"two")])
    assert OURS.fullmatch(bad_first)
