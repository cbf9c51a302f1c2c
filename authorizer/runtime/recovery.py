"""Recovering a data folder, and telling what was found."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import structlog

from authorizer.persistence.archive.protocol import Attic
from authorizer.persistence.disk import Disk
from authorizer.persistence.state.recovery import JournalShorterError, Recovered, put_aside, recover
from authorizer.runtime.world import World
from authorizer.settings.model import Settings

log = structlog.get_logger()


_UNTOLD: Final = nullcontext[Callable[[int], None]](lambda _: None)


def recover_with_summary(
    world: World,
    settings: Settings,
    progress: AbstractContextManager[Callable[[int], None]] = _UNTOLD,
    *,
    tail_only: bool = False,
) -> Recovered:
    """Recover, and log one line that sums it up, and one for everything that was amiss.

    `tail_only`: of a journal with a snapshot the tail alone is read; see `recover`.
    """
    disk, started = world.disk, world.seconds()
    with progress as passed:
        recovered = recover(
            disk,
            passed,
            id_retention=settings.id_retention,
            attic=Attic(world.archive, settings.room),
            tail_only=tail_only,
        )
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
        **{each.plural: len(store) for each, store in recovered.state.stores.items()},
        events=recovered.replayed_events,
        seconds=round(world.seconds() - started, 3),
        position=recovered.journal.position,
        head=recovered.journal.chain.hex(),
        snapshot=recovered.from_snapshot,
        unread=recovered.unread.until if recovered.unread else 0,
    )
    return recovered


def accept_shorter(disk: Disk, error: JournalShorterError) -> None:
    """Put the snapshots aside that know more: an operator says that no answer is lost by that."""
    names = put_aside(disk, error.ends)
    log.warning("shorter journal accepted", ends=error.ends, knew=error.knows, put_aside=names)
