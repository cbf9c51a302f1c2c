"""The server: recovery, then HTTP on one event loop, then an orderly end."""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
import uvicorn
import uvloop

from authorizer import runtime
from authorizer.actors.directory import BrokenEntityError
from authorizer.http.access import Access
from authorizer.http.app import Services, make_app
from authorizer.http.metrics import Metrics
from authorizer.http.protocol import Protocol
from authorizer.http.transactions import App
from authorizer.persistence.disk import LocalDisk
from authorizer.persistence.recovery import Recovered
from authorizer.settings import Settings

EXIT_JOURNAL_FAILED: Final = os.EX_IOERR
DRAIN_SECONDS: Final = 15
STALLED_SECONDS: Final = 5.0
BACKLOG: Final = 4096
MAX_CONNECTIONS: Final = 50_000
RESERVED_FILES: Final = 64

log = structlog.get_logger()


class Server(uvicorn.Server):
    """uvicorn, which leaves the signals to us: SIGTERM drains and then ends with status 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing to capture."""
        yield


def uvicorn_config(app: App | Any, http: Any = Protocol) -> uvicorn.Config:
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
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def serve(
    settings: Settings,
    disk: LocalDisk,
    recovered: Recovered,
    listening: socket.socket,
    announce: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT; then answer what was received, take a snapshot and return.

    The data folder must be locked. If the journal can't be written the process ends at once, with
    status `EXIT_JOURNAL_FAILED` and without another answer.
    """
    raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, disk, recovered, listening, announce))


async def _serve(
    settings: Settings,
    disk: LocalDisk,
    recovered: Recovered,
    listening: socket.socket,
    announce: Callable[[str], None],
) -> None:
    world = runtime.real_world(disk, _end_at_once)
    async with runtime.run(settings, world, recovered) as running:
        metrics = _metrics(running)
        watch = Watch(running)
        app = make_app(
            Services(
                running.desk,
                running.clock,
                metrics,
                watch.health,
                Access(),
                settings.max_in_flight,
            )
        )
        server = Server(uvicorn_config(app))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, watch.drain, server)
        loop.add_signal_handler(signal.SIGUSR1, watch.ask_for_snapshot)
        runtime.calm_the_collector()
        housekeeping = loop.create_task(watch.run())
        announce(_url(listening))
        await server.serve(sockets=[listening])
        watch.end()
        await housekeeping
        await watch.snapshot()
    log.info("ended", position=running.commit.durable, head=running.commit.chain.hex())


class Watch:
    """Looks after the running authorizer, once a second: snapshots, and a disk that stalls."""

    def __init__(self, running: runtime.Running) -> None:
        self._running = running
        self._draining = False
        self._ending = False
        self._snapshot_asked = False
        self._called = asyncio.Event()
        self._snapshot: asyncio.Task[None] | None = None
        self._durable = running.commit.durable
        self._stalled_since: float | None = None

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether it is ready to authorize, and what is to be known of it."""
        running = self._running
        ready = not self._draining and not self._stalled()
        return ready, {
            "accounts": len(running.desk.accounts),
            "position": running.commit.durable,
            "head": running.commit.chain.hex(),
            "draining": self._draining,
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


def _metrics(running: runtime.Running) -> Metrics:
    metrics = Metrics()
    commit, desk = running.commit, running.desk
    commit.on_commit = metrics.committed
    metrics.gauge(
        "authorizer_resident_actors",
        "Accounts and customers that are awake.",
        lambda: desk.accounts.resident + desk.customers.resident,
    )
    metrics.gauge("authorizer_accounts", "Accounts there are.", lambda: len(desk.accounts))
    metrics.gauge(
        "authorizer_queue_depth",
        "Messages that wait in inboxes.",
        lambda: desk.accounts.queued() + desk.customers.queued(),
    )
    metrics.gauge(
        "authorizer_journal_undurable_records",
        "Records that are appended and not yet on disk.",
        lambda: commit.appended - commit.durable,
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
    finally:
        os._exit(EXIT_JOURNAL_FAILED)


async def _until(waiting: Awaitable[Any], seconds: float) -> None:
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
