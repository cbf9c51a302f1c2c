"""A purchase whose outcome is awaited, as over ASGI."""

from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.reply import LoopFuture
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.outcomes import Outcome


async def decided(dispatcher: Dispatcher, command: Authorize) -> Outcome:
    """Submit a purchase, and return its outcome when it is durable."""
    reply = LoopFuture()
    outcome: Outcome | None = dispatcher.submit(command, reply)
    if outcome is None:
        outcome = await reply
    return outcome
