"""A pykka actor that runs on the event loop instead of a thread of its own.

Touches pykka's internals (4.5), as the future in `reply.py` does and no other file: the three hooks
of `pykka.Actor` and what its `ActorRef` reads. On purpose it differs from `pykka.ThreadingActor`:

- A message is handled in a later step of the loop, never in the middle of its sender.
- A reply may be held back after the handler returned (`_reply`): ours wait for durability.
- A handler that raises answers its caller with the exception and the actor goes on, also for
  messages that nobody waits for (`on_failure` is told); a BaseException ends the program, not
  «all actors».
- Nothing is registered in `pykka.ActorRegistry`, whose `unregister` is linear; the ref that `start`
  returns keeps the actor.
- An idle actor holds no lock, condition, uuid or deque, and neither name nor ref before one asks.
"""

import sys
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import pykka
from pykka import ActorDeadError, ActorRef
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr, _ActorStop
from typing_extensions import override

from authorizer.actors.reply import LoopFuture, Reply
from authorizer.actors.run_queue import RunQueue

_PYKKA_MESSAGES = frozenset((_ActorStop, ProxyCall, ProxyGetAttr, ProxySetAttr))

A = TypeVar("A", bound=pykka.Actor)
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
Waiting = tuple[Any, Reply | None]
"""A message in an inbox, and who gets its answer: a pair takes a quarter of an `Envelope`."""


class LoopInbox:
    """The messages of an actor that wait, in the order they came.

    Doubles as pykka's `actor_stopped`, which saves one object per actor.
    """

    __slots__ = ("_actor", "run_queue", "stopped", "waiting")

    def __init__(self, actor: "LoopActor | None" = None, run_queue: RunQueue | None = None) -> None:
        """`actor` handles the messages, and `run_queue` gives it a turn for each."""
        self.waiting: list[Waiting] | None = None
        """The messages; None where there is none."""
        self._actor = actor
        self.run_queue = run_queue
        self.stopped = False
        """Whether the actor has stopped."""

    def __len__(self) -> int:
        return len(self.waiting or ())

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add a message. Never blocks, and has no bound: senders look at `len` before."""
        self.add(envelope.message, cast("Reply | None", envelope.reply_to))

    def add(self, message: Any, reply_to: Reply | None) -> None:
        """`put` without an envelope."""
        if self.waiting is None:
            self.waiting = [(message, reply_to)]
        else:
            self.waiting.append((message, reply_to))
        if self._actor is not None and self.run_queue is not None:
            self.run_queue.add(self._actor)

    def get(self) -> Envelope[Any]:
        """Take the oldest message."""
        taken = self.take()
        if taken is None:
            raise IndexError("there is no message")
        message, reply_to = taken
        return Envelope(message, cast("pykka.Future[Any] | None", reply_to))

    def take(self) -> Waiting | None:
        """Take the oldest message, if there is one."""
        waiting = self.waiting
        if waiting is None:
            return None
        if len(waiting) > 1:
            return waiting.pop(0)
        self.waiting = None
        return waiting[0]

    def empty(self) -> bool:
        """Whether there is no message."""
        return not self.waiting

    def disown(self) -> None:
        """Give no actor a turn any more."""
        self._actor = None

    def is_set(self) -> bool:
        """Whether the actor has stopped."""
        return self.stopped

    def set(self) -> None:
        """Note that the actor has stopped."""
        self.stopped = True


class LoopActorRef(ActorRef[A]):
    """The ref of an actor on the loop: as any `pykka.ActorRef`, with a shorter way to ask.

    The loop can't wait for itself, so asking with `block=True` raises `WouldBlockError`.
    """

    actor_inbox: LoopInbox

    @override
    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        future = LoopFuture()
        if self.actor_stopped.is_set():
            future.set_exception((ActorDeadError, ActorDeadError(f"{self} not found"), None))
        else:
            self.actor_inbox.add(message, cast(Reply, future))
        return future.get(timeout=timeout) if block else future


class LoopActor(pykka.Actor):
    """An actor on the event loop, to be subclassed like any `pykka.Actor`."""

    actor_inbox: LoopInbox
    _actor_urn: str | None = None
    _actor_ref: "LoopActorRef[Any] | None" = None  # type: ignore[assignment]

    def __init__(self, run_queue: RunQueue) -> None:
        self.actor_inbox = LoopInbox(self, run_queue)

    @property
    @override
    def actor_urn(self) -> str:  # type: ignore[override]
        if self._actor_urn is None:
            run_queue = self.actor_inbox.run_queue
            assert run_queue is not None, "it is set when the actor is made"
            self._actor_urn = f"urn:loop-actor:{next(run_queue.numbers)}"
        return self._actor_urn

    @property
    @override
    def actor_stopped(self) -> LoopInbox:  # type: ignore[override]
        return self.actor_inbox

    @property
    @override
    def actor_ref(self) -> "LoopActorRef[Self]":
        if self._actor_ref is None:
            self._actor_ref = LoopActorRef(self)
        return self._actor_ref

    def ask_for(self, message: Any, reply_to: Reply) -> None:
        """`ActorRef.ask` without a ref, and with a reply that the caller brings along.

        The actor must not have stopped.
        """
        self.actor_inbox.add(message, reply_to)

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> ActorRef[Self]:
        """Start an actor and return its ref, which keeps it alive; it is in no registry."""
        actor = cls(*args, **kwargs)
        actor._start_actor_loop()
        return actor.actor_ref

    @staticmethod
    def _create_actor_inbox() -> LoopInbox:  # pykka's class is abstract without it
        return LoopInbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return LoopFuture()

    def _start_actor_loop(self) -> None:
        self._actor_loop_setup()

    def retire(self) -> None:
        """Stop an actor whose inbox is empty, without a message: its refs find it dead.

        Actor, inbox and ref are taken apart, so that all three are freed at once and leave the
        garbage collector nothing to find.
        """
        self.actor_stopped.set()
        self.actor_inbox.disown()
        self._actor_ref = None

    def handle_next(self) -> None:
        """Handle the oldest message, if there is one."""
        inbox = self.actor_inbox
        taken = inbox.take()
        if taken is None:
            return
        message, reply_to = taken
        if inbox.stopped:
            self._refuse(message, reply_to)
            return
        try:
            if type(message) in _PYKKA_MESSAGES:
                value = self._handle_receive(message)
            else:
                value = self.on_receive(message)
        except Exception:  # noqa: BLE001 - it goes to the caller
            self._failed(reply_to, cast(ExcInfo, sys.exc_info()))
        else:
            if reply_to is not None:
                self._reply(reply_to, value)

    def _reply(self, reply_to: Reply, value: Any) -> None:
        """Answer a caller. Subclasses may hold the answer back, but must let it go in the end."""
        reply_to.set(value)

    def _failed(self, reply_to: Reply | None, exc_info: ExcInfo) -> None:
        if reply_to is not None:
            reply_to.set_exception(exc_info)
        else:
            self.on_failure(*exc_info)

    def _refuse(self, message: Any, reply_to: Reply | None) -> None:
        if reply_to is None:
            return
        if isinstance(message, _ActorStop):
            reply_to.set(None)
            return
        dead = ActorDeadError(f"{self.actor_ref} stopped before handling the message")
        reply_to.set_exception((ActorDeadError, dead, None))

    def _stop(self) -> None:
        self.actor_stopped.set()
        self.on_stop()
