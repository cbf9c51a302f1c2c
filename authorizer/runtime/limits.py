"""Velocity limits over the read models, which know what was spent before."""

from authorizer.actors.counting import GlobalCounting
from authorizer.actors.velocity_limits import History, VelocityLimits
from authorizer.domain.accounts.limits import Counted, Spending
from authorizer.followers.reports.client import NoReports, Reports
from authorizer.runtime.running import Running


def velocity_limits(running: Running, reports: Reports) -> VelocityLimits:
    """The limits; from now on accounts begin to count for those that are for every account."""
    dispatcher, context = running.actors.dispatcher, running.around.context
    limits = VelocityLimits(dispatcher, running.clock, context.window_of, spending_of(reports))
    room = running.around.disk_room
    deadline_s = context.policy.deadline_ns / 1e9
    dispatcher.counting = GlobalCounting(
        context.policy.global_limits, limits.begin, room, deadline_s
    )
    return limits


def spending_of(reports: Reports) -> History:
    """What looks up the purchases of an account that count, in the read models.

    Where they are switched off, limits begin to count when they are put.
    """

    async def history(account_id: str, since_us: int) -> tuple[Counted, ...]:
        if isinstance(reports, NoReports):
            return ()
        rows = await reports.query("spending", account_id=account_id, since_us=since_us)
        return tuple(
            Counted(
                row["key"],
                row["made_at_us"],
                row["amount_cents"],
                Spending(row["source"], row["mcc"] or "", row["merchant"] or "", row["card_id"]),
                row["position"],
            )
            for row in rows
        )

    return history
