"""Batches: every purchase as alone, in order, in slices of bounded time, answered durably."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from authorizer.actors.batch_turns import SLICE_NS, Turn
from authorizer.actors.batches import MAX_BATCHES, MAX_SHARE
from authorizer.actors.dispatcher import Counting
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.events import PurchaseApproved, PurchaseDeclined
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, PutLimit
from authorizer.domain.outcomes import Outcome, Reason
from authorizer.persistence.state.record import encode_fields
from tests.actors.desk import DEADLINE_NS, Desk, plain, window_of
from tests.support.builders import BY
from tests.support.house import House, awake_account, begun, everything

PURCHASES = (PurchaseApproved, PurchaseDeclined)
HOLD = AuthorizeHold("a", "h", 95_00, "5999", "X", None, False, None, None, 0, BY)
TERMS = LimitTerms("day", None, None, 1, LimitScope(), LimitMode.ENFORCE)
LIMIT = PutLimit("b", "l", False, TERMS, (), None, 0, BY)


def reasons(outcomes: Sequence[Outcome]) -> list[Reason]:
    return [outcome.reason for outcome in outcomes]


def at(story: Callable[[Desk], Coroutine[Any, Any, None]], **settings: Any) -> None:
    async def told() -> None:
        house = House(**settings)
        for account_id in "abc":
            await house.open(account_id)
        desk = Desk(house)
        await story(desk)
        assert desk.bugs == []
        while house.commit():
            await house.settle()
        state = house.state
        assert everything(house.replayed()) == everything(state, house.dispatcher)

    asyncio.run(told())


# --- what is decided -----------------------------------------------------------------------------


def test_the_purchases_of_an_account_are_decided_in_their_order() -> None:
    async def story(desk: Desk) -> None:
        asked = [plain("a", "1", 90_00), plain("b", "1", 60_00), plain("a", "2", 20_00),
                 plain("b", "2", 60_00), plain("a", "3", 10_00)]  # fmt: skip
        ok, no = Reason.APPROVED, Reason.INSUFFICIENT_FUNDS
        assert reasons(await desk.decide(*asked)) == [ok, ok, no, no, ok]
        events = desk.house.journal.events()
        ids = [one.transaction_id for one in events if isinstance(one, PURCHASES)
               and one.account_id == "a"]  # fmt: skip
        assert ids == ["1", "2", "3"]

    at(story)


def test_an_id_that_comes_twice_in_one_batch_is_decided_once() -> None:
    async def story(desk: Desk) -> None:
        first, second, other = await desk.decide(
            plain("a", "1"), plain("a", "1"), plain("a", "1", 2_00)
        )
        assert (first.reason, first.replayed) == (Reason.APPROVED, False)
        assert (second.reason, second.replayed) == (Reason.APPROVED, True)
        assert other.reason is Reason.DUPLICATE_MISMATCH
        assert await desk.house.cash("a") == 99_00

    at(story)


def test_an_id_of_one_way_is_known_on_the_other() -> None:
    async def story(desk: Desk) -> None:
        await desk.decide(plain("a", "1"))
        again = await desk.house.buy("a", transaction_id="1")
        assert (again.reason, again.replayed) == (Reason.APPROVED, True)
        await desk.house.buy("a", transaction_id="2")
        (again,) = await desk.decide(plain("a", "2"))
        assert (again.reason, again.replayed) == (Reason.APPROVED, True)

    at(story)


def test_an_account_that_is_not_there_is_said_not_to_be() -> None:
    async def story(desk: Desk) -> None:
        outcomes = await desk.decide(plain("a"), plain("nobody"), plain("b"))
        assert reasons(outcomes) == [Reason.APPROVED, Reason.ACCOUNT_NOT_FOUND, Reason.APPROVED]

    at(story)


def test_an_account_with_holds_and_limits_goes_by_all_rules() -> None:
    async def story(desk: Desk) -> None:
        house = desk.house
        await house.done(house.dispatcher.ask(HOLD))
        await house.done(house.dispatcher.ask(LIMIT))
        outcomes = await desk.decide(
            plain("a", "1", 6_00), plain("b", "1"), plain("a", "2", 5_00), plain("b", "2")
        )
        assert reasons(outcomes) == [
            Reason.INSUFFICIENT_FUNDS, Reason.APPROVED, Reason.APPROVED, Reason.COUNT_LIMIT,
        ]  # fmt: skip

    at(story)


def test_a_command_between_plain_purchases_is_decided_in_its_place() -> None:
    async def story(desk: Desk) -> None:
        card = Authorize("a", "2", 1_00, "5999", "X", "no card", 0, BY)
        outcomes = await desk.decide(plain("a", "1", 99_50), card, plain("a", "3"), card)
        assert reasons(outcomes) == [
            Reason.APPROVED, Reason.CARD_NOT_FOUND, Reason.INSUFFICIENT_FUNDS,
            Reason.CARD_NOT_FOUND,
        ]  # fmt: skip
        assert outcomes[3].replayed

    at(story)


# --- durability ----------------------------------------------------------------------------------


def test_answers_wait_for_the_disk_and_are_counted_then() -> None:
    async def story(desk: Desk) -> None:
        window, came = window_of([plain("a", "1"), plain("a", "1"), plain("nobody")]), []

        class Till:
            def set(self, piece: bytes) -> None:
                came.append(piece)

        async with Turn(desk.batches.turns) as turn:
            outcomes = await desk.batches.decide(window, BY, turn)
            desk.batches.when_durable(outcomes, Till(), b"answers")
        await desk.house.settle()
        assert (came, desk.batches.lines, desk.purchases.counts.outcomes) == ([], 0, {})
        desk.house.commit()
        await desk.house.settle()
        assert (came, desk.batches.lines) == ([b"answers"], 3)
        assert sum(desk.purchases.counts.outcomes.values()) == 3

    at(story)


def test_what_is_decided_is_handed_to_the_disk_at_the_end_of_every_slice() -> None:
    async def story(desk: Desk) -> None:
        house, window = desk.house, window_of([plain("a"), plain("b")])
        before = house.commits.durable
        turn = Turn(desk.batches.turns)
        async with turn:
            turn.is_over = lambda: True  # type: ignore[method-assign]
            deciding = begun(desk.batches.decide(window, BY, turn))
            await house.settle()
            house.commit()
            await house.settle()
            assert deciding.done()
        assert house.commits.durable == before + 2

    at(story)


def test_the_core_is_yielded_between_slices_once_the_disk_has_what_was_decided() -> None:
    """The kernel's threads that sync it run there too."""

    async def story(desk: Desk) -> None:
        Clocked(desk, SLICE_NS)  # the first slice is over before anything was decided
        before = desk.house.commits.appended
        await desk.decide(plain("a"), plain("b"), plain("c"))
        assert desk.batches.turns.slices == 1 + 3
        assert desk.yielded_at == [before, before + 1, before + 2]

    at(story)


# --- time ----------------------------------------------------------------------------------------


class Clocked:
    """A clock by which every look takes a while, as work does."""

    def __init__(self, desk: Desk, step_ns: int) -> None:
        self.now_ns = 0
        self.longest_ns = 0
        self._slice_ns = 0
        self._step_ns = step_ns
        turns = desk.batches.turns
        turns.monotonic_ns = self
        flush = turns.flush

        def flushed() -> None:
            flush()
            self.longest_ns = max(self.longest_ns, self.now_ns - self._slice_ns)
            asyncio.get_running_loop().call_soon(self._others)

        turns.flush = flushed

    def __call__(self) -> int:
        self.now_ns += self._step_ns
        return self.now_ns

    def _others(self) -> None:
        """The loop does something else: a slice has ended."""
        self._slice_ns = self.now_ns


def test_a_slice_ends_when_its_time_is_over_however_much_there_is_to_decide() -> None:
    """A share of one account that the clock can't look into is bounded by its number."""

    async def story(desk: Desk) -> None:
        clock = Clocked(desk, SLICE_NS // 10)
        asked = [plain("abc"[number % 3], f"{number}", 1) for number in range(60 * MAX_SHARE)]
        assert set(reasons(await desk.decide(*asked))) == {Reason.APPROVED}
        assert desk.batches.turns.slices == 1 + 60 // 10
        assert clock.longest_ns <= SLICE_NS + 3 * clock._step_ns

    at(story)


def test_everything_else_goes_on_between_two_slices_of_a_batch() -> None:
    async def story(desk: Desk) -> None:
        Clocked(desk, SLICE_NS)
        asked = [plain("abc"[number % 3], f"{number}", 1) for number in range(3 * MAX_SHARE * 4)]
        deciding = begun(desk.decide(*asked))
        await asyncio.sleep(0)
        alone = begun(desk.house.purchase("a", transaction_id="alone"))
        for _ in range(4):
            await asyncio.sleep(0)
        assert not deciding.done()
        events = desk.house.appended
        desk.house.commit()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert alone.done(), "it was read, decided and answered while the batch had its turn"
        assert not deciding.done()
        assert set(reasons(await deciding)) == {Reason.APPROVED}
        assert desk.house.appended > events

    at(story)


def test_two_batches_take_turns_and_there_is_one_slice_in_a_step() -> None:
    async def story(desk: Desk) -> None:
        order: list[str] = []

        async def batch(name: str) -> None:
            async with Turn(desk.batches.turns) as turn:
                for _ in range(3):
                    order.append(name)
                    await turn.pause()

        await asyncio.gather(batch("one"), batch("two"))
        assert order == ["one"] * 3 + ["two"] * 3

    at(story)


def test_a_long_batch_makes_no_line_too_late() -> None:
    async def story(desk: Desk) -> None:
        turns = desk.batches.turns
        window = window_of([plain("a"), plain("b"), plain("c")])
        async with Turn(turns) as turn:

            def is_over() -> bool:
                desk.house.let_pass(DEADLINE_NS - 1)
                return True

            turn.is_over = is_over  # type: ignore[method-assign]
            outcomes = await desk.batches.decide(window, BY, turn)
        assert set(reasons(outcomes)) == {Reason.APPROVED}

    at(story)


def test_a_line_that_waited_for_its_account_as_long_as_a_purchase_may_is_too_late() -> None:
    async def story(desk: Desk) -> None:
        with limited(desk) as slow:
            deciding = begun(desk.decide(plain("a", "1"), plain("a", "1")))
            await desk.house.settle()
            desk.house.let_pass(DEADLINE_NS)
            slow.begun.set()
            first, second = await deciding
        assert (first.reason, second.reason) == (Reason.TOO_LATE, Reason.TOO_LATE)
        assert second.replayed

    at(story)


# --- bounds --------------------------------------------------------------------------------------


def test_a_batch_waits_while_there_is_no_room_and_goes_on_when_there_is() -> None:
    async def story(desk: Desk) -> None:
        desk.disk_ns, desk.admission.under_way = 2 * DEADLINE_NS, 1
        deciding = begun(desk.decide(plain("a")))
        for _ in range(3):
            await asyncio.sleep(0.002)
        assert not deciding.done()
        desk.disk_ns = 0
        assert reasons(await deciding) == [Reason.APPROVED]

    at(story)


def test_a_batch_that_waited_for_room_as_long_as_a_purchase_may_is_declined() -> None:
    async def story(desk: Desk) -> None:
        desk.disk_ns, desk.admission.under_way = 2 * DEADLINE_NS, 1
        deciding = begun(desk.decide(plain("a"), plain("b")))
        await asyncio.sleep(0)
        desk.house.let_pass(DEADLINE_NS)
        assert reasons(await deciding) == [Reason.OVERLOADED] * 2
        desk.admission.under_way = 0
        assert await desk.house.cash("a") == 100_00

    at(story)


def test_one_batch_more_than_there_may_be_is_refused() -> None:
    async def story(desk: Desk) -> None:
        batches = desk.batches
        assert all(batches.begin() for _ in range(MAX_BATCHES))
        assert not batches.begin()
        batches.end()
        assert batches.begin()
        assert (batches.begun, batches.refused) == (MAX_BATCHES + 1, 1)

    at(story)


# --- what has to be waited for -------------------------------------------------------------------


class Slow(Counting):
    """Accounts `a` count for a limit that is for all only after a while."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    def is_due(self, account: Any) -> bool:
        return account.account_id == "a" and not self.begun.is_set()

    def first(self, account_id: str, then: Callable[[], object]) -> None:
        raise AssertionError("lines of a batch wait")

    async def wait(self, account: Any) -> None:
        if self.is_due(account):
            await self.begun.wait()


@contextmanager
def limited(desk: Desk) -> Iterator[Slow]:
    """There is a limit for all, and `a` is slow to count for it."""
    slow = desk.house.dispatcher.counting = Slow()
    limits = desk.house.around.context.policy.global_limits
    limits.terms = {"all": TERMS._replace(max_count=1000)}
    yield slow
    limits.terms = {}


def test_an_account_that_must_count_first_keeps_its_order_and_others_go_on() -> None:
    async def story(desk: Desk) -> None:
        asked = [plain("a", "1", 90_00), plain("b", "1"), plain("a", "2", 20_00)]
        asked += [plain("a", f"{number}", 1) for number in range(3, 3 + MAX_SHARE)]
        with limited(desk) as slow:
            deciding = begun(desk.decide(*asked))
            await desk.house.settle()
            assert "1" in awake_account(desk.house, "b").purchase_keys.open_page
            assert not awake_account(desk.house, "a").purchase_keys.open_page
            slow.begun.set()
            ok, no = Reason.APPROVED, Reason.INSUFFICIENT_FUNDS
            assert reasons(await deciding) == [ok, ok, no] + [ok] * MAX_SHARE
            assert [*awake_account(desk.house, "a").purchase_keys.open_page][:4] == [*"1234"]

    at(story)


# --- bugs ----------------------------------------------------------------------------------------


def test_a_bug_on_one_account_is_that_accounts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        bugs = desk.house.bugs
        with monkeypatch.context() as patched:
            patched.setattr("authorizer.actors.batch_shares.encode_fields", raises_for("bad"))
            outcomes = await desk.decide(
                plain("a", "1"), plain("a", "bad"), plain("a", "2"), plain("b", "1")
            )
        assert reasons(outcomes) == [
            Reason.APPROVED, Reason.UNAVAILABLE, Reason.APPROVED, Reason.APPROVED,
        ]  # fmt: skip
        assert [entity for entity, _ in bugs] == ["a"]
        assert await desk.house.cash("a") == 98_00

    at(story)


def raises_for(key: str) -> Callable[[tuple[object, ...]], bytes]:
    def encode_but(fields: tuple[object, ...]) -> bytes:
        if key in fields:
            raise RuntimeError("on purpose")
        return encode_fields(fields)

    return encode_but


def test_a_broken_account_is_unavailable() -> None:
    async def story(desk: Desk) -> None:
        actor = desk.house.dispatcher.accounts.find("a")
        assert actor is not None
        actor.broken = True
        outcomes = await desk.decide(plain("a"), plain("b"))
        assert reasons(outcomes) == [Reason.UNAVAILABLE, Reason.APPROVED]
        actor.broken = False

    at(story)
