"""The queries that the server has asked of a follower's process, until each has its answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

from authorizer.followers.wire import NoAnswer

MAX_QUERIES: Final = 64
"""Queries that may be under way at once."""


class NoAnswerError(Exception):
    """A query has no answer now; it may be asked again in a while."""

    def __init__(self, reason: NoAnswer) -> None:
        super().__init__(reason.value)
        self.reason = reason


class OpenQueries:
    """The futures of all queries under way, by number."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}

    @contextmanager
    def new(self) -> Iterator[tuple[int, asyncio.Future[Any]]]:
        """Number one more query and make the future of its answer, for as long as it is awaited.

        Raises:
            NoAnswerError: `MAX_QUERIES` are under way.
        """
        if len(self._answers) >= MAX_QUERIES:
            raise NoAnswerError(NoAnswer.BUSY)
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            yield number, answer
        finally:
            del self._answers[number]

    def settle(self, said: dict[str, Any]) -> None:
        """Give a query its answer, unless nothing awaits it any more.

        Raises:
            LookupError, ValueError: the message is no answer.
        """
        answer = self._answers.get(said["id"])
        if answer is None or answer.done():
            return
        if "result" in said:
            answer.set_result(said["result"])
        else:
            answer.set_exception(NoAnswerError(NoAnswer(said["error"])))

    def refuse_all(self, reason: NoAnswer) -> None:
        """Refuse every query under way."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(NoAnswerError(reason))
