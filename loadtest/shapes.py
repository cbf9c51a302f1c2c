"""How many users are at work at each moment of a load shape.

A rise is bounded twice. ``SPAWNED_PER_S`` bounds the connections opened in one second, and the peak
is low enough that the load generator, which shares the machine with the server, stays well below
one core. Every user waits a random, exponentially distributed time between two purchases, so that
arrivals are a Poisson process and no two users march in step.
"""

from dataclasses import dataclass

STEADY = "steady"
SPIKE = "spike"
HOT = "hot"
LIFE = "life"
SHAPES = (STEADY, SPIKE, HOT, LIFE)

PURCHASES_PER_USER_S = {STEADY: 6.0, SPIKE: 5.0, HOT: 12.0, LIFE: 5.0}
"""Mean rate of requests of one user, per second."""

USERS = {STEADY: 100, SPIKE: 200, HOT: 64, LIFE: 100}
"""Users at the highest moment, unless chosen otherwise."""

SPAWNED_PER_S = 50
"""Users started in one second at most. Locust starts them in one go and sends nothing meanwhile."""

SPIKE_FACTOR = 4
"""How many times the usual users are at work during the spike."""


@dataclass(frozen=True, slots=True)
class Stage:
    """``users`` at work until ``until_s`` seconds after the start."""

    until_s: float
    users: int


def stages(shape: str, users: int, seconds: float) -> list[Stage]:
    """The stages of a shape: ``users`` at its highest moment, ``seconds`` in all."""
    if shape == SPIKE:
        usual = max(1, users // SPIKE_FACTOR)
        return [
            Stage(seconds * 0.3, usual),
            Stage(seconds * 0.7, users),
            Stage(seconds, usual),
        ]
    return [Stage(seconds, users)]


def users_at(plan: list[Stage], elapsed_s: float) -> int | None:
    """Users at work ``elapsed_s`` seconds after the start; None when the plan is over."""
    for stage in plan:
        if elapsed_s < stage.until_s:
            return stage.users
    return None


def purchases_expected(shape: str, users: int, seconds: float) -> float:
    """Roughly how many requests a shape makes."""
    user_seconds = 0.0
    start_s = 0.0
    for stage in stages(shape, users, seconds):
        user_seconds += (stage.until_s - start_s) * stage.users
        start_s = stage.until_s
    return user_seconds * PURCHASES_PER_USER_S[shape]
