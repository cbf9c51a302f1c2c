"""The server's life: its parts put together around HTTP, and taken apart in order at the end."""

import asyncio
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog
import uvloop

from authorizer.actors.access_trail import AccessTrail
from authorizer.http.access.search_rates import SearchRates
from authorizer.http.app import Services, make_app
from authorizer.http.connection.connections import Connections
from authorizer.http.connection.protocol import Protocol
from authorizer.http.connection.request_id import RequestIds
from authorizer.logs.root import flush_logs
from authorizer.persistence.api_keys import KeyFile
from authorizer.persistence.keys_in_force import USERS_IN_FORCE, InForce
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.access_log import FOLDER as ACCESS_LOG
from authorizer.persistence.privacy.access_log import AccessLog
from authorizer.persistence.state.recovery import Recovered
from authorizer.persistence.users import UserFile
from authorizer.runtime.collector import calm_the_collector
from authorizer.runtime.disk_watch import DiskWatch
from authorizer.runtime.limits import velocity_limits
from authorizer.runtime.running import run
from authorizer.runtime.watch import make_search_ready, tell_of_old_ids, watch_places
from authorizer.runtime.world import World
from authorizer.server.access import access_for, follow_keys, follow_users
from authorizer.server.backups import Backups
from authorizer.server.console import people_of, routes_of
from authorizer.server.events import event_streams, events_process
from authorizer.server.health import Health
from authorizer.server.housekeeping import Housekeeping
from authorizer.server.metrics import metrics_of
from authorizer.server.old_segments import JournalFoundDamagedError, old_segments_of
from authorizer.server.reports import reports_process
from authorizer.server.signals import drain, handle_signals
from authorizer.server.sockets import duplicates, listen, raise_file_limit, url_of
from authorizer.server.uvicorn_server import UvicornServer, uvicorn_config
from authorizer.settings.model import Settings

EXIT_JOURNAL_FAILED: Final = os.EX_IOERR

log = structlog.get_logger()


def serve_until_signal(
    settings: Settings,
    world: World,
    recovered: Recovered,
    bound: socket.socket,
    announce: Callable[[str], None],
    *,
    trust_clock: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT; then answer what was received, take a snapshot and return.

    The socket is `bound`, and listens once all is ready. The data folder must be locked. If the
    journal can't be written the process ends at once, with status `EXIT_JOURNAL_FAILED` and without
    another answer.

    Raises:
        AddressTakenError: another program listens there by now.
        JournalFoundDamagedError: damage in old segments has ended it, as a signal does.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, world, recovered, bound, announce, trust_clock))


async def _serve(
    settings: Settings,
    world: World,
    recovered: Recovered,
    bound: socket.socket,
    announce: Callable[[str], None],
    trust_clock: bool,
) -> None:
    connections = Connections(raise_file_limit())
    disk = LocalDisk(settings.data)
    async with run(settings, world, recovered, trust_clock=trust_clock) as running:
        room = running.around.disk_room
        disk_watch = DiskWatch(running, world, partial(running.record_policy, settings))
        await disk_watch.begin()
        metrics = metrics_of(running, connections)
        reports = reports_process(settings, running, metrics)
        old_segments = old_segments_of(settings, recovered, lambda: drain(server, health))
        health = Health(running, reports, old_segments)
        events = events_process(settings, running)
        housekeeping = Housekeeping(running, health)
        in_force = InForce(disk)
        key_file = KeyFile(disk)
        access = access_for(settings, running, key_file, metrics)
        in_force.say(key_file.digest)
        trail = AccessTrail(AccessLog(LocalDisk(settings.data / ACCESS_LOG)), world.off_loop)
        user_file, users_in_force = UserFile(disk), InForce(disk, USERS_IN_FORCE)
        people = people_of(user_file, running, world.off_loop, metrics)
        users_in_force.say(user_file.digest)
        backups = Backups(disk, metrics)
        services = Services(
            actors=running.actors,
            clock=running.clock,
            purchases=running.purchases,
            batches=running.batches,
            limits=velocity_limits(running, reports),
            metrics=metrics,
            health=health.answer,
            access=access,
            request_ids=RequestIds(world.random),
            search_rates=SearchRates(
                settings.search_hits_per_minute,
                settings.masked_searches_per_hour,
                running.clock.monotonic_ns,
                metrics.denied,
            ),
            limit_ceiling_cents=settings.attendant_limit_ceiling_cents,
            trail=trail,
            reports=reports,
            event_streams=event_streams(events, running, health, metrics),
            desk_hours=settings.desk_hours,
            off_loop=world.off_loop,
        )
        console = routes_of(services, people, backups, disk, world.off_loop)
        app = make_app(services, console)
        http = partial(Protocol, connections)
        server = UvicornServer(uvicorn_config(app, http, settings.keep_alive_seconds))
        handle_signals(server, health, housekeeping)
        calm_the_collector()
        loop = asyncio.get_running_loop()
        keeping_house = loop.create_task(housekeeping.run())
        until_drained = [
            loop.create_task(make_search_ready(running, world)),
            loop.create_task(follow_keys(key_file, in_force, access, world.off_loop)),
            loop.create_task(follow_users(user_file, users_in_force, people, world.off_loop)),
            loop.create_task(backups.follow(world.off_loop)),
            loop.create_task(running.old_ids.run(tell_of_old_ids)),
            loop.create_task(running.archiving.run()),
            loop.create_task(disk_watch.run()),
            loop.create_task(
                running.around.timers.run(running.expire_holds, lambda: room.is_short)
            ),
            loop.create_task(
                running.around.ticket_timers.run(running.escalate, lambda: room.is_short)
            ),
            loop.create_task(old_segments.check()),
        ]
        checking_places = loop.create_task(watch_places(running, world))
        async with reports.at_work(), events.at_work():
            listen(bound)
            announce(url_of(bound))
            await server.serve(sockets=[bound, *duplicates(bound)])
        for task in until_drained:
            task.cancel()
        in_force.close()
        users_in_force.close()
        housekeeping.end()
        await keeping_house
        await housekeeping.take_snapshot()
        await trail.close()
        checking_places.cancel()
    log.info("ended", position=running.commit.durable, head=running.commit.chain.hex())
    if old_segments.has_ended:
        raise JournalFoundDamagedError(old_segments.problem)


def end_process(error: BaseException) -> None:
    """End without another answer: memory may say what is not on disk."""
    try:
        log.critical(
            "the journal could not be written; ending without an answer", problem=str(error)
        )
        flush_logs()
    finally:
        os._exit(EXIT_JOURNAL_FAILED)
