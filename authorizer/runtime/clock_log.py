"""How the wall clock stands to the time of events, told in the log."""

import structlog

from authorizer.actors.clock import Clock, ClockState

log = structlog.get_logger()


def log_clock(clock: Clock, before: ClockState) -> ClockState:
    """Log how the wall clock stands to the time of events, if that has changed. Return it."""
    state = clock.state()
    if state is before:
        return state
    seconds = 0.0 + round(clock.wall_ahead_seconds(), 3)  # never -0.0
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
