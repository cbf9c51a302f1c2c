"""Lines of a batch are read as they would be alone, whichever way they are read."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from authorizer.actors.purchases import Unreadable
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import OUTCOMES
from authorizer.http import transaction_body
from authorizer.http.batch_reading import UNIT, BatchReader, ReadLines, plainly
from tests.http.turns import Patient

BY = "me"


def read(lines: list[bytes]) -> ReadLines:
    return asyncio.run(BatchReader().read(lines, BY, cast(Any, Patient())))


def line(**members: Any) -> bytes:
    document = {"account": "1", "totalAmount": 10, "mcc": "5811", "merchant": "X"} | members
    return orjson.dumps({name: value for name, value in document.items() if value is not ...})


def as_alone(lines: list[bytes]) -> list[Any]:
    """What each line would be alone: its command, or the outcome that refuses it."""
    found = [transaction_body.parse(each, BY, (), 0) for each in lines]
    return [OUTCOMES[one.reason] if isinstance(one, Unreadable) else one for one in found]


def commands(found: ReadLines) -> list[Authorize]:
    """The purchases that were read, in their order."""
    accounts = {
        place: account for account, places in found.window.shares.items() for place in places
    }
    columns = found.window.purchases
    return [columns.command(place, accounts[place], BY, 0) for place in range(len(columns))]


def as_read(found: ReadLines) -> list[Any]:
    rest = iter(commands(found))
    return [found.unreadable.get(at) or next(rest) for at in range(len(found.heads))]


PLAIN = [
    b'{"id":"a","account":"1","totalAmount":10.00,"mcc":"5411","merchant":"LOJA X"}',
    b'{"id": "b", "account": "2", "totalAmount": 0.5, "mcc": "5812", "merchant": "\xc3\xa9"}',
    b'{"merchant":"X","mcc":"1","totalAmount":1e1,"account":" ","id":"c"}',
    b'{"account":"1","amount":10,"mcc":"5411","merchant":"LOJA X"}',
    b'{"accountId":"1","amount":10,"mcc":"5411","merchant":"LOJA X"}',
    b'{"account":"1","amount":9007199254740992,"mcc":"5411","merchant":"LOJA X"}',
]
ODD = [
    b"", b"{", b"}", b"{}", b"[]", b"null", b"7", b'"x"', b"\xff", b"},{", b'{"a":1},{"b":2}',
    b'{"account":[{}', b'{}],"account":"1","totalAmount":1,"mcc":"1","merchant":"1"}',
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"X"},{"a":1}',
    b'{"account":"1"', b'"totalAmount":10,"mcc":"5811","merchant":"X"}',
    (b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"X"},'
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"X"}'),
    b'{"account":"1","mcc":"5811","merchant":"X","id":"a"}',
    b'{"account":"1","totalAmount":10,"totalAmount":10,"mcc":"5811","merchant":"X","id":"a"}',
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"a\\u0000"}',
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"X","id":"a\\\\b"}',
    b'{"account":"1","account":"1","totalAmount":10,"mcc":"5811","merchant":"X"}',
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"X","id":"a","id":"a"}',
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"X","id":"a","note":"b"}',
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"X\\u0041"}',
    b'{"account":"1","totalAmount":10,"mcc":"5811","merchant":"\\ud800"}',
    b'{"id":"\xc3\xa9\\"","account":"1","totalAmount":10,"mcc":"5811","merchant":"X"}',
    b' {"account":"1","totalAmount":10,"mcc":"5811","merchant":"X"} ',
    b'{"account":"1","totalAmount":"10","mcc":"5811","merchant":"\\"totalAmount\\":9"}',
    b'{"account":"1","totalAmount":1e400,"mcc":"5811","merchant":"X"}',
    b'{"account":"1","totalAmount":true,"mcc":"5811","merchant":"X"}',
    line(id=None), line(card="c"), line(product="01"), line(product="09"), line(currency="BRL"),
    line(currency="USD"), line(id="a/b"), line(id=" "), line(mcc=7),
    line(id="a\x7fb"), line(id="a\x80b"), line(id="a\x9f"), line(id="\xa0b"), line(id="x" * 128),
    line(id="x" * 129), line(merchant="x" * 1024), line(merchant="x" * 1025), line(mcc=" "),
    line(account=""), line(account=7), line(totalAmount=0), line(totalAmount=-1),
    line(totalAmount=10.005), line(totalAmount=99.99999999999999999), line(Id="a"),
    line(amount=10), line(amount=11), line(accountId="1", account=...), line(id=["a"]),
    line(id={"a": "b"}),
]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PLAIN + ODD), min_size=1, max_size=6))
@example([b'{"account":[{}', b'{}],"account":"1","totalAmount":1,"mcc":"1","merchant":"1"}'])
@example([ODD[14], ODD[15], ODD[16]])
@example([ODD[17], ODD[18]])
@example([ODD[11], ODD[12], ODD[16]])
def test_every_line_is_read_as_it_would_be_alone(lines: list[bytes]) -> None:
    assert as_read(read(lines)) == as_alone(lines)


@settings(max_examples=300)
@given(
    st.lists(
        st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b",", b'"', b'"account":"1"', b" ",
                                  b'"totalAmount":1', b'"mcc":"1"', b'"merchant":"X"', b"{}"]))
        .map(b"".join),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_lines_that_are_no_objects_never_become_one_together(lines: list[bytes]) -> None:
    assert as_read(read(lines)) == as_alone(lines)


@pytest.mark.parametrize("one", PLAIN[:2] + PLAIN[3:])
@pytest.mark.parametrize("count", [1, UNIT])
def test_lines_that_are_alike_are_read_together(one: bytes, count: int) -> None:
    assert plainly([one] * count, BatchReader().cents) is not None


@pytest.mark.parametrize("odd", ODD[1:])
def test_one_that_is_not_as_the_others_has_all_read_one_by_one(odd: bytes) -> None:
    assert plainly([PLAIN[3], odd, PLAIN[3]], BatchReader().cents) is None


def test_shares_have_the_places_of_each_account_in_order() -> None:
    accounts = ["a", "b", "a", "c", "b"] * 60
    lines = [line(account=each, id=f"{place}") for place, each in enumerate(accounts)]
    lines[7] = line(account=accounts[7], id="7", card="k")
    found = read(lines)
    assert found.window.shares.keys() == set(accounts)
    assert all(places == sorted(places) for places in found.window.shares.values())
    made = [(one.account_id, one.transaction_id) for one in commands(found)]
    assert made == [(account, f"{place}") for place, account in enumerate(accounts)]


@pytest.mark.parametrize(
    ("members", "head"),
    [
        ({}, "{"),
        ({"id": "a b"}, '{"id":"a b",'),
        ({"id": "é"}, '{"id":"é",'),
        ({"id": 'a"\\'}, '{"id":"a\\"\\\\",'),
        ({"id": "x", "mcc": 7}, '{"id":"x",'),
        ({"id": "x" * 129}, "{"),
        ({"id": 7}, "{"),
        ({"id": None}, "{"),
    ],
)
def test_an_answer_begins_with_the_id_of_its_line(members: dict[str, Any], head: str) -> None:
    assert read([line(**members)]).heads == [head]


def test_the_amounts_that_are_kept_at_hand_are_bounded() -> None:
    cents = BatchReader().cents
    lines = [line(totalAmount=number + 0.5) for number in range(40_000)]
    for at in range(0, len(lines), UNIT):
        assert plainly(lines[at : at + UNIT], cents)
    assert len(cents) <= 16_384


def test_a_pause_is_made_where_reading_takes_long() -> None:
    turn = Patient(over=True)
    asyncio.run(BatchReader().read([line()] * (2 * UNIT) + [b"{"] * 3, BY, cast(Any, turn)))
    assert turn.pauses == 2 + 3
