"""The people in force, and whether somebody who logs in is who they say."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import NamedTuple

from authorizer.console.access.lock_out import LockOut
from authorizer.console.access.passwords import NOBODY, Passwords
from authorizer.console.access.second_factor import step_of_code
from authorizer.domain.people import PersonStanding, User

ChangeUser = Callable[[str, Callable[[User], User]], Awaitable[None]]
"""Puts what a function makes of a person in their place, on disk and in force."""


class LogIn(Enum):
    """How a log-in ended."""

    DONE = "done"
    REFUSED = "refused"
    """Name, password or code is wrong, or there is no such person, or they may not: all alike."""
    LOCKED = "locked"
    """The name waits; nothing was checked."""


class Tried(NamedTuple):
    """A log-in that was tried: how it ended, and whose name it was, if anybody's."""

    outcome: LogIn
    user: User | None


class People:
    """The people in force."""

    def __init__(
        self,
        users: Sequence[User],
        passwords: Passwords,
        lock_out: LockOut,
        wall_us: Callable[[], int],
    ) -> None:
        """`wall_us` is the time for codes and invitations."""
        self.passwords = passwords
        self._lock_out = lock_out
        self._wall_us = wall_us
        self._by_id: dict[str, User] = {}
        self._newest_step: dict[str, int] = {}
        """The newest code that each has used, by its step: none is good twice."""
        self.replace(users)

    def replace(self, users: Sequence[User]) -> None:
        """Put these people in force, and no others."""
        self._by_id = {user.user_id: user for user in users}

    @property
    def has_any(self) -> bool:
        """Whether there is anybody at all, disabled or not."""
        return bool(self._by_id)

    @property
    def active(self) -> int:
        """How many may log in."""
        now_us = self._wall_us()
        good = (PersonStanding.ACTIVE, PersonStanding.INVITED)
        return sum(user.standing(now_us) in good for user in self._by_id.values())

    def all(self) -> list[User]:
        """All people, oldest first."""
        return list(self._by_id.values())

    def find(self, user_id: str) -> User | None:
        """A person, whether or not they may log in."""
        return self._by_id.get(user_id)

    def standing(self, user: User) -> PersonStanding:
        """Whether somebody may log in now."""
        return user.standing(self._wall_us())

    async def log_in(self, name: str, password: str, code: str) -> Tried:
        """Check what somebody gave. TooManyLogInsError where too many wait for that."""
        user_id = name.strip().lower()
        user = self._by_id.get(user_id)
        if self._lock_out.is_locked(user_id):
            return Tried(LogIn.LOCKED, user)
        kept = NOBODY if user is None else user.password_hash
        matches = await self.passwords.matches(kept, password)
        user = self._by_id.get(user_id)  # it takes a while, and much may change
        if self._lock_out.is_locked(user_id):  # others tried meanwhile
            return Tried(LogIn.LOCKED, user)
        if user is None or not matches or user.password_hash != kept or not self._may(user, code):
            self._lock_out.failed(user_id)
            return Tried(LogIn.REFUSED, user)
        self._lock_out.succeeded(user_id)
        return Tried(LogIn.DONE, user)

    def takes_code(self, user_id: str, secret: str, code: str) -> bool:
        """Whether a code of a secret is good now, and was not used; it is used then."""
        step = step_of_code(secret, code, self._wall_us())
        if step is None or step <= self._newest_step.get(user_id, -1):
            return False
        self._newest_step[user_id] = step
        return True

    def _may(self, user: User, code: str) -> bool:
        standing = self.standing(user)
        if standing is PersonStanding.INVITED:
            return True
        if standing is not PersonStanding.ACTIVE or user.totp_secret is None:
            return False
        return self.takes_code(user.user_id, user.totp_secret, code)
