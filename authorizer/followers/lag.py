"""How long a follower is behind: told in seconds, by positions and when they were durable."""

from collections.abc import Callable
from typing import Final

MAX_SAMPLES: Final = 1_000
"""Past them every second one is left out: a long lag is told less exactly."""


class Lag:
    """Looks at the journal's durable position now and then, and at the follower's when asked."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._samples: list[tuple[float, int]] = []
        """Since when a position is durable, at the latest; those the follower has not reached."""

    def grown(self, durable: int) -> None:
        """Note how far the journal is."""
        if self._samples and self._samples[-1][1] >= durable:
            return
        self._samples.append((self._seconds(), durable))
        if len(self._samples) > MAX_SAMPLES:
            del self._samples[1::2]

    def behind_seconds(self, position: int) -> float:
        """For how long something has been durable that a follower at `position` has not."""
        reached = 0
        for _, durable in self._samples:
            if durable > position:
                break
            reached += 1
        del self._samples[:reached]
        return max(0.0, self._seconds() - self._samples[0][0]) if self._samples else 0.0
