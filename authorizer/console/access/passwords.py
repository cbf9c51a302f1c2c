"""Passwords: hashed and checked off the loop, a few at a time."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from authorizer.actors.entity import OffLoop

AT_ONCE: Final = 1
"""Passwords that are hashed at a time. Each takes a core for some 50 ms, and 46 MiB."""
MAX_WAITING: Final = 32
"""Log-ins that wait for their turn; one more is refused."""
MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 128
NOBODY: Final = (
    "$argon2id$v=19$m=47104,t=1,p=1$"
    "Y2FyZC1hdXRob3JpemVyIQ$YD1PkHKdFlXFNNIzmDhVDZkRRYB+VRkOgf/q9cKzZ3I"
)
"""Checked where nobody has the name, so that both take the same time. No password meets it."""


class TooManyLogInsError(Exception):
    """As many log-ins wait as may; it can be tried again in a while."""


def hasher() -> PasswordHasher:
    """Argon2id by the first recommendation of OWASP's Password Storage Cheat Sheet."""
    return PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)


class Passwords:
    """Hashes and checks passwords. Argon2 lets go of the interpreter's lock meanwhile."""

    def __init__(self, off_loop: OffLoop) -> None:
        self._off_loop = off_loop
        self._hasher = hasher()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def matches(self, password_hash: str, password: str) -> bool:
        """Whether a password is the one that was hashed. TooManyLogInsError."""
        matches: bool = await self._done(self._matches, password_hash, password)
        return matches

    async def hashed(self, password: str) -> str:
        """The hash of a password, in the PHC string format. TooManyLogInsError."""
        made: str = await self._done(self._hasher.hash, password)
        return made

    async def _done(self, call: Callable[..., Any], *arguments: str) -> Any:
        if self._waiting >= MAX_WAITING:
            raise TooManyLogInsError
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.shield(asyncio.ensure_future(self._off_loop(call, *arguments)))
        finally:
            self._waiting -= 1

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
