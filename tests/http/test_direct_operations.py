"""Operations on purchases that go straight from the connection are answered as over ASGI."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from authorizer.domain.access import ApiKey, Role
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.purchase_commands import AuthorizeHold
from authorizer.followers.reports.client import NoReports
from authorizer.http.access.credentials import Credential, new_credential
from authorizer.http.api.endpoints import endpoints_of
from authorizer.http.authorizations import AuthorizationEndpoints
from authorizer.http.connection import protocol
from tests.support.builders import BY
from tests.support.house import House
from tests.support.wire import Site, Wire

NEW = b'{"id":"n","amount":2.00,"mcc":"5999","merchant":"LOJA X"}'
PATH = b"/accounts/a/authorizations"


def post(body: bytes = NEW, below: bytes = b"", *lines: bytes, path: bytes = PATH) -> bytes:
    head = b"POST %s%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
    more = b"".join(line + b"\r\n" for line in lines)
    return head % (path, below, len(body)) + more + b"\r\n" + body


RIGHT = {
    "hold": post(),
    "all members": post(
        NEW[:-1] + b',"card":null,"partial":true,"hold_hours":24.0,"product":"01"}'
    ),
    "escapes": post(rb' { "id": "n", "amount": 2, "mcc": "1", "merchant": "a\u00e7b" } '),
    "declined": post(NEW.replace(b"2.00", b"1000.00")),
    "unknown card": post(NEW[:-1] + b',"card":"k"}'),
    "another under the id": post(NEW.replace(b'"n"', b'"h"')),
    "increment": post(b'{"id":"i","amount":1}', b"/h/increments"),
    "capture": post(b'{"id":"c"}', b"/h/captures"),
    "a part": post(b'{"id":"c","amount":0.01,"final":false}', b"/h/captures"),
    "too much": post(b'{"id":"c","amount":90}', b"/h/captures"),
    "by force": post(b'{"id":"c","amount":90,"force":true,"mcc":"1"}', b"/new/captures"),
    "reversal": post(b'{"id":"r","amount":0.01}', b"/h/reversals"),
    "reversal of nothing": post(b'{"id":"r","if_unknown":"decline"}', b"/nothing/reversals"),
    "refund": post(b'{"id":"f"}', b"/h/refunds"),
    "unknown": post(b'{"id":"f"}', b"/nothing/refunds"),
    "own id": post(NEW, b"", b"X-Request-Id: mine"),
    "a key that means nothing here": post(NEW, b"", b"Idempotency-Key: k"),
    "a page of others": post(NEW, b"", b"Sec-Fetch-Site: cross-site"),
}
WRONG = {
    "no JSON": post(b"{"),
    "no object": post(b"[]"),
    "a member twice": post(NEW[:-1] + b',"id":"n"}'),
    "an unknown member": post(NEW[:-1] + b',"x":1}'),
    "a missing member": post(b'{"id":"n"}'),
    "a text for an amount": post(NEW.replace(b"2.00", b'"2.00"')),
    "half a centavo": post(NEW.replace(b"2.00", b"2.005")),
    "nothing": post(b""),
    "a blank id": post(NEW.replace(b'"n"', b'" "')),
    "too long": post(NEW + b" " * 65_536),
    "a query": post(NEW, b"?"),
    "an escape": post(NEW, path=b"/accounts/%61/authorizations"),
    "another call": post(b"{}", b"/h/other"),
    "another way": post(NEW).replace(b"POST", b"PUT"),
    "no such account": post(NEW, path=b"/accounts/b/authorizations"),
    "no end": post(NEW, b"/"),
    "in chunks": b"POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"%x\r\n%s\r\n0\r\n\r\n" % (PATH, len(NEW), NEW),
}


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await story()

    asyncio.run(told())


async def site(*, asgi: bool = False, house: House | None = None, **more: Any) -> Site:
    """An application, and an account with 100.00, of which 5.00 are held by `h`."""
    house = house or House()
    await house.open("a")
    hold = AuthorizeHold("a", "h", 5_00, "5999", "L", None, False, None, None, 0, BY)
    await house.done(house.dispatcher.ask(hold))
    endpoints = endpoints_of(AuthorizationEndpoints(house.dispatcher, NoReports()))
    return Site(house, asgi=asgi, endpoints=endpoints, **more)


async def both(request: bytes, **more: Any) -> tuple[Site, bytes]:
    """The site at which a request goes straight, asked twice, and the answers of both ways.

    What is journaled is the same, too.
    """
    straight = await site(**more)
    answered, records = [], []
    for here in (straight, await site(asgi=True, **more)):
        wire = here.connect()
        for _ in range(2):
            wire.send(request)
            await wire.answers()
        answered.append(await wire.answers())
        records.append(here.house.journal.records)
        assert here.in_flight.count == 0
    assert answered[0] == answered[1]
    assert records[0] == records[1]
    return straight, answered[0]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_one_goes_straight_and_is_answered_as_over_asgi(name: str) -> None:
    async def story() -> None:
        straight, answered = await both(RIGHT[name])
        assert straight.transactions.direct == 2
        assert answered.count(b"HTTP/1.1 ") == 2
        assert answered.count(b"\r\ncache-control: no-store\r\n") == 2

    run(story)


@pytest.mark.parametrize("name", WRONG)
def test_any_other_goes_over_asgi(name: str) -> None:
    async def story() -> None:
        straight, answered = await both(WRONG[name])
        assert straight.transactions.direct == 0
        assert answered.count(b"HTTP/1.1 ") >= 1

    run(story)


def key_of(role: Role) -> tuple[Credential, ApiKey]:
    credential = new_credential()
    return credential, ApiKey(credential.key_id, role, "", credential.digest, 0, None, None)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "request_bytes", [RIGHT["hold"], RIGHT["capture"], RIGHT["by force"], RIGHT["refund"]]
)
def test_who_may_ask_is_the_same(role: Role, request_bytes: bytes) -> None:
    async def story() -> None:
        credential, key = key_of(role)
        line = b"Authorization: Bearer %s\r\n\r\n" % str(credential).encode()
        straight, _ = await both(request_bytes.replace(b"\r\n\r\n", b"\r\n" + line), keys=(key,))
        assert straight.transactions.direct == 2

    run(story)


def test_without_a_key_nothing_moves() -> None:
    async def story() -> None:
        straight, answered = await both(RIGHT["capture"], keys=(key_of(Role.TERMINAL)[1],))
        assert answered.count(b"HTTP/1.1 401 Unauthorized\r\n") == 2
        assert await held(straight) == {"CASH": 5_00}

    run(story)


async def held(here: Site) -> dict[str, int]:
    answer: Any = await here.house.read("a")
    found: dict[str, int] = answer[1].held_cents
    return found


async def one(here: Site, request_bytes: bytes) -> tuple[Wire, bytes]:
    wire = here.connect()
    wire.send(request_bytes)
    return wire, await wire.answers()


def test_no_answer_leaves_before_it_is_durable() -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.send(RIGHT["capture"])
        await here.house.settle()
        assert (wire.transport.written, here.in_flight.count) == (b"", 1)
        here.house.commit()
        await here.house.settle()
        assert wire.transport.written.startswith(b"HTTP/1.1 201 Created\r\n")

    run(story)


def test_answers_come_in_the_order_of_the_requests() -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        wire.send(RIGHT["hold"], RIGHT["increment"], WRONG["no JSON"], RIGHT["capture"])
        answered = await wire.answers()
        assert re.findall(rb"HTTP/1\.1 (\d+)", answered) == [b"201", b"201", b"400", b"201"]

    run(story)


def test_more_in_flight_than_allowed_are_turned_away() -> None:
    async def story() -> None:
        here = await site(max_in_flight=1)
        first, second = here.connect(), here.connect()
        first.send(RIGHT["hold"])
        second.send(RIGHT["capture"])
        assert (await second.answers()).startswith(b"HTTP/1.1 503 ")
        assert (await first.answers()).startswith(b"HTTP/1.1 201 ")
        assert (here.transactions.direct, here.in_flight.count) == (1, 0)

    run(story)


def test_an_account_with_a_full_inbox_is_asked_over_asgi() -> None:
    async def story() -> None:
        here = await site(house=House(max_inbox=1))
        first, second = here.connect(), here.connect()
        first.send(RIGHT["hold"])
        second.send(RIGHT["capture"])
        assert here.transactions.direct == 1
        assert (await second.answers()).startswith(b"HTTP/1.1 201 "), "by then there is room"
        assert (await first.answers()).startswith(b"HTTP/1.1 201 ")

    run(story)


def test_an_account_that_is_to_begin_to_count_is_asked_over_asgi() -> None:
    async def story() -> None:
        here = await site()
        terms = LimitTerms("day", None, 10_00, None, LimitScope(), LimitMode.ENFORCE)
        here.house.around.context.policy.global_limits.terms = {"all": terms}
        counting = here.house.dispatcher.counting = Due()
        _, answered = await one(here, RIGHT["hold"])
        assert answered.startswith(b"HTTP/1.1 201 ")
        assert (here.transactions.direct, counting.waited) == (0, 1)

    run(story)


class Due:
    """Accounts are always about to begin to count."""

    waited = 0

    def is_due(self, _: Any) -> bool:
        return True

    def first(self, _: str, then: Callable[[], object]) -> None:
        then()

    async def wait(self, _: Any) -> None:
        self.waited += 1


def test_a_purchase_that_may_be_archived_is_looked_up_over_asgi() -> None:
    async def story() -> None:
        here = await site()
        recall = here.house.dispatcher.recall
        asked = []

        def may_be_archived(account_id: str, purchase_id: str | None) -> bool:
            asked.append((account_id, purchase_id))
            return True

        recall.may_be_archived = may_be_archived  # type: ignore[method-assign]
        _, answered = await one(here, RIGHT["hold"])
        assert answered.startswith(b"HTTP/1.1 201 ")
        assert (here.transactions.direct, asked[0]) == (0, ("a", "n"))

    run(story)


@pytest.mark.parametrize("where", ["in the access", "in the actor", "around it", "in the answer"])
def test_a_bug_is_503_and_the_connection_goes_on(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    async def story() -> None:
        here = await site()
        wire = here.connect()
        actor = here.house.dispatcher.accounts.find("a")
        with monkeypatch.context() as patched:
            if where == "in the access":
                patched.setattr("authorizer.http.access.control.Access.admit", _raise)
            elif where == "in the actor":
                patched.setattr(actor, "_handle_command", _raise)
            elif where == "around it":
                patched.setattr(actor, "on_receive", _raise)
            else:
                patched.setattr("authorizer.http.direct_operations.purchase_document", _raise)
            wire.send(RIGHT["hold"])
            answered = await wire.answers()
        assert answered.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b'"detail":"this cannot be answered now"' in answered
        wire.send(RIGHT["increment"])
        assert b"HTTP/1.1 201 Created\r\n" in await wire.answers()
        assert (here.transactions.direct, here.in_flight.count) == (2, 0)

    run(story)


def test_a_bug_in_one_answer_takes_no_other_one_along(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        here = await site()
        first, second = here.connect(), here.connect()
        monkeypatch.setattr(first.transport, "write", _raise)
        first.send(RIGHT["hold"])
        second.send(RIGHT["increment"])
        assert (await second.answers()).startswith(b"HTTP/1.1 201 ")
        assert here.in_flight.count == 0

    run(story)


def test_a_client_that_leaves_before_the_answer_disturbs_nobody() -> None:
    async def story() -> None:
        here = await site()
        left, stays = here.connect(), here.connect()
        left.send(RIGHT["capture"])
        stays.send(RIGHT["hold"])
        await left.leave()
        assert (await stays.answers()).startswith(b"HTTP/1.1 201 ")
        assert (left.transport.written, here.in_flight.count) == (b"", 0)
        assert await held(here) == {"CASH": 2_00}, "what it asked for is done"

    run(story)


def _raise(*_: Any, **__: Any) -> Any:
    raise RuntimeError("on purpose")


@pytest.mark.parametrize("asgi", [False, True])
@pytest.mark.parametrize(
    ("name", "is_late"), [("hold", True), ("increment", True), ("capture", False)]
)
def test_what_has_waited_to_be_read_for_longer_than_the_deadline_is_declined(
    name: str, is_late: bool, asgi: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system knows for how long. What was approved may be captured however late."""

    async def story() -> None:
        here = await site(asgi=asgi)
        monkeypatch.setattr(time, "monotonic_ns", lambda: here.house.monotonic_ns)
        monkeypatch.setattr(protocol, "unread_ns", lambda _: 1_000_000_000)
        wire = here.connect()
        wire.send(RIGHT[name])
        answer = await wire.answers()
        assert (b'"reason":"too_late"' in answer) == is_late
        assert (b'"code":"07"' in answer) == is_late

    run(story)
