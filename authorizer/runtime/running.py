"""The only place where concrete objects are put together: journal, actors, snapshots."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from authorizer.actors.admission import Admission
from authorizer.actors.assembly import Actors, assemble
from authorizer.actors.clock import Clock, ClockState
from authorizer.actors.entity import Surroundings
from authorizer.actors.old_ids import OldIds
from authorizer.actors.run_queue import RunQueue
from authorizer.actors.snapshots import SnapshotPolicy, Snapshots
from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.aggregate import Context
from authorizer.domain.customers.state import ERASED
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy.personal import join_texts
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.recovery import Recovered
from authorizer.runtime.clock_log import log_clock
from authorizer.runtime.world import World, keys_disk
from authorizer.settings.model import Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """An authorizer at work."""

    actors: Actors
    commit: GroupCommit
    clock: Clock
    admission: Admission
    snapshots: Snapshots
    recovered: Recovered
    old_ids: OldIds
    check_places: Callable[[], None]
    """OSError if a file that is written is not at its path any more; asks the disk."""


def policy_of(settings: Settings, recovered: Recovered) -> Policy:
    """The rules as they are configured, over the merchants as they were recovered."""
    return Policy(
        categories=CategoryTable(settings.wallet_by_mcc, settings.fallback_wallet),
        merchants=recovered.state.single(MERCHANTS),
        deadline_ns=settings.deadline_ms * 1_000_000,
        id_retention_us=settings.id_retention_us,
        max_remembered_ids=settings.max_remembered_ids,
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
    vault = await world.off_loop(_open_vault, world, settings, recovered.state.indexes[ERASED])
    ending.callback(vault.close)
    context = Context(
        policy_of(settings, recovered),
        settings.service_levels,
        vault,
        recovered.state.indexes,
        join_texts,
    )
    around = Surroundings(
        context,
        clock,
        commit,
        RunQueue(loop.call_soon, commit.flush, stepped),
        recovered.state,
        _log_bug,
    )
    actors = assemble(
        around,
        vault,
        world.off_loop,
        world.on_failure,
        settings.max_resident_accounts,
        settings.max_inbox,
    )
    snapshots = Snapshots(
        around,
        actors.dispatcher,
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
        old_ids = OldIds(around, actors.dispatcher.accounts, world.seconds)
        yield Running(actors, commit, clock, admission, snapshots, recovered, old_ids, check_places)
    finally:
        await world.off_loop(end_writer)
        journal.close()
        ending.close()


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


def _log_bug(entity_id: str, bug: BaseException) -> None:
    log.error("a bug in a handler", entity=entity_id, exc_info=bug)
