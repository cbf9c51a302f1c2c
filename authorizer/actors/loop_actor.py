"""A pykka actor that runs on the event loop instead of a thread of its own.

The only file that touches pykka's internals (4.5): the three hooks of `pykka.Actor` and what its
`ActorRef` reads. What differs from `pykka.ThreadingActor`, on purpose:

- A message is handled in a later step of the loop, never in the middle of its sender.
- A reply may be held back after the handler returned (`_reply`): ours wait for durability.
- A handler that raises answers its caller with the exception and the actor goes on, also for
  messages that nobody waits for (`on_failure` is told); a BaseException ends the program, not
  «all actors».
- Nothing is registered in `pykka.ActorRegistry`, whose `unregister` is linear; whoever starts an
  actor keeps its ref.
- An idle actor holds no lock, condition, uuid or deque, and neither name nor ref before one asks.
"""

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar, cast

import pykka
from pykka import ActorDeadError, ActorRef
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr, _ActorStop

MAX_STEP: Final = 128
"""Messages that one step of the loop handles: a millisecond or two."""

_PYKKA_MESSAGES = (_ActorStop, ProxyCall, ProxyGetAttr, ProxySetAttr)

A = TypeVar("A", bound=pykka.Actor)
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Reply(Protocol):
    """What an answer is given to, once: a future, or whatever is told of it at once.

    Neither method may raise.
    """

    def set(self, value: Any = None) -> None:
        """Take the answer."""

    def set_exception(self, exc_info: Any = None) -> None:
        """Take the exception that the handler raised."""


class WouldBlockError(RuntimeError):
    """The loop was asked to wait for something that only the loop can bring about."""


class LoopFuture(pykka.Future[Any]):
    """A reply that is awaited; `get` gives what is there and never blocks."""

    _get_hook = None

    _done = False
    _value: Any = None
    _exception: BaseException | None = None
    _waiters: tuple[asyncio.Future[None], ...] = ()

    def __init__(self) -> None:
        """Set nothing: the base class's fields are for hooks, and ours have defaults."""

    def set(self, value: Any = None) -> None:
        """Let the value go to whoever awaits it. RuntimeError if there was one before."""
        if self._done or self._get_hook is not None:
            raise RuntimeError("the future has its result already")
        self._done = True
        self._value = value
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def set_exception(self, exc_info: Any = None) -> None:
        """Let an exception go to whoever awaits the future: the one being handled, or this one."""
        _, exception, _ = exc_info or sys.exc_info()
        self._exception = exception
        self.set(None)

    def set_get_hook(self, func: Callable[[float | None], Any]) -> None:
        """See `pykka.Future`."""
        if self._done:
            raise RuntimeError("the future has its result already")
        super().__init__()
        super().set_get_hook(func)

    def get(self, *, timeout: float | None = None) -> Any:
        """The value, or raise the exception.

        Raises:
            WouldBlockError: neither is there yet. Waiting here would stop the loop for good.
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._done:
            raise WouldBlockError("a reply on the loop is awaited, not waited for")
        if self._exception is not None:
            raise self._exception
        return self._value

    def __await__(self) -> Generator[Any, None, Any]:
        if not self._done and self._get_hook is None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters += (waiter,)
            yield from waiter
        while True:
            try:
                return self.get()
            except WouldBlockError:  # a hook looks at another future: again in the next step
                yield


class RunQueue:
    """The messages that wait in all inboxes, in the order they came: their actors, one for each.

    A step of the loop handles those that were there before it, up to `MAX_STEP`; so sockets are
    read and answers written in between, however many wait. `call_soon` is the loop's; a simulation
    passes its own and decides the order of steps. `drained` is called at the end of a step, and
    `stepped` is told how many messages it handled, and whether it left some.
    """

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        drained: Callable[[], object] = lambda: None,
        stepped: Callable[[int, bool], object] = lambda _handled, _more: None,
    ) -> None:
        self._call_soon = call_soon
        self._drained = drained
        self._stepped = stepped
        self._ready: deque[LoopActor] = deque()
        self._scheduled = False

    def add(self, actor: "LoopActor") -> None:
        """Have an actor handle one message more."""
        self._ready.append(actor)
        if not self._scheduled:
            self._scheduled = True
            self._call_soon(self._step)

    def __len__(self) -> int:
        return len(self._ready)

    def _step(self) -> None:
        ready = self._ready
        handled = min(len(ready), MAX_STEP)
        for _ in range(handled):
            ready.popleft().handle_next()
        if ready:
            self._call_soon(self._step)
        else:
            self._scheduled = False
        self._drained()
        self._stepped(handled, self._scheduled)


class LoopInbox:
    """Messages in the order they came. Whoever puts one in has its actor drained.

    It is as well what pykka asks whether the actor has stopped: one object less for each actor.
    """

    __slots__ = ("_actor", "_envelopes", "_run_queue", "_stopped")

    def __init__(self) -> None:
        self._envelopes: list[Envelope[Any]] | None = None
        self._actor: LoopActor | None = None
        self._run_queue: RunQueue | None = None
        self._stopped = False

    def __len__(self) -> int:
        return len(self._envelopes or ())

    def belongs_to(self, actor: "LoopActor", run_queue: RunQueue) -> None:
        """Say whose inbox this is."""
        self._actor = actor
        self._run_queue = run_queue

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add a message. Never blocks; whoever sends looks at `len` for its bound."""
        if self._envelopes is None:
            self._envelopes = [envelope]
        else:
            self._envelopes.append(envelope)
        if self._actor is not None and self._run_queue is not None:
            self._run_queue.add(self._actor)

    def get(self) -> Envelope[Any]:
        """Take the oldest message."""
        taken = self.take()
        if taken is None:
            raise IndexError("there is no message")
        return taken

    def take(self) -> Envelope[Any] | None:
        """Take the oldest message, if there is one."""
        envelopes = self._envelopes
        if envelopes is None:
            return None
        if len(envelopes) > 1:
            return envelopes.pop(0)
        self._envelopes = None
        return envelopes[0]

    def empty(self) -> bool:
        """Whether there is no message."""
        return not self._envelopes

    def disown(self) -> None:
        """Belong to nobody any more."""
        self._actor = None

    def is_set(self) -> bool:
        """Whether the actor has stopped."""
        return self._stopped

    def set(self) -> None:
        """Say that the actor has stopped."""
        self._stopped = True


class LoopActorRef(ActorRef[A]):
    """The ref of an actor on the loop: as any `pykka.ActorRef`, with a shorter way to ask.

    On the loop nobody can wait, so asking with `block=True` raises `WouldBlockError`.
    """

    actor_inbox: LoopInbox

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        """See `pykka.ActorRef`."""
        future = LoopFuture()
        if self.actor_stopped.is_set():
            future.set_exception((ActorDeadError, ActorDeadError(f"{self} not found"), None))
        else:
            self.actor_inbox.put(Envelope(message, future))
        return future.get(timeout=timeout) if block else future


class LoopActor(pykka.Actor):
    """An actor on the event loop, to be subclassed like any `pykka.Actor`."""

    _numbers = itertools.count(1)

    actor_inbox: LoopInbox
    _actor_urn: str | None = None
    _actor_ref: "LoopActorRef[Any] | None" = None  # type: ignore[assignment]

    def __init__(self, run_queue: RunQueue) -> None:
        self.actor_inbox = self._create_actor_inbox()
        self.actor_inbox.belongs_to(self, run_queue)

    @property
    def actor_urn(self) -> str:  # type: ignore[override]
        """See `pykka.Actor`."""
        if self._actor_urn is None:
            self._actor_urn = f"urn:loop-actor:{next(self._numbers)}"
        return self._actor_urn

    @property
    def actor_stopped(self) -> LoopInbox:  # type: ignore[override]
        """See `pykka.Actor`."""
        return self.actor_inbox

    @property
    def actor_ref(self) -> "LoopActorRef[Self]":
        """See `pykka.Actor`."""
        if self._actor_ref is None:
            self._actor_ref = LoopActorRef(self)
        return self._actor_ref

    def ask_for(self, message: Any, reply_to: Reply) -> None:
        """What `ActorRef.ask` does, without a ref, and with a reply that the caller brings along.

        For whoever holds the actor itself, knows that it has not stopped, and does not wait.
        """
        self.actor_inbox.put(Envelope(message, cast(pykka.Future[Any], reply_to)))

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> ActorRef[Self]:
        """Start an actor and return its ref, which keeps it alive; no registry knows it."""
        actor = cls(*args, **kwargs)
        actor._start_actor_loop()
        return actor.actor_ref

    @staticmethod
    def _create_actor_inbox() -> LoopInbox:
        return LoopInbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return LoopFuture()

    def _start_actor_loop(self) -> None:
        self._actor_loop_setup()

    def retire(self) -> None:
        """Stop without a message, when there is none: refs to the actor find it dead.

        What holds actor, inbox and ref together is undone, so that all three go at once and leave
        the garbage collector nothing to find.
        """
        self.actor_stopped.set()
        self.actor_inbox.disown()
        self._actor_ref = None

    def handle_next(self) -> None:
        """Handle the oldest message, if there is one."""
        inbox = self.actor_inbox
        envelope = inbox.take()
        if envelope is None:
            return
        if inbox.is_set():
            self._refuse(envelope)
        else:
            self._handle(envelope)

    def _handle(self, envelope: Envelope[Any]) -> None:
        try:
            message = envelope.message
            if isinstance(message, _PYKKA_MESSAGES):
                value = self._handle_receive(message)
            else:
                value = self.on_receive(message)
        except Exception:  # noqa: BLE001 - it goes to the caller
            self._failed(envelope, cast(ExcInfo, sys.exc_info()))
        else:
            if envelope.reply_to is not None:
                self._reply(envelope.reply_to, value)

    def _reply(self, reply_to: pykka.Future[Any], value: Any) -> None:
        """Answer a caller. Subclasses may hold the answer back, but must let it go in the end."""
        reply_to.set(value)

    def _failed(self, envelope: Envelope[Any], exc_info: ExcInfo) -> None:
        if envelope.reply_to is not None:
            envelope.reply_to.set_exception(exc_info)
        else:
            self.on_failure(*exc_info)

    def _refuse(self, envelope: Envelope[Any]) -> None:
        if envelope.reply_to is None:
            return
        if isinstance(envelope.message, _ActorStop):
            envelope.reply_to.set(None)
            return
        dead = ActorDeadError(f"{self.actor_ref} stopped before handling the message")
        envelope.reply_to.set_exception((ActorDeadError, dead, None))

    def _stop(self) -> None:
        self.actor_stopped.set()
        self.on_stop()
