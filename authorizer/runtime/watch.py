"""Tasks beside a running authorizer, and their lines in the log."""

import asyncio

import structlog

from authorizer.actors.old_ids import Round
from authorizer.runtime.running import Running
from authorizer.runtime.world import World

log = structlog.get_logger()


async def watch_places(running: Running, world: World) -> None:
    """Check every second that written files are at their paths; fail as the journal does if not.

    With a folder that is removed or moved away, what was answered for is gone.
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


async def make_search_ready(running: Running, world: World) -> None:
    """Build the customer search behind the start, and say where keys are missing."""
    started = world.seconds()
    built = await running.actors.search.build()
    seconds = round(world.seconds() - started, 3)
    log.info("customer search ready", customers=built.customers, seconds=seconds)
    if built.keyless:
        log.error(
            "keys of personal data are missing: these customers' data can't be read; put the key "
            "folder's backup in place and start again",
            customers=built.keyless,
        )
