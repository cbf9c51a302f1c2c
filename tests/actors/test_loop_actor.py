"""What an actor on the loop does otherwise than one with a thread, on purpose."""

from __future__ import annotations

import asyncio
import gc
import threading
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

import pykka
import pytest
from pykka._envelope import Envelope

from authorizer.actors.loop_actor import LoopActor, LoopInbox
from authorizer.actors.reply import LoopFuture, Reply, WouldBlockError
from authorizer.actors.run_queue import MAX_STEP, RunQueue


class Steps:
    """The steps of a loop, made by hand."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []
        self.drained = 0
        self.queue = RunQueue(self._waiting.append, self._drained)

    def _drained(self) -> None:
        self.drained += 1

    def step(self) -> int:
        """Make the steps that wait now; how many there were."""
        steps, self._waiting[:] = list(self._waiting), []
        for make in steps:
            make()
        return len(steps)


class Notebook(LoopActor):
    """Writes down what it is sent."""

    def __init__(self, queue: RunQueue) -> None:
        super().__init__(queue)
        self.seen: list[Any] = []
        self.failures: list[BaseException | None] = []

    def on_receive(self, message: Any) -> Any:
        """Write it down, or raise it."""
        if isinstance(message, BaseException):
            raise message
        self.seen.append(message)
        return message

    def on_failure(self, _: Any, value: BaseException | None, __: Any) -> None:
        """Write down why."""
        self.failures.append(value)


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def actor(steps: Steps) -> Notebook:
    return Notebook(steps.queue)


# --- steps ---------------------------------------------------------------------------------------


def test_a_message_is_handled_in_a_later_step_never_in_the_middle_of_its_sender(
    steps: Steps, actor: Notebook
) -> None:
    future = actor.actor_ref.ask("hello", block=False)
    assert actor.seen == []
    assert steps.step() == 1
    assert actor.seen == ["hello"]
    assert future.get() == "hello"


def test_all_messages_that_are_there_are_handled_in_one_step(steps: Steps, actor: Notebook) -> None:
    other = Notebook(steps.queue)
    for number in range(3):
        actor.actor_ref.tell(number)
        other.actor_ref.tell(number)
    assert steps.step() == 1
    assert (actor.seen, other.seen) == ([0, 1, 2], [0, 1, 2])
    assert steps.drained == 1
    assert steps.step() == 0


def test_what_an_actor_is_sent_while_it_is_at_work_waits_for_the_next_step(steps: Steps) -> None:
    class Busy(Notebook):
        def on_receive(self, message: int) -> None:
            super().on_receive(message)
            if message < 3:
                self.actor_ref.tell(message + 1)

    busy = Busy(steps.queue)
    busy.actor_ref.tell(1)
    seen = []
    while steps.step():
        seen.append(list(busy.seen))
    assert seen == [[1], [1, 2], [1, 2, 3]]


def test_after_each_step_it_is_said_that_all_was_handled(steps: Steps, actor: Notebook) -> None:
    for number in range(3):
        actor.actor_ref.tell(number)
        steps.step()
    assert steps.drained == 3


def test_a_step_handles_so_many_messages_at_most_in_the_order_they_came() -> None:
    """Also those of one actor: sockets are read and answers written in between."""
    told: list[tuple[int, bool]] = []
    waiting: list[Callable[[], None]] = []
    queue = RunQueue(waiting.append, stepped=lambda handled, more: told.append((handled, more)))
    busy, other = Notebook(queue), Notebook(queue)
    for number in range(MAX_STEP):
        busy.actor_ref.tell(number)
    other.actor_ref.tell("between")
    busy.actor_ref.tell("last")
    assert len(queue) == MAX_STEP + 2
    waiting.pop()()
    assert (len(busy.seen), other.seen) == (MAX_STEP, [])
    waiting.pop()()
    assert (busy.seen[-1], other.seen) == ("last", ["between"])
    assert told == [(MAX_STEP, True), (2, False)]
    assert (waiting, len(queue)) == ([], 0)


def test_an_inbox_gives_its_messages_in_order_one_at_a_time() -> None:
    inbox = LoopInbox()
    assert inbox.empty()
    messages: list[Any] = [object() for _ in range(3)]
    for message in messages:
        inbox.put(Envelope(message))
    assert (len(inbox), inbox.empty()) == (3, False)
    assert inbox.get().message is messages[0]
    assert [inbox.get().message, inbox.get().message] == messages[1:]
    assert (len(inbox), inbox.empty()) == (0, True)


# --- replies -------------------------------------------------------------------------------------


def test_a_reply_may_be_held_back_after_the_handler_returned(steps: Steps) -> None:
    held: list[tuple[Reply, Any]] = []

    class Holding(Notebook):
        def _reply(self, reply_to: Reply, value: Any) -> None:
            held.append((reply_to, value))

    ref = Holding(steps.queue).actor_ref
    futures = [ref.ask(number, block=False) for number in range(2)]
    steps.step()
    for future in futures:
        with pytest.raises(WouldBlockError):
            future.get()
    for reply_to, value in held:
        reply_to.set(value)
    assert [future.get() for future in futures] == [0, 1]


def test_waiting_on_the_loop_for_the_loop_is_refused_instead_of_hanging(
    steps: Steps, actor: Notebook
) -> None:
    with pytest.raises(WouldBlockError):
        actor.actor_ref.ask("hello")
    with pytest.raises(WouldBlockError):
        actor.actor_ref.stop()
    with pytest.raises(WouldBlockError):
        actor.actor_ref.ask("hello", block=False).map(str.upper).get()
    steps.step()
    assert actor.seen == ["hello"]


def test_whoever_stopped_waiting_for_a_reply_does_not_disturb_it() -> None:
    async def story() -> str:
        future = LoopFuture()
        waiting = asyncio.ensure_future(_wait(future))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        assert waiting.cancelled()
        future.set("late")
        return str(await future)

    assert asyncio.run(story()) == "late"


def test_a_reply_may_be_awaited_by_several() -> None:
    async def story() -> list[str]:
        future = LoopFuture()
        waiting = [asyncio.ensure_future(_wait(future)) for _ in range(3)]
        await asyncio.sleep(0)
        future.set("there")
        done, pending = await asyncio.wait(waiting, timeout=1)
        for task in pending:
            task.cancel()
        return [task.result() for task in done]

    assert asyncio.run(story()) == ["there"] * 3


async def _wait(future: LoopFuture) -> str:
    return str(await future)


def test_a_future_is_given_the_exception_that_is_being_handled() -> None:
    future = LoopFuture()
    try:
        dict[str, str]()["x"]
    except KeyError:
        future.set_exception()
    with pytest.raises(KeyError):
        future.get()


# --- exceptions ----------------------------------------------------------------------------------


def test_an_actor_goes_on_after_a_message_that_nobody_waits_for_has_failed(
    steps: Steps, actor: Notebook
) -> None:
    failure = ValueError("on purpose")
    actor.actor_ref.tell(1)
    actor.actor_ref.tell(failure)
    actor.actor_ref.tell(2)
    steps.step()
    assert actor.seen == [1, 2]
    assert actor.failures == [failure]
    assert actor.actor_ref.is_alive()


def test_a_failure_that_somebody_waits_for_is_told_to_nobody_else(
    steps: Steps, actor: Notebook
) -> None:
    future = actor.actor_ref.ask(ValueError("on purpose"), block=False)
    steps.step()
    with pytest.raises(ValueError, match="on purpose"):
        future.get()
    assert actor.failures == []


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_ends_it_and_stops_no_actor(
    steps: Steps, actor: Notebook, end: type[BaseException]
) -> None:
    other = Notebook(steps.queue)
    actor.actor_ref.ask(end(), block=False)
    with pytest.raises(end):
        steps.step()
    assert actor.actor_ref.is_alive()
    assert other.actor_ref.is_alive()


# --- what it does without ------------------------------------------------------------------------


def test_no_registry_knows_it(actor: Notebook) -> None:
    ref = Notebook.start(RunQueue(lambda _: None))
    assert actor.actor_ref not in pykka.ActorRegistry.get_all()
    assert ref not in pykka.ActorRegistry.get_all()


def test_stopping_it_leaves_the_actors_of_the_registry_alone(steps: Steps, actor: Notebook) -> None:
    class Threaded(pykka.ThreadingActor):
        pass

    thread = Threaded.start()
    try:
        stopped = actor.actor_ref.stop(block=False)
        steps.step()
        assert stopped.get() is True
        assert thread.is_alive()
    finally:
        thread.stop()


def test_it_has_no_thread(steps: Steps) -> None:
    before = threading.active_count()
    actors = [Notebook(steps.queue) for _ in range(100)]
    for actor in actors:
        actor.actor_ref.tell("hello")
    steps.step()
    assert threading.active_count() == before


def test_an_idle_actor_holds_no_lock_condition_uuid_or_deque(actor: Notebook) -> None:
    heavy = (type(threading.Lock()), threading.Condition, threading.Event, uuid.UUID, deque)
    found, look_at = set[int](), [*vars(actor).values()]
    while look_at:
        thing = look_at.pop()
        if id(thing) in found or isinstance(thing, type | RunQueue) or callable(thing):
            continue
        found.add(id(thing))
        assert not isinstance(thing, heavy), thing
        look_at += gc.get_referents(thing)


def test_an_actor_that_nobody_refers_to_is_gone(steps: Steps) -> None:
    gc.collect()
    ref = Notebook.start(steps.queue)
    weak = ref._actor_weakref
    assert weak() is not None
    del ref
    gc.collect()
    assert weak() is None
