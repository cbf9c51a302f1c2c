"""What pykka promises of actors, kept by its own threads and by the actors on the loop alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pykka
import pytest

from tests.actors.harness import Harness, OnLoop, OnThreads, results


@pytest.fixture(params=[OnThreads, OnLoop])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    made: Harness = request.param()
    yield made
    made.close()


class OopsError(Exception):
    """What a handler raises."""


class Notebook:
    """Writes down what it is sent, and gives it back when it is asked."""

    title = "a notebook"

    def on_start(self) -> None:
        self.seen: list[Any] = ["started"]

    def on_receive(self, message: Any) -> Any:
        if message == "read":
            return list(self.seen)
        if message == "raise":
            raise OopsError("on purpose")
        self.seen.append(message)
        return f"got {message}"

    def write(self, first: Any, *, second: Any = None) -> tuple[Any, Any]:
        self.seen.append((first, second))
        return first, second

    def fail(self) -> None:
        raise OopsError("on purpose")


# --- messages ------------------------------------------------------------------------------------


def test_an_asker_gets_what_the_handler_returns(harness: Harness) -> None:
    ref = harness.start(Notebook)
    assert harness.result(ref.ask("hello", block=False)) == "got hello"


@pytest.mark.parametrize("value", [None, 0, "", [], {"a": 1}, ValueError("as a value")])
def test_a_reply_is_the_very_object_that_was_returned(harness: Harness, value: Any) -> None:
    class Giver:
        def on_receive(self, _: Any) -> Any:
            return value

    assert harness.result(harness.start(Giver).ask("?", block=False)) is value


def test_a_message_is_handed_over_as_the_very_object_that_was_sent(harness: Harness) -> None:
    ref, message = harness.start(Notebook), ["a", "list"]
    harness.result(ref.ask(message, block=False))
    assert harness.result(ref.ask("read", block=False))[1] is message


def test_messages_are_handled_in_the_order_in_which_they_came(harness: Harness) -> None:
    ref = harness.start(Notebook)
    for number in range(200):
        if number % 3:
            ref.tell(number)
        else:
            ref.ask(number, block=False)
    assert harness.result(ref.ask("read", block=False)) == ["started", *range(200)]


def test_replies_are_those_of_their_own_messages(harness: Harness) -> None:
    ref = harness.start(Notebook)
    futures = [ref.ask(number, block=False) for number in range(100)]
    assert results(harness, reversed(futures)) == [f"got {number}" for number in range(99, -1, -1)]


def test_a_message_that_is_told_has_no_reply_and_does_not_wait(harness: Harness) -> None:
    ref = harness.start(Notebook)
    ref.tell("hello")
    assert harness.result(ref.ask("read", block=False)) == ["started", "hello"]


def test_one_message_is_handled_at_a_time_whoever_sends(harness: Harness) -> None:
    class Counter:
        def on_start(self) -> None:
            self.busy = False
            self.count = 0

        def on_receive(self, _: Any) -> int:
            assert not self.busy
            self.busy = True
            before = self.count
            sum(range(500))
            self.count = before + 1
            self.busy = False
            return self.count

    class Sender:
        def on_receive(self, to: pykka.ActorRef[Any]) -> list[Any]:
            return [to.ask("count", block=False) for _ in range(50)]

    counter = harness.start(Counter)
    senders = [harness.start(Sender) for _ in range(6)]
    asked = [sender.ask(counter, block=False) for sender in senders]
    counted = [count for futures in results(harness, asked) for count in results(harness, futures)]
    assert sorted(counted) == list(range(1, 301))


def test_a_message_to_oneself_is_handled_after_the_present_one(harness: Harness) -> None:
    class Echo(Notebook):
        actor_ref: pykka.ActorRef[Any]

        def on_receive(self, message: Any) -> Any:
            if message == "twice":
                self.actor_ref.tell("from myself")
                self.seen.append("before")
                return None
            return super().on_receive(message)

    ref = harness.start(Echo)
    harness.result(ref.ask("twice", block=False))
    assert harness.result(ref.ask("read", block=False)) == ["started", "before", "from myself"]


def test_actors_may_ask_each_other(harness: Harness) -> None:
    class Front:
        def on_receive(self, to: pykka.ActorRef[Any]) -> Any:
            return to.ask("hello", block=False)

    front, back = harness.start(Front), harness.start(Notebook)
    inner = harness.result(front.ask(back, block=False))
    assert harness.result(inner) == "got hello"


# --- exceptions ----------------------------------------------------------------------------------


def test_an_exception_goes_to_the_asker_and_the_actor_goes_on(harness: Harness) -> None:
    ref = harness.start(Notebook)
    future = ref.ask("raise", block=False)
    with pytest.raises(OopsError, match="on purpose"):
        harness.result(future)
    assert harness.result(ref.ask("hello", block=False)) == "got hello"
    assert ref.is_alive()


def test_an_exception_is_raised_each_time_that_the_reply_is_looked_at(harness: Harness) -> None:
    future = harness.start(Notebook).ask("raise", block=False)
    for _ in range(2):
        with pytest.raises(OopsError):
            harness.result(future)


# --- proxies -------------------------------------------------------------------------------------


def test_a_proxy_calls_methods_and_gives_their_results(harness: Harness) -> None:
    proxy = harness.start(Notebook).proxy()
    assert harness.result(proxy.write("a", second="b")) == ("a", "b")
    assert harness.result(proxy.seen) == ["started", ("a", "b")]


def test_a_proxy_gives_attributes(harness: Harness) -> None:
    assert harness.result(harness.start(Notebook).proxy().title) == "a notebook"


def test_a_proxy_hands_on_what_a_method_raises(harness: Harness) -> None:
    future = harness.start(Notebook).proxy().fail()
    with pytest.raises(OopsError):
        harness.result(future)


def test_a_proxy_knows_what_the_actor_has_not(harness: Harness) -> None:
    proxy = harness.start(Notebook).proxy()
    with pytest.raises(AttributeError):
        _ = proxy.nothing_of_the_kind


def test_a_deferred_call_has_no_reply(harness: Harness) -> None:
    proxy = harness.start(Notebook).proxy()
    assert proxy.write.defer("a") is None
    assert harness.result(proxy.seen) == ["started", ("a", None)]


def test_calls_and_messages_keep_their_order(harness: Harness) -> None:
    ref = harness.start(Notebook)
    proxy = ref.proxy()
    ref.tell(1)
    proxy.write.defer(2)
    ref.tell(3)
    assert harness.result(proxy.seen) == ["started", 1, (2, None), 3]


# --- start and stop ------------------------------------------------------------------------------


def test_on_start_comes_before_the_first_message(harness: Harness) -> None:
    assert harness.result(harness.start(Notebook).ask("read", block=False)) == ["started"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_actor_that_fails_to_start_is_dead(harness: Harness) -> None:
    class Stillborn:
        def on_start(self) -> None:
            raise OopsError("at the start")

        def on_receive(self, _: Any) -> None:
            raise AssertionError("it never lived")

    ref = harness.start(Stillborn)
    with pytest.raises(pykka.ActorDeadError):
        harness.result(ref.ask("hello", block=False))


def test_messages_that_came_before_the_stop_are_handled(harness: Harness) -> None:
    ref = harness.start(Notebook)
    before = [ref.ask(number, block=False) for number in range(50)]
    stopped = ref.stop(block=False)
    assert results(harness, before) == [f"got {number}" for number in range(50)]
    assert harness.result(stopped) is True
    assert not ref.is_alive()


def test_messages_that_come_after_the_stop_are_answered_that_the_actor_is_dead(
    harness: Harness,
) -> None:
    ref = harness.start(Notebook)
    stopped = ref.stop(block=False)
    after = [ref.ask(number, block=False) for number in range(3)]
    for future in after:
        with pytest.raises(pykka.ActorDeadError):
            harness.result(future)
    assert harness.result(stopped) is True


def test_nothing_can_be_told_to_an_actor_that_has_stopped(harness: Harness) -> None:
    ref = harness.start(Notebook)
    harness.result(ref.stop(block=False))
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("hello")
    with pytest.raises(pykka.ActorDeadError):
        ref.proxy()


def test_stopping_an_actor_that_is_dead_says_so(harness: Harness) -> None:
    ref = harness.start(Notebook)
    assert harness.result(ref.stop(block=False)) is True
    assert harness.result(ref.stop(block=False)) is False


def test_of_two_stops_at_once_both_say_that_it_is_being_stopped(harness: Harness) -> None:
    class Slow(Notebook):
        def on_receive(self, message: Any) -> Any:
            return sum(range(20_000)) and super().on_receive(message)

    ref = harness.start(Slow)
    ref.tell("hello")
    stops = [ref.stop(block=False), ref.stop(block=False)]
    first, second = results(harness, stops)
    assert first is True
    assert second in (True, False)


def test_an_actor_may_stop_itself(harness: Harness) -> None:
    class Tired(Notebook):
        stop: Any

        def on_receive(self, message: Any) -> Any:
            self.stop()
            return "good night"

    ref = harness.start(Tired)
    first = ref.ask("?", block=False)
    assert harness.result(first) == "good night"
    replies = [ref.ask("?", block=False) for _ in range(3)]
    with pytest.raises(pykka.ActorDeadError):
        harness.result(replies[-1])


def test_on_stop_comes_once_after_the_last_message(harness: Harness) -> None:
    story: list[str] = []

    class Diary:
        def on_receive(self, message: str) -> None:
            story.append(message)

        def on_stop(self) -> None:
            story.append("stopped")

    ref = harness.start(Diary)
    ref.tell("one")
    ref.tell("two")
    harness.result(ref.stop(block=False))
    harness.result(ref.stop(block=False))
    assert story == ["one", "two", "stopped"]


# --- futures -------------------------------------------------------------------------------------


def test_a_reply_can_be_looked_at_more_than_once(harness: Harness) -> None:
    future = harness.start(Notebook).ask("hello", block=False)
    assert results(harness, [future, future]) == ["got hello", "got hello"]


def test_a_reply_can_be_mapped(harness: Harness) -> None:
    future = harness.start(Notebook).ask("hello", block=False).map(str.upper).map(len)
    assert harness.result(future) == 9


def test_a_reply_can_be_filtered_and_reduced(harness: Harness) -> None:
    ref = harness.start(Notebook)
    for number in range(5):
        ref.tell(number)
    numbers = ref.ask("read", block=False).filter(lambda seen: isinstance(seen, int))
    assert harness.result(numbers) == [0, 1, 2, 3, 4]
    assert harness.result(numbers.reduce(lambda one, other: one + other, 100)) == 110


def test_replies_can_be_joined(harness: Harness) -> None:
    refs = [harness.start(Notebook) for _ in range(3)]
    first, *others = [ref.ask(number, block=False) for number, ref in enumerate(refs)]
    assert harness.result(first.join(*others)) == ["got 0", "got 1", "got 2"]


def test_an_exception_passes_through_a_map(harness: Harness) -> None:
    future = harness.start(Notebook).ask("raise", block=False).map(str.upper)
    with pytest.raises(OopsError):
        harness.result(future)


def test_a_future_has_one_result(harness: Harness) -> None:
    future = harness.start(Notebook).ask("hello", block=False)
    harness.result(future)
    with pytest.raises(Exception, match=r".*"):
        future.set("another")
    with pytest.raises(Exception, match=r".*"):
        future.set_get_hook(lambda _: "another")
    assert harness.result(future) == "got hello"


def test_a_future_with_a_hook_has_no_other_result(harness: Harness) -> None:
    future = harness.start(Notebook).ask("hello", block=False).map(str.upper)
    with pytest.raises(Exception, match=r".*"):
        future.set("another")
    assert harness.result(future) == "GOT HELLO"


# --- identity ------------------------------------------------------------------------------------


def test_every_actor_has_a_name_of_its_own(harness: Harness) -> None:
    refs = [harness.start(Notebook) for _ in range(20)]
    assert len({ref.actor_urn for ref in refs}) == 20
    assert all(ref.actor_urn in str(ref) for ref in refs)


def test_a_ref_keeps_its_actor_alive(harness: Harness) -> None:
    refs = [harness.start(Notebook) for _ in range(20)]
    futures = [ref.ask("hello", block=False) for ref in refs]
    assert results(harness, futures) == ["got hello"] * 20
