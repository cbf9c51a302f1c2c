"""Purchases decided: by a dispatcher, or as an actor chooses the way."""

from authorizer.actors.dispatcher import Dispatcher
from authorizer.actors.reply import LoopFuture
from authorizer.domain.accounts.commands import Authorize
from authorizer.domain.accounts.purchases import authorize_by_all_rules
from authorizer.domain.accounts.short_way import authorize_shortly
from authorizer.domain.accounts.state import Account
from authorizer.domain.aggregate import Context
from authorizer.domain.messages import Event
from authorizer.domain.outcomes import Outcome


async def decided(dispatcher: Dispatcher, command: Authorize) -> Outcome:
    """Submit a purchase, and return its outcome when it is durable."""
    reply = LoopFuture()
    outcome: Outcome | None = dispatcher.submit(command, reply)
    if outcome is None:
        outcome = await reply
    return outcome


def decided_either_way(
    account: Account, command: Authorize, context: Context, now_us: int, waited_ns: int = 0
) -> tuple[Outcome, tuple[Event, ...]]:
    """A purchase on a special account: in the short way where that takes it, else by all rules."""
    verdict = authorize_shortly(account, command, context, now_us, waited_ns)
    if verdict is None:
        return authorize_by_all_rules(account, command, context, now_us, waited_ns)
    outcome, event = verdict
    return outcome, () if event is None else (event,)
