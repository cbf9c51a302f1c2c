"""The only place where concrete objects are put together: disk, clock, loop, journal, actors."""

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

import structlog

from authorizer.actors.admission import Admission
from authorizer.actors.clock import Clock, ClockState
from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.entity import OffLoop, Surroundings
from authorizer.actors.keys import Keys
from authorizer.actors.old_ids import OldIds, Round
from authorizer.actors.run_queue import RunQueue
from authorizer.actors.snapshots import SnapshotPolicy, Snapshots
from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.policy import Policy
from authorizer.persistence.disk import Disk, LocalDisk
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.recovery import JournalShorterError, Recovered, put_aside, recover
from authorizer.settings import Settings

YOUNG_OBJECTS: Final = 5_000
"""Container objects that may come into being before the collector looks at the young ones."""
YOUNG_COLLECTIONS: Final = 4
"""Such looks before the next one takes in those that the last looks left."""
_USUAL_THRESHOLDS: Final = gc.get_threshold()
NEVER: Final = 1_000_000
"""A number of collections that is not reached."""

KEYS: Final = "keys"
"""The folder of the keys inside the data folder, where the settings name none."""

log = structlog.get_logger()

_UNTOLD: Final = nullcontext[Callable[[int], None]](lambda _: None)


@dataclass(frozen=True, slots=True)
class World:
    """What the authorizer needs from outside. A simulation passes its own."""

    disk: Disk
    wall_ns: Callable[[], int]
    monotonic_ns: Callable[[], int]
    seconds: Callable[[], float]
    off_loop: OffLoop
    start_writer: Callable[[GroupCommit], Callable[[], None]]
    """Has a group commit run, and returns what ends it and waits for its end."""
    on_failure: Callable[[BaseException], None]
    """Called when the journal or the keys could not be written; it must end the process."""


@dataclass(frozen=True, slots=True)
class Running:
    """An authorizer at work."""

    desk: Dispatcher
    commit: GroupCommit
    clock: Clock
    admission: Admission
    snapshots: Snapshots
    recovered: Recovered
    old_ids: OldIds
    check_places: Callable[[], None]
    """OSError if a file that is written is not at its path any more; asks the disk."""


def real_world(disk: Disk, on_failure: Callable[[BaseException], None]) -> World:
    """This machine's clocks, threads and running event loop."""
    loop = asyncio.get_running_loop()

    async def off_loop(function: Callable[..., Any], *arguments: Any) -> Any:
        return await loop.run_in_executor(None, function, *arguments)

    return World(
        disk=disk,
        wall_ns=time.time_ns,
        monotonic_ns=time.monotonic_ns,
        seconds=time.perf_counter,
        off_loop=off_loop,
        start_writer=start_writer_thread,
        on_failure=on_failure,
    )


def start_writer_thread(commit: GroupCommit) -> Callable[[], None]:
    """Have a thread of its own write the journal."""
    thread = threading.Thread(target=commit.run, name="journal", daemon=True)
    thread.start()

    def end() -> None:
        commit.stop()
        thread.join()

    return end


def policy_of(settings: Settings, recovered: Recovered) -> Policy:
    """The rules as they are configured, over the merchants as they were recovered."""
    return Policy(
        categories=CategoryTable(settings.wallet_by_mcc, settings.fallback_wallet),
        merchants=recovered.state.merchants,
        deadline_ns=settings.deadline_ms * 1_000_000,
        id_retention_us=settings.id_retention_us,
        max_remembered_ids=settings.max_remembered_ids,
        service_levels=settings.service_levels,
    )


@asynccontextmanager
async def run(
    settings: Settings, world: World, recovered: Recovered, trust_clock: bool = False
) -> AsyncIterator[Running]:
    """An authorizer at work on what was recovered; at the end everything appended is written.

    `trust_clock`: the wall clock is right, however far it is off the journal.
    """
    loop = asyncio.get_running_loop()
    journal = FileJournal(world.disk, recovered.journal, settings.segment_mib << 20)
    commit = GroupCommit(
        journal,
        recovered.journal.position,
        recovered.journal.chain,
        loop.call_soon_threadsafe,
        world.on_failure,
        world.seconds,
    )
    clock = Clock(world.wall_ns, world.monotonic_ns, settings.clock_bounds)
    clock.go_on_from(recovered.state.at_us)
    if trust_clock:
        clock.confirm()
    log_clock(clock, ClockState.AGREES)
    admission = Admission(
        settings.deadline_ms * 1_000_000, lambda: int(commit.expected_s() * 1_000_000_000)
    )

    def stepped(handled: int, more: bool) -> None:
        admission.stepped(world.monotonic_ns(), handled, more)

    ending = ExitStack()
    if settings.personal_keys is not None:  # the data folder is locked by whoever recovered it
        ending.enter_context(LocalDisk(settings.personal_keys).lock())
    vault = await world.off_loop(_open_vault, world, settings, recovered.state.erased)
    ending.callback(vault.close)
    around = Surroundings(
        policy_of(settings, recovered),
        clock,
        commit,
        RunQueue(loop.call_soon, commit.flush, stepped),
        recovered.state,
        _log_bug,
        vault,
    )
    keys = Keys(vault, recovered.state.erased, world.off_loop, world.on_failure)
    desk = Dispatcher(
        around, settings.max_resident_accounts, settings.max_inbox, keys, world.off_loop
    )
    snapshots = Snapshots(
        around,
        desk,
        world.disk,
        SnapshotPolicy(
            settings.snapshot_mib << 20, settings.snapshot_minutes * 60, settings.snapshots_kept
        ),
        world.off_loop,
        world.seconds,
    )

    def check_places() -> None:
        journal.check_place()
        vault.check_place()

    end_writer = world.start_writer(commit)
    try:
        old_ids = OldIds(around, desk.accounts, world.seconds)
        yield Running(desk, commit, clock, admission, snapshots, recovered, old_ids, check_places)
    finally:
        await world.off_loop(end_writer)
        journal.close()
        ending.close()


async def watch_places(running: Running, world: World) -> None:
    """Look every second whether what is written can still be found; else fail as the journal does.

    A folder that is removed or moved away takes what was answered for along.
    """
    while True:
        await asyncio.sleep(1)
        try:
            await world.off_loop(running.check_places)
        except OSError as error:
            world.on_failure(error)
            return


def tell_of_old_ids(found: Round) -> None:
    """Log what a walk along all accounts has forgotten, if anything."""
    if found.ids:
        log.info("old ids forgotten", ids=found.ids, accounts=found.accounts)


async def make_search_ready(running: Running) -> None:
    """Build the customer search behind the start, and say where keys are missing."""
    started = time.perf_counter()
    built = await running.desk.search.build()
    seconds = round(time.perf_counter() - started, 3)
    log.info("customer search ready", customers=built.customers, seconds=seconds)
    if built.keyless:
        log.error(
            "keys of personal data are missing: these customers' data can't be read; put the key "
            "folder's backup in place and start again",
            customers=built.keyless,
        )


def keys_disk(settings: Settings) -> tuple[LocalDisk, str]:
    """The disk that holds the keys of personal data, and the folder on it."""
    if settings.personal_keys is None:
        return LocalDisk(settings.data), KEYS
    return LocalDisk(settings.personal_keys), "."


def _open_vault(world: World, settings: Settings, erased: Collection[str]) -> Vault:
    """The keys of personal data, in the data folder or where the settings say.

    A crash may have come between an erasure and the end of its key, which ends now.
    """
    disk, folder = keys_disk(settings)
    vault = Vault(world.disk if settings.personal_keys is None else disk, folder)
    late = [customer_id for customer_id in erased if vault.has_key(customer_id)]
    vault.destroy(erased)  # what is left of a damaged key too
    if late:
        log.warning("keys of erased customers destroyed", keys=len(late), file=vault.path)
    if vault.damaged:
        log.error("damaged keys", keys=vault.damaged, file=vault.path)
    return vault


def recover_with_summary(
    disk: Disk,
    settings: Settings,
    progress: AbstractContextManager[Callable[[int], None]] = _UNTOLD,
) -> Recovered:
    """Recover, and log one line that sums it up, and one for everything that was amiss."""
    started = time.perf_counter()
    with progress as passed:
        recovered = recover(disk, passed, id_retention_us=settings.id_retention_us)
    for problem in recovered.damaged_snapshots:
        log.warning("snapshot passed over", problem=problem)
    torn = recovered.journal.torn
    if torn is not None:
        log.warning(
            "incomplete last batch cut",
            file=disk.path(torn.segment),
            offset=torn.offset,
            bytes=torn.length,
            problem=torn.problem,
        )
    log.info(
        "recovered",
        accounts=len(recovered.state.accounts),
        customers=len(recovered.state.customers),
        tickets=len(recovered.state.tickets),
        events=recovered.replayed_events,
        seconds=round(time.perf_counter() - started, 3),
        position=recovered.journal.position,
        head=recovered.journal.chain.hex(),
        snapshot=recovered.from_snapshot,
    )
    return recovered


def accept_shorter(disk: Disk, error: JournalShorterError) -> None:
    """Go on where the journal ends: an operator says that no answer is lost by that."""
    names = put_aside(disk, error.ends)
    log.warning("shorter journal accepted", ends=error.ends, knew=error.knows, put_aside=names)


def log_clock(clock: Clock, before: ClockState) -> ClockState:
    """Say how the wall clock stands to the time of events, if that has changed; and give it."""
    state = clock.state()
    if state is before:
        return state
    seconds = round(clock.wall_ahead_seconds(), 3)
    if state is ClockState.AGREES:
        log.info("the wall clock agrees with the time of events again", wall_ahead_seconds=seconds)
    elif state is ClockState.AHEAD:
        log.error(
            "the wall clock is too far ahead to be believed: events have the trusted time, and no "
            "id is forgotten; set it right, or send SIGUSR2 if it is right",
            wall_ahead_seconds=seconds,
        )
    else:
        log.error(
            "the wall clock is behind the time of events: they go on with the trusted time; set it "
            "right, or send SIGUSR2 if it is right, and events stand still until it has come there",
            wall_ahead_seconds=seconds,
        )
    return state


def calm_the_collector() -> None:
    """Keep the garbage collector's pauses short: a few milliseconds, however much is in memory.

    Whatever is there after recovery stays for good and is taken out of the collector's sight; so is
    later whatever has outlived a second look at the young: accounts awake, mostly. They are freed
    when nobody refers to them, as all objects are. What would be lost is garbage that refers to
    itself and was in sight at such a moment, and the hot path makes none. The collector looks only
    when more objects have come into being than have gone, so not at all while nothing grows.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_COLLECTIONS, NEVER)
    gc.callbacks.append(_freeze_survivors)


def leave_the_collector_alone() -> None:
    """Undo `calm_the_collector`, for a process that goes on with something else."""
    gc.callbacks.remove(_freeze_survivors)
    gc.set_threshold(*_USUAL_THRESHOLDS)
    gc.unfreeze()


def _freeze_survivors(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] > 0:
        gc.freeze()


def _log_bug(entity_id: str, bug: BaseException) -> None:
    log.error("a bug in a handler", entity=entity_id, exc_info=bug)
