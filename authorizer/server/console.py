"""The console in the server: its people, as their file has them, and its routes."""

from collections.abc import Callable

from starlette.routing import BaseRoute

from authorizer.actors.entity import OffLoop
from authorizer.console.access.lock_out import LockOut
from authorizer.console.access.passwords import Passwords
from authorizer.console.access.people import People
from authorizer.console.access.sessions import Sessions
from authorizer.console.app import console_routes
from authorizer.domain.people import User
from authorizer.http.app import Services
from authorizer.http.metrics import Metrics
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.users import UserFile, change_user
from authorizer.runtime.running import Running
from authorizer.server.backups import Backups


def people_of(user_file: UserFile, running: Running, off_loop: OffLoop, metrics: Metrics) -> People:
    """The people that their file has."""
    clock = running.clock
    people = People(
        user_file.users, Passwords(off_loop), LockOut(clock.monotonic_ns), clock.wall_us
    )
    metrics.gauge("authorizer_people", "People who may log in.", lambda: people.active)
    return people


def routes_of(
    services: Services, people: People, backups: Backups, disk: LocalDisk, off_loop: OffLoop
) -> list[BaseRoute]:
    """The routes of the console over these services."""
    sessions = Sessions(services.clock.monotonic_ns)
    services.metrics.gauge("authorizer_sessions", "Sessions at the console.", lambda: len(sessions))

    async def change(user_id: str, changed: Callable[[User], User]) -> None:
        users = await off_loop(change_user, disk, user_id, changed)
        if users is not None:
            people.replace(users)

    return console_routes(services, people, sessions, change, backups.places)
