"""The API keys in force: those of the file at the start, and later each change of that file."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from authorizer.actors.entity import OffLoop
from authorizer.console.access.people import People
from authorizer.http.access.control import Access
from authorizer.http.access.rate import RateLimit, Rates
from authorizer.http.metrics import Metrics
from authorizer.persistence.api_keys import ApiKeysDamagedError, KeyFile
from authorizer.persistence.keys_in_force import InForce
from authorizer.persistence.users import UserFile
from authorizer.runtime.running import Running
from authorizer.settings.model import Settings

FOLLOW_KEYS_SECONDS: Final = 0.25
"""How long a changed key may take to be in force."""

log = structlog.get_logger()


def access_for(settings: Settings, running: Running, key_file: KeyFile, metrics: Metrics) -> Access:
    """The access that the key file gives. Without keys it is open, on loopback only."""
    access = Access(
        key_file.keys,
        running.clock.wall_us,
        Rates(
            RateLimit(settings.rate_limit_per_second, settings.rate_limit_burst),
            running.clock.monotonic_ns,
        ),
        metrics.denied,
        open_without_keys=settings.is_loopback,
    )
    metrics.gauge("authorizer_api_keys", "API keys that are active.", lambda: access.active_keys)
    if access.is_open:
        log.warning("no API key is configured: anybody on this machine may do anything")
    else:
        log.info("API keys are needed", keys=len(key_file.keys), active=access.active_keys)
    return access


async def follow_keys(
    key_file: KeyFile, in_force: InForce, access: Access, off_loop: OffLoop
) -> None:
    """Look for changes of the key file, put them in force, and say so on disk. Never returns."""

    def replace() -> None:
        access.replace(key_file.keys)
        log.info("API keys changed", keys=len(key_file.keys), active=access.active_keys)

    await _follow(
        key_file,
        in_force,
        replace,
        off_loop,
        lambda problem: log.error(
            "the API keys as they were read last stay in force", problem=problem
        ),
        lambda problem: log.error("which API keys are in force could not be told", problem=problem),
    )


async def follow_users(
    user_file: UserFile, in_force: InForce, people: People, off_loop: OffLoop
) -> None:
    """The same of the file of people."""

    def replace() -> None:
        people.replace(user_file.users)
        log.info("people changed", people=len(user_file.users), active=people.active)

    await _follow(
        user_file,
        in_force,
        replace,
        off_loop,
        lambda problem: log.error(
            "the people as they were read last stay in force", problem=problem
        ),
        lambda problem: log.error("which people are in force could not be told", problem=problem),
    )


class _File(Protocol):
    """A file that is followed."""

    @property
    def digest(self) -> str:
        """What names its content as it was read last."""

    def changed(self) -> bool:
        """Read it again; whether it is another one now."""


async def _follow(
    file: _File,
    in_force: InForce,
    replace: Callable[[], None],
    off_loop: OffLoop,
    unread: Callable[[str], None],
    untold: Callable[[str], None],
) -> None:
    logged = ""
    while True:
        await asyncio.sleep(FOLLOW_KEYS_SECONDS)
        try:
            changed = await off_loop(file.changed)
        except (ApiKeysDamagedError, OSError) as error:
            if str(error) != logged:
                unread(str(error))
            logged = str(error)
            continue
        if changed:
            replace()
        try:
            await off_loop(in_force.say, file.digest)
        except OSError as error:
            if str(error) != logged:
                untold(str(error))
            logged = str(error)
            continue
        logged = ""
