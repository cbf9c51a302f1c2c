"""One way to start, ask and await actors of either kind, so that one test speaks of both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol

import pykka

from authorizer.actors.loop_actor import LoopActor
from authorizer.actors.run_queue import RunQueue

PATIENCE_SECONDS = 30
"""How long an answer may take before the test has failed; none is expected to take any time."""


class Harness(Protocol):
    """Actors of one kind, and the way to wait for them."""

    def start(self, behaviour: type[Any]) -> pykka.ActorRef[Any]:
        """Start an actor that behaves like this."""

    def result(self, future: Any) -> Any:
        """The value of a future, or its exception."""

    def close(self) -> None:
        """End everything."""


class OnThreads:
    """Actors with a thread each."""

    def start(self, behaviour: type[Any]) -> pykka.ActorRef[Any]:
        """Start an actor that has a thread."""
        actor: Any = type(behaviour.__name__, (behaviour, pykka.ThreadingActor), {})
        ref: pykka.ActorRef[Any] = actor.start()
        return ref

    def result(self, future: Any) -> Any:
        """Wait for it on this thread."""
        return future.get(timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        """End every actor's thread."""
        pykka.ActorRegistry.stop_all(timeout=PATIENCE_SECONDS)


class OnLoop:
    """Actors on an event loop that runs while something is awaited."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._queue = RunQueue(self._runner.get_loop().call_soon)

    def start(self, behaviour: type[Any]) -> pykka.ActorRef[Any]:
        """Start an actor on the loop."""
        actor: Any = type(behaviour.__name__, (behaviour, LoopActor), {})
        ref: pykka.ActorRef[Any] = actor.start(self._queue)
        return ref

    def result(self, future: Any) -> Any:
        """Run the loop until it is there."""

        async def wait() -> Any:
            return await future

        return self._runner.run(asyncio.wait_for(wait(), PATIENCE_SECONDS))

    def close(self) -> None:
        """End the loop."""
        self._runner.close()


def results(harness: Harness, futures: Iterable[Any]) -> list[Any]:
    """The values of many futures."""
    return [harness.result(future) for future in futures]
