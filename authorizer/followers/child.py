"""The follower's process itself: JSON lines in and out, from its start to the end of its input."""

import os
import sys
import threading
import time
from typing import Final

import structlog

from authorizer.followers.wire import message
from authorizer.followers.worker import END_SECONDS, Answerer, Following, Worker

NICENESS: Final = 15
"""Purchases come first."""
SWITCH_SECONDS: Final = 0.0002
"""A query gives the interpreter up a hundred times, and waits so long for it each time."""

log = structlog.get_logger()


def run(follower: Answerer, feed: Following) -> None:
    """Follow and answer until standard input ends, so that the process never outlives its server.

    Call it when everything is loaded: from here on its threads yield to others. Standard output
    belongs to the messages, so logs must go elsewhere.

    Raises:
        TimeoutError: the feed is still at work, and may take in events yet.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    worker = Worker(follower, feed, _say, time.monotonic, _yield_to_others)
    running = threading.Thread(target=_work, args=(worker,), name="feed", daemon=True)
    running.start()
    for line in sys.stdin.buffer:
        worker.take(message(line))
    worker.end()
    running.join(END_SECONDS)
    if running.is_alive():
        raise TimeoutError("the follower's feed did not end in time")


def _work(worker: Worker) -> None:
    """Do the worker's work. A bug ends the process, and the server starts another one."""
    try:
        worker.run()
    except Exception:
        log.exception("a bug in a follower's process")
        os._exit(1)


def _yield_to_others() -> None:
    """Have this thread yield: on Linux each has a niceness of its own, which it can't take back."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _say(line: bytes) -> None:
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # the server is gone: standard input ends too
        return
