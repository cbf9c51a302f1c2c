"""The server: recovery, then HTTP on one event loop, then an orderly end."""

import asyncio
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
import uvicorn
import uvloop

from authorizer import logs
from authorizer.actors.access_trail import AccessTrail
from authorizer.actors.clock import ClockState
from authorizer.actors.directory import BrokenEntityError
from authorizer.actors.entity import OffLoop
from authorizer.followers.reports.client import NoReports, Reports, ReportsProcess
from authorizer.http.access.control import Access
from authorizer.http.access.rate import RateLimit, Rates
from authorizer.http.access.search_rates import SearchRates
from authorizer.http.app import Services, make_app
from authorizer.http.connection.protocol import Protocol
from authorizer.http.metrics import Metrics
from authorizer.http.transactions import App
from authorizer.persistence.api_keys import ApiKeysDamagedError, KeyFile
from authorizer.persistence.keys_in_force import InForce
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.access_log import FOLDER as ACCESS_LOG
from authorizer.persistence.privacy.access_log import AccessLog
from authorizer.persistence.state.recovery import Recovered
from authorizer.runtime.clock_log import log_clock
from authorizer.runtime.collector import calm_the_collector
from authorizer.runtime.running import Running, run
from authorizer.runtime.watch import make_search_ready, tell_of_old_ids, watch_places
from authorizer.runtime.world import real_world
from authorizer.settings import Settings, other_variables

EXIT_JOURNAL_FAILED: Final = os.EX_IOERR
DRAIN_SECONDS: Final = 15
STALLED_SECONDS: Final = 5.0
FOLLOW_KEYS_SECONDS: Final = 0.25
"""Whoever changes a key waits for this."""
ACCEPT_SECONDS: Final = 2.0
"""How long a drain goes on letting in those that the system has let in."""
BACKLOG: Final = 4096
ACCEPTED_AT_ONCE: Final = 16
MAX_CONNECTIONS: Final = 50_000
RESERVED_FILES: Final = 64

log = structlog.get_logger()


class Server(uvicorn.Server):
    """uvicorn, which leaves the signals to us: SIGTERM drains and then ends with status 0."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn. Connections that the system has taken in for us are accepted first."""
        for listening in sockets or ():
            await _accept_all(listening)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing to capture."""
        yield


def uvicorn_config(
    app: App | Any, http: Any = Protocol, keep_alive_seconds: int = 75
) -> uvicorn.Config:
    """How uvicorn runs the application; benchmarks compare under the same settings.

    `http` is the protocol: ours, or uvicorn's own under the name `httptools`.
    """
    return uvicorn.Config(
        app,
        loop="none",
        http=http,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=keep_alive_seconds,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def serve(
    settings: Settings,
    disk: LocalDisk,
    recovered: Recovered,
    listening: socket.socket,
    announce: Callable[[str], None],
    *,
    trust_clock: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT; then answer what was received, take a snapshot and return.

    The data folder must be locked. If the journal can't be written the process ends at once, with
    status `EXIT_JOURNAL_FAILED` and without another answer.
    """
    raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, disk, recovered, listening, announce, trust_clock))


async def _serve(
    settings: Settings,
    disk: LocalDisk,
    recovered: Recovered,
    listening: socket.socket,
    announce: Callable[[str], None],
    trust_clock: bool,
) -> None:
    world = real_world(disk, _end_at_once)
    async with run(settings, world, recovered, trust_clock) as running:
        metrics = _metrics(running)
        reports = _reports(settings, running, metrics)
        watch = Watch(running, reports)
        in_force = InForce(disk)
        key_file = KeyFile(disk)
        access = access_for(settings, running, key_file, metrics)
        in_force.say(key_file.digest)
        trail = AccessTrail(AccessLog(LocalDisk(settings.data / ACCESS_LOG)), world.off_loop)
        app = make_app(
            Services(
                running.desk,
                running.clock,
                running.admission,
                metrics,
                watch.health,
                access,
                SearchRates(
                    settings.search_hits_per_minute,
                    settings.masked_searches_per_hour,
                    running.clock.monotonic_ns,
                    metrics.denied,
                ),
                settings.max_in_flight,
                settings.attendant_limit_ceiling_cents,
                trail,
                reports,
                settings.desk_hours,
            )
        )
        server = Server(uvicorn_config(app, keep_alive_seconds=settings.keep_alive_seconds))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, watch.drain, server)
        loop.add_signal_handler(signal.SIGUSR1, watch.ask_for_snapshot)
        loop.add_signal_handler(signal.SIGUSR2, watch.confirm_clock)
        calm_the_collector()
        housekeeping = loop.create_task(watch.run())
        indexing = loop.create_task(make_search_ready(running))
        following = loop.create_task(follow_keys(key_file, in_force, access, world.off_loop))
        watching = loop.create_task(watch_places(running, world))
        forgetting = loop.create_task(running.old_ids.run(tell_of_old_ids))
        async with reports.at_work():
            announce(_url(listening))
            await server.serve(sockets=[listening, *more_ears(listening)])
        following.cancel()
        in_force.close()
        indexing.cancel()
        forgetting.cancel()
        watch.end()
        await housekeeping
        await watch.snapshot()
        await trail.close()
        watching.cancel()
    log.info("ended", position=running.commit.durable, head=running.commit.chain.hex())


class Watch:
    """Looks after it once a second: snapshots, a disk that stalls, a clock that jumps."""

    def __init__(self, running: Running, reports: Reports) -> None:
        self._running = running
        self._reports = reports
        self._draining = False
        self._ending = False
        self._snapshot_asked = False
        self._called = asyncio.Event()
        self._snapshot: asyncio.Task[None] | None = None
        self._durable = running.commit.durable
        self._stalled_since: float | None = None
        self._clock_state = running.clock.state()

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether it is ready to authorize, and what is to be known of it."""
        running = self._running
        stalled = self._stalled()
        return not self._draining and not stalled, {
            "accounts": len(running.desk.accounts),
            "position": running.commit.durable,
            "head": running.commit.chain.hex(),
            "draining": self._draining,
            "stalled": stalled,
            "clock": {
                "state": running.clock.state().value,
                "wall_ahead_seconds": round(running.clock.wall_ahead_seconds(), 3),
            },
            "reports": {"running": self._reports.running, "position": self._reports.position},
        }

    def drain(self, server: uvicorn.Server) -> None:
        """Take no more connections, answer what was received, then end; called twice, end now."""
        if self._draining:
            log.warning("ending without waiting for the requests under way")
            server.force_exit = True
            return
        log.info("draining")
        self._draining = True
        server.should_exit = True

    def ask_for_snapshot(self) -> None:
        """Have a snapshot taken now."""
        self._snapshot_asked = True
        self._called.set()

    def confirm_clock(self) -> None:
        """Believe the wall clock: an operator says that it is right."""
        clock = self._running.clock
        log.warning("wall clock confirmed", wall_ahead_seconds=round(clock.wall_ahead_seconds(), 3))
        clock.confirm()
        self._clock_state = log_clock(clock, self._clock_state)

    def end(self) -> None:
        """Have `run` return, once a snapshot that is being taken is there."""
        self._ending = True
        self._called.set()

    async def run(self) -> None:
        """Look every second, and whenever called, until `end`."""
        while not self._ending:
            await _until(self._called.wait(), seconds=1)
            self._called.clear()
            self._look_at_the_journal()
            self._running.clock.look()
            self._clock_state = log_clock(self._running.clock, self._clock_state)
            taking = self._snapshot is not None and not self._snapshot.done()
            if not taking and (self._snapshot_asked or self._running.snapshots.due()):
                self._snapshot_asked = False
                self._snapshot = asyncio.create_task(self.snapshot())
        if self._snapshot is not None:
            await self._snapshot

    async def snapshot(self) -> None:
        """Take a snapshot; one that fails costs time at the next start, and nothing else."""
        try:
            taken = await self._running.snapshots.take()
        except (OSError, BrokenEntityError) as error:
            log.error("snapshot not taken", problem=str(error))
            return
        if taken is not None:
            log.info("snapshot taken", **taken._asdict())

    def _look_at_the_journal(self) -> None:
        commit = self._running.commit
        moved = commit.durable != self._durable or commit.durable == commit.appended
        self._durable = commit.durable
        if moved:
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = asyncio.get_running_loop().time()

    def _stalled(self) -> bool:
        since = self._stalled_since
        return since is not None and asyncio.get_running_loop().time() - since >= STALLED_SECONDS


async def follow_keys(
    key_file: KeyFile, in_force: InForce, access: Access, off_loop: OffLoop
) -> None:
    """Look again and again whether the API keys were changed, put them in force, and say so."""
    told = ""
    while True:
        await asyncio.sleep(FOLLOW_KEYS_SECONDS)
        try:
            changed = await off_loop(key_file.changed)
        except (ApiKeysDamagedError, OSError) as error:
            if str(error) != told:
                log.error("the API keys as they were read last stay in force", problem=str(error))
            told = str(error)
            continue
        if changed:
            access.replace(key_file.keys)
            log.info("API keys changed", keys=len(key_file.keys), active=access.active_keys)
        try:
            await off_loop(in_force.say, key_file.digest)
        except OSError as error:
            if str(error) != told:
                log.error("which API keys are in force could not be told", problem=str(error))
            told = str(error)
            continue
        told = ""


def access_for(settings: Settings, running: Running, key_file: KeyFile, metrics: Metrics) -> Access:
    """Who is let in. Without keys it is open on loopback only, whatever the command let pass."""
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


def _reports(settings: Settings, running: Running, metrics: Metrics) -> ReportsProcess | NoReports:
    if not settings.reports:
        return NoReports()
    command = [sys.executable, "-m", "authorizer", "reports", "follow"]
    command += ["--data", str(settings.data)]
    command += ["--time-zone", settings.time_zone]
    command += ["--log-format", settings.log_format, "--log-level", settings.log_level]
    environment = other_variables()
    if settings.reports_url is not None:  # it may hold a password, and command lines are public
        environment["AUTHORIZER_REPORTS_URL"] = settings.reports_url
    commit = running.commit
    reports = ReportsProcess(
        command, environment, lambda: commit.durable, settings.reports_wait_ms / 1000
    )
    metrics.gauge(
        "authorizer_reports_lag_records",
        "Durable records that are not yet in the reports' tables.",
        lambda: max(0, commit.durable - reports.position),
    )
    metrics.gauge(
        "authorizer_reports_running",
        "Whether the reports' process runs.",
        lambda: float(reports.running),
    )
    return reports


def raise_file_limit() -> None:
    """Let the process have as many files as it may, and keep some of them from connections.

    The journal opens a file whenever it begins a segment; without one the process must end.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Protocol.max_connections = max(1, min(hard - RESERVED_FILES, MAX_CONNECTIONS))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. OSError if the address can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def more_ears(listening: socket.socket) -> list[socket.socket]:
    """The same socket again: libuv accepts one connection a round for each that it listens on.

    With one, a burst of new connections under load would wait for seconds to be accepted.
    """
    return [listening.dup() for _ in range(ACCEPTED_AT_ONCE - 1)]


def _metrics(running: Running) -> Metrics:
    metrics = Metrics()
    commit, desk = running.commit, running.desk
    directories = (desk.accounts, desk.customers, desk.tickets.directory)
    commit.on_commit = metrics.committed
    metrics.counter(
        "authorizer_log_lines_lost",
        "Log lines that found no room, or could not be written.",
        lambda: logs.counts().lost,
    )
    metrics.counter(
        "authorizer_log_lines_left_out",
        "Log lines that repeated others and were summed up.",
        lambda: logs.counts().left_out,
    )
    metrics.counter(
        "authorizer_connections_refused",
        "Connections that were one too many.",
        lambda: Protocol.refused[0],
    )
    metrics.counter(
        "authorizer_connections_cut_off",
        "Connections that were closed because their client did not read its answers.",
        lambda: Protocol.unread.cut_off,
    )
    metrics.gauge(
        "authorizer_resident_actors",
        "Accounts, customers and tickets that are awake.",
        lambda: sum(one.resident for one in directories),
    )
    metrics.gauge("authorizer_accounts", "Accounts there are.", lambda: len(desk.accounts))
    metrics.gauge(
        "authorizer_queue_depth",
        "Messages that wait in inboxes.",
        desk.queued,
    )
    admission = running.admission
    metrics.gauge(
        "authorizer_purchases_under_way",
        "Purchases that were taken and are not yet answered.",
        lambda: admission.under_way,
    )
    metrics.gauge(
        "authorizer_expected_answer_seconds",
        "How long a purchase that comes now is expected to wait for its answer.",
        lambda: admission.expected_ns() / 1e9,
    )
    metrics.gauge(
        "authorizer_loop_seconds_each",
        "What a purchase is expected to take of the event loop's time.",
        lambda: admission.each_ns / 1e9,
    )
    metrics.gauge(
        "authorizer_old_ids_forgotten",
        "Ids past their retention that were taken out of memory since the start.",
        lambda: running.old_ids.forgotten,
    )
    metrics.gauge(
        "authorizer_old_ids_rounds",
        "Walks along all accounts, to find such ids, since the start.",
        lambda: running.old_ids.rounds,
    )
    metrics.gauge(
        "authorizer_journal_undurable_records",
        "Records that are appended and not yet on disk.",
        lambda: commit.appended - commit.durable,
    )
    clock = running.clock
    metrics.gauge(
        "authorizer_clock_wall_ahead_seconds",
        "How far the wall clock is ahead of the time of events; negative: behind.",
        clock.wall_ahead_seconds,
    )
    metrics.gauge(
        "authorizer_clock_agrees",
        "Whether the wall clock is believed: 0 while it is too far ahead or behind.",
        lambda: float(clock.state() is ClockState.AGREES),
    )
    metrics.gauge(
        "authorizer_journal_position", "The newest durable record.", lambda: commit.durable
    )
    return metrics


def _end_at_once(error: BaseException) -> None:
    """Nothing may be answered any more: what memory says may not be on disk."""
    try:
        log.critical(
            "the journal could not be written; ending without an answer", problem=str(error)
        )
        logs.flush()
    finally:
        os._exit(EXIT_JOURNAL_FAILED)


async def _accept_all(listening: socket.socket) -> None:
    """Let the loop accept whoever waits; it takes one in each of its turns."""
    listening.listen(0)  # no more than one is added at a time from now on
    waiting = select.poll()
    waiting.register(listening, select.POLLIN)
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + ACCEPT_SECONDS
    while waiting.poll(0) and loop.time() < ends_at:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    await asyncio.sleep(0)  # whoever was accepted last is a connection then


async def _until(waiting: Awaitable[Any], seconds: float) -> None:
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
