"""The only place where concrete objects are put together: journal, actors, snapshots."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from authorizer.actors.admission import Admission
from authorizer.actors.archiving import Archiving
from authorizer.actors.assembly import Actors, assemble
from authorizer.actors.batches import Batches
from authorizer.actors.calendar import windows_in
from authorizer.actors.clock import Clock, ClockState
from authorizer.actors.crowd import Crowd
from authorizer.actors.disk_room import DiskRoom
from authorizer.actors.dispatcher import Bounds
from authorizer.actors.entity import ActorContext
from authorizer.actors.life_counts import LifeCounts
from authorizer.actors.old_ids import OldIds
from authorizer.actors.purchases import InFlight, Purchases
from authorizer.actors.recall import Recall
from authorizer.actors.run_queue import RunQueue
from authorizer.actors.snapshots import SnapshotPolicy, Snapshots
from authorizer.actors.timers import Timers, accounts_with_holds, tickets_at_work
from authorizer.domain.accounts.categories import CategoryTable
from authorizer.domain.accounts.policy import Policy
from authorizer.domain.accounts.policy_values import policy_values
from authorizer.domain.accounts.purchase_commands import ExpireHolds
from authorizer.domain.aggregate import Context
from authorizer.domain.customers.state import ERASED
from authorizer.domain.limits.aggregate import LIMITS
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.moments import DAY_US
from authorizer.domain.settings.commands import ChangePolicy
from authorizer.domain.tickets.commands import EscalateTicket
from authorizer.domain.tickets.escalation import next_escalation_us
from authorizer.persistence.journal.group_commit import GroupCommit
from authorizer.persistence.journal.protocol import Journal
from authorizer.persistence.privacy.personal import join_texts
from authorizer.persistence.privacy.vault import Vault
from authorizer.persistence.state.recovery import Recovered
from authorizer.persistence.state.state import State
from authorizer.runtime.clock_log import log_clock
from authorizer.runtime.world import World
from authorizer.settings.model import Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """An authorizer at work."""

    around: ActorContext
    actors: Actors
    commit: GroupCommit
    clock: Clock
    purchases: Purchases
    batches: Batches
    snapshots: Snapshots
    recovered: Recovered
    old_ids: OldIds
    archiving: Archiving
    recall: Recall
    journal: Journal
    vault: Vault

    def expire_holds(self, account_id: str) -> Awaitable[object]:
        """Have the overdue holds of an account end; what tells once that is durable."""
        return self.actors.dispatcher.send(ExpireHolds(account_id))

    def escalate(self, ticket_id: str) -> Awaitable[object]:
        """Have a ticket tell of its deadlines that are over; what tells once that is durable."""
        return self.actors.dispatcher.send(EscalateTicket(ticket_id))

    async def record_policy(self, settings: Settings, by: str = "start") -> None:
        """Journal the settings that decide, if they are not those that were journaled last.

        To be called before anything is decided under them.
        """
        values = policy_values(self.around.context.policy)
        await self.actors.dispatcher.ask(ChangePolicy(values, settings.time_zone, by))

    def check_places(self) -> None:
        """OSError if a file that is written is not at its path any more; asks the disk."""
        self.journal.check()
        self.vault.check_place()


def policy_of(settings: Settings, state: State) -> Policy:
    """The rules as they are configured, over the tables of a state, which they look at."""
    return Policy(
        categories=CategoryTable(settings.wallet_by_mcc, settings.fallback_wallet),
        merchants=state.single(MERCHANTS),
        global_limits=state.single(LIMITS),
        deadline_ns=settings.deadline_ms * 1_000_000,
        id_retention_us=settings.id_retention.purchases_us,
        credit_id_retention_us=settings.id_retention.credits_us,
        max_remembered_ids=settings.max_remembered_ids,
        hold_hours=settings.hold_times,
        late_capture_us=settings.late_capture_days * DAY_US,
        over_capture_percent=settings.over_captures,
        wallet_by_product=settings.wallets_of_products,
        fallback_of=settings.fallbacks,
    )


@asynccontextmanager
async def run(
    settings: Settings,
    world: World,
    recovered: Recovered,
    *,
    trust_clock: bool = False,
    on_bug: Callable[[str, BaseException], None] | None = None,
) -> AsyncIterator[Running]:
    """An authorizer at work on what was recovered; at the end everything appended is written.

    `trust_clock`: the wall clock is right, however far it is off the journal. `on_bug` is told of
    every handler that raised, as the log is otherwise: which entity, and why; of a bug on a
    purchase's way as of one of the entity `purchases`.
    """
    loop = asyncio.get_running_loop()
    with world.keys.lock(), ExitStack() as last:
        journal = world.open_journal(recovered)
        commit = GroupCommit(
            journal,
            loop.call_soon_threadsafe,
            world.on_failure,
            world.seconds,
            world.busy_seconds,
        )
        try:
            vault = await world.off_loop(_open_vault, world, recovered.state.indexes[ERASED])
            last.callback(vault.close)
            admission = _admission(settings, commit)

            def stepped(handled: int, more: bool) -> None:
                admission.stepped(world.monotonic_ns(), handled, more)

            clock = _clock(settings, world, recovered, trust_clock)
            context = _context(settings, recovered, vault)
            timers, ticket_timers = Timers(clock), Timers(clock)
            crowd = Crowd()
            lives = LifeCounts()
            for account in accounts_with_holds(recovered.state):
                timers.note(account.account_id, account.next_expiry_us)
                lives.recovered(account)
            for ticket in tickets_at_work(recovered.state):
                ticket_timers.note(ticket.ticket_id, next_escalation_us(ticket, context))
            around = ActorContext(
                context,
                clock,
                commit,
                RunQueue(loop.call_soon, commit.flush, stepped),
                recovered.state,
                on_bug or _log_bug,
                timers,
                ticket_timers,
                crowd.note,
                settings.room,
                lives,
                DiskRoom(settings.disk_reserve_mib << 20),
            )
            recall = Recall(
                world.archive, world.off_loop, clock, settings.id_retention.purchases_us
            )
            actors = assemble(
                around,
                vault,
                world.off_loop,
                world.on_failure,
                recall,
                Bounds(settings.max_resident_accounts, settings.max_inbox),
            )
            purchases = Purchases(
                actors.dispatcher,
                admission,
                InFlight(settings.max_in_flight),
                around.clock,
                loop.call_soon,
                partial(on_bug, "purchases") if on_bug else _log_bug_of_purchase,
            )
            archiving = Archiving(
                around, actors.dispatcher.accounts, recall, crowd, world.off_loop, world.seconds
            )
            yield Running(
                around=around,
                actors=actors,
                commit=commit,
                clock=around.clock,
                purchases=purchases,
                batches=Batches(purchases, actors.dispatcher, around, world.yield_core),
                snapshots=_snapshots(settings, world, around, actors),
                recovered=recovered,
                old_ids=OldIds(around, actors.dispatcher.accounts, archiving, world.seconds),
                archiving=archiving,
                recall=recall,
                journal=journal,
                vault=vault,
            )
        finally:
            commit.finish()
            await world.off_loop(journal.close)
            await world.off_loop(world.archive.close)


def _open_vault(world: World, erased: Collection[str]) -> Vault:
    """The keys of personal data.

    A crash may have come between an erasure and the end of its key, which ends now.
    """
    vault = Vault(world.keys.disk, world.keys.folder, world.random)
    late = [customer_id for customer_id in erased if vault.has_key(customer_id)]
    vault.destroy(erased)  # what is left of a damaged key too
    if late:
        log.warning("keys of erased customers destroyed", keys=len(late), file=vault.path)
    if vault.damaged:
        log.error("damaged keys", keys=vault.damaged, file=vault.path)
    return vault


def _context(settings: Settings, recovered: Recovered, vault: Vault) -> Context:
    return Context(
        policy_of(settings, recovered.state),
        settings.service_levels,
        vault,
        recovered.state.indexes,
        join_texts,
        windows_in(settings.time_zone),
        settings.desk_time,
        settings.escalation_warning_percent,
    )


def _admission(settings: Settings, commit: GroupCommit) -> Admission:
    return Admission(
        settings.deadline_ms * 1_000_000, lambda: int(commit.expected_s() * 1_000_000_000)
    )


def _clock(settings: Settings, world: World, recovered: Recovered, trusted: bool) -> Clock:
    clock = Clock(world.wall_ns, world.monotonic_ns, settings.clock_bounds)
    clock.go_on_from(recovered.state.at_us)
    if trusted:
        clock.confirm()
    log_clock(clock, ClockState.AGREES)
    return clock


def _snapshots(settings: Settings, world: World, around: ActorContext, actors: Actors) -> Snapshots:
    policy = SnapshotPolicy(
        settings.snapshot_mib << 20, settings.snapshot_minutes * 60, settings.snapshots_kept
    )
    return Snapshots(around, actors.dispatcher, world.disk, policy, world.off_loop, world.seconds)


def _log_bug_of_purchase(bug: BaseException) -> None:
    log.error("a bug on the way of a purchase", exc_info=bug)


def _log_bug(entity_id: str, bug: BaseException) -> None:
    log.error("a bug in a handler", entity=entity_id, exc_info=bug)
