"""The way in for purchases, without HTTP: bounds, the guard against bugs, counts, and the seam."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from authorizer.actors.admission import DOUBTFUL_NS, Admission
from authorizer.actors.purchases import Answer, InFlight, Parse, Purchases, Unreadable
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import Outcome, Reason
from tests.support.builders import BY
from tests.support.house import House

MS = 1_000_000
DEADLINE_NS = 80 * MS


class Till:
    """A front end: keeps its answers."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def set(self, answer: Answer, /) -> None:
        self.answers.append(answer)

    @property
    def reasons(self) -> list[Reason]:
        return [answer.reason for answer in self.answers]


class Counter:
    """The way in over a house with the account `a`, which has 100.00."""

    def __init__(self, house: House, most: int = 1000) -> None:
        self.house = house
        self.bugs: list[BaseException] = []
        self.admission = Admission(DEADLINE_NS, lambda: 0)
        call_soon = asyncio.get_running_loop().call_soon
        self.purchases = Purchases(
            house.dispatcher,
            self.admission,
            InFlight(most),
            house.clock,
            call_soon,
            self.bugs.append,
        )

    def submit(self, reply: Any, parse: Parse | None = None, *, waited_ns: int = 0) -> None:
        received_ns = self.house.monotonic_ns - waited_ns
        self.purchases.submit(parse or one_real, reply, received_ns)

    async def answered(self) -> None:
        """Let all be answered that will be."""
        await self.house.settle()
        while self.house.commit():
            await self.house.settle()

    @property
    def counted(self) -> dict[Reason, int]:
        counts: dict[Reason, int] = {}
        for outcome, count in self.purchases.counts.outcomes.items():
            counts[outcome.reason] = counts.get(outcome.reason, 0) + count
        return counts

    def is_at_rest(self) -> bool:
        return (self.admission.under_way, self.purchases.in_flight.count) == (0, 0)


def one_real(received_ns: int) -> Authorize:
    return Authorize("a", None, 1_00, "5999", "LOJA X", None, received_ns, BY)


def unreadable(_: int) -> Unreadable:
    return Unreadable(Reason.MALFORMED, "amount: is missing")


def buggy(*_: Any) -> Any:
    raise RuntimeError("on purpose")


def at(story: Callable[[Counter], Coroutine[Any, Any, None]], **more: Any) -> None:
    """Tell a story at a counter, and see that it leaves nothing behind."""

    async def told() -> None:
        house = House()
        await house.open("a")
        counter = Counter(house, **more)
        await story(counter)
        await counter.answered()
        assert counter.is_at_rest()

    asyncio.run(told())


# --- answers -------------------------------------------------------------------------------------


def test_a_purchase_is_answered_once_it_is_durable() -> None:
    async def story(counter: Counter) -> None:
        till = Till()
        counter.submit(till)
        await counter.house.settle()
        assert till.answers == []
        assert (counter.admission.under_way, counter.purchases.in_flight.count) == (1, 1)
        await counter.answered()
        assert till.answers == [Outcome(Reason.APPROVED, wallet="CASH")]
        assert counter.counted == {Reason.APPROVED: 1}

    at(story)


def test_an_account_that_is_not_there_is_answered_at_once() -> None:
    async def story(counter: Counter) -> None:
        till = Till()
        counter.submit(till, lambda at_ns: one_real(at_ns)._replace(account_id="nobody"))
        assert till.reasons == [Reason.ACCOUNT_NOT_FOUND]

    at(story)


def test_what_cannot_be_read_is_answered_with_what_is_wrong_and_counted_by_its_reason() -> None:
    async def story(counter: Counter) -> None:
        till = Till()
        counter.submit(till, unreadable)
        assert till.answers == [Unreadable(Reason.MALFORMED, "amount: is missing")]
        assert counter.purchases.counts.outcomes == {Outcome(Reason.MALFORMED): 1}

    at(story)


def test_the_latency_that_is_counted_is_that_of_the_answer() -> None:
    async def story(counter: Counter) -> None:
        counter.submit(Till(), waited_ns=2 * MS)
        await counter.house.settle()
        counter.house.let_pass(5 * MS)
        await counter.answered()
        assert counter.purchases.counts.latency_us.sum == 7_000

    at(story)


# --- bounds --------------------------------------------------------------------------------------


def test_one_more_than_may_be_in_flight_is_declined_and_moves_nothing() -> None:
    async def story(counter: Counter) -> None:
        tills = [Till() for _ in range(3)]
        for till in tills:
            counter.submit(till)
        assert [till.reasons for till in tills] == [[], [Reason.OVERLOADED], [Reason.OVERLOADED]]
        await counter.answered()
        assert tills[0].reasons == [Reason.APPROVED]
        assert counter.counted == {Reason.OVERLOADED: 2, Reason.APPROVED: 1}
        assert await counter.house.cash("a") == 99_00

    at(story, most=1)


def test_requests_of_every_kind_are_in_flight_together() -> None:
    async def story(counter: Counter) -> None:
        till = Till()
        counter.purchases.in_flight.count += 1
        counter.submit(till)
        counter.purchases.in_flight.count -= 1
        assert till.reasons == [Reason.OVERLOADED]

    at(story, most=1)


def test_one_that_would_be_answered_too_late_is_declined_unread() -> None:
    """In a later step, behind others; its bytes are not even looked at."""

    async def story(counter: Counter) -> None:
        first, second = Till(), Till()
        counter.submit(first)
        counter.admission.each_ns = float(DEADLINE_NS)
        counter.submit(second, buggy, waited_ns=DOUBTFUL_NS + 1)
        assert (second.answers, counter.purchases.declines_waiting) == ([], 1)
        assert counter.purchases.in_flight.count == 2, "it is not answered yet"
        await counter.answered()
        assert (first.reasons, second.reasons) == ([Reason.APPROVED], [Reason.OVERLOADED])
        assert counter.counted == {Reason.OVERLOADED: 1, Reason.APPROVED: 1}
        assert await counter.house.cash("a") == 99_00

    at(story)


def test_one_alone_is_taken_however_late_it_is() -> None:
    """Its account says so, and its answer shows when things are better."""

    async def story(counter: Counter) -> None:
        till = Till()
        counter.submit(till, waited_ns=DEADLINE_NS + 1)
        await counter.answered()
        assert till.reasons == [Reason.TOO_LATE]

    at(story)


# --- bugs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["parsing", "on the way", "in the rules", "in the actor"])
def test_a_bug_is_told_and_answered_that_the_account_is_unavailable(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(counter: Counter) -> None:
        till, dispatcher = Till(), counter.house.dispatcher
        with monkeypatch.context() as patched:
            if where == "on the way":
                patched.setattr(dispatcher, "submit", buggy)
            elif where == "in the rules":
                patched.setattr("authorizer.actors.entity.authorize", buggy)
            elif where == "in the actor":
                patched.setattr(dispatcher.accounts.find("a"), "on_receive", buggy)
            counter.submit(till, buggy if where == "parsing" else None)
            await counter.answered()
        assert till.answers == [Outcome(Reason.UNAVAILABLE)]
        told = [*counter.bugs, *(bug for _, bug in counter.house.bugs)]
        assert [str(bug) for bug in told] == ["on purpose"]
        assert counter.counted == {Reason.UNAVAILABLE: 1}
        counter.submit(till)
        await counter.answered()
        assert till.reasons[1:] == [Reason.APPROVED]
        assert await counter.house.cash("a") == 99_00

    at(story)


@pytest.mark.parametrize("declined", [False, True])
def test_a_front_end_that_cannot_render_takes_no_other_along(declined: bool) -> None:
    class Broken(Till):
        def set(self, answer: Answer, /) -> None:
            super().set(answer)
            raise RuntimeError("on purpose")

    async def story(counter: Counter) -> None:
        first, broken, last = Till(), Broken(), Till()
        counter.submit(first)
        if declined:
            counter.admission.each_ns = float(DEADLINE_NS)
        counter.submit(broken, waited_ns=declined * (DOUBTFUL_NS + 1))
        counter.submit(last, waited_ns=declined * (DOUBTFUL_NS + 1))
        await counter.answered()
        assert len(broken.answers) == len(last.answers) == 1, "each is answered once"
        assert [str(bug) for bug in counter.bugs] == ["on purpose"]

    at(story)


# --- the seam ------------------------------------------------------------------------------------


class Lines:
    """A second front end: a line of text is a purchase, and so is its answer, in their order."""

    def __init__(self, purchases: Purchases, monotonic_ns: Callable[[], int]) -> None:
        self._purchases = purchases
        self._monotonic_ns = monotonic_ns
        self.written: list[str] = []

    def received(self, line: str) -> None:
        """A line came in."""
        self.written.append(f"{line} -> ?")
        reply = _Line(self.written, len(self.written) - 1, line)
        self._purchases.submit(lambda at_ns: _read(line, at_ns), reply, self._monotonic_ns())


class _Line:
    def __init__(self, written: list[str], at: int, line: str) -> None:
        self._written, self._at, self._line = written, at, line

    def set(self, answer: Answer, /) -> None:
        detail = f" ({answer.detail})" if isinstance(answer, Unreadable) else ""
        replayed = isinstance(answer, Outcome) and answer.replayed
        reason = f"{answer.reason.response_code} {answer.reason.name_on_wire}"
        said = f"{reason}{detail}{' again' * replayed}"
        self._written[self._at] = f"{self._line} -> {said}"


def _read(line: str, at_ns: int) -> Authorize | Unreadable:
    try:
        account_id, cents, transaction_id = line.split()
        return Authorize(account_id, transaction_id, int(cents), "5999", "LOJA X", None, at_ns, BY)
    except ValueError as error:
        return Unreadable(Reason.MALFORMED, f"line: {error}")


def test_another_front_end_needs_to_parse_and_to_render_only() -> None:
    async def story(counter: Counter) -> None:
        lines = Lines(counter.purchases, lambda: counter.house.monotonic_ns)
        for line in ("a 6000 i", "a 6000 i", "a 6001 i", "a 4001 j", "nobody 1 k", "a 4000 l", "a"):
            lines.received(line)
        await counter.answered()
        assert lines.written == [
            "a 6000 i -> 00 approved",
            "a 6000 i -> 00 approved again",
            "a 6001 i -> 94 duplicate_mismatch",
            "a 4001 j -> 51 insufficient_funds",
            "nobody 1 k -> 14 account_not_found",
            "a 4000 l -> 00 approved",
            "a -> 30 malformed (line: not enough values to unpack (expected 3, got 1))",
        ]
        assert sum(counter.counted.values()) == len(lines.written)
        assert await counter.house.cash("a") == 0

    at(story)
