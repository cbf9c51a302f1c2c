"""Challenges of passkeys: random, for one browser, good once and not for long.

A challenge says by its seal for whom and until when it is, so nothing is remembered of those that
nobody answers, however many are asked for.
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

GOOD_NS: Final = 2 * 60 * 1_000_000_000
"""How long a challenge is good."""
MAX_ANSWERED: Final = 10_000
"""Challenges that were answered and are remembered until they would be good no more."""
_NONCE_BYTES: Final = 16
_TIME_BYTES: Final = 8
_SEAL_BYTES: Final = 32


class Challenges:
    """Makes challenges, and takes each once."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._key = secrets.token_bytes(32)
        self._answered: OrderedDict[bytes, int] = OrderedDict()

    def new(self, whose: str) -> bytes:
        """A challenge for one browser or session."""
        until = (self._monotonic_ns() + GOOD_NS).to_bytes(_TIME_BYTES)
        begun = secrets.token_bytes(_NONCE_BYTES) + until
        return begun + self._seal(begun, whose)

    def is_good(self, challenge: bytes, whose: str) -> bool:
        """Whether a challenge was made for this browser, is not too old and was not answered."""
        begun, seal = challenge[:-_SEAL_BYTES], challenge[-_SEAL_BYTES:]
        return (
            len(begun) == _NONCE_BYTES + _TIME_BYTES
            and hmac.compare_digest(seal, self._seal(begun, whose))
            and self._monotonic_ns() < self._until(challenge)
            and challenge not in self._answered
        )

    def answered(self, challenge: bytes) -> None:
        """Take a good challenge no more."""
        now_ns = self._monotonic_ns()
        while self._answered and (
            next(iter(self._answered.values())) <= now_ns or len(self._answered) >= MAX_ANSWERED
        ):
            self._answered.popitem(last=False)
        self._answered[challenge] = self._until(challenge)

    def _until(self, challenge: bytes) -> int:
        return int.from_bytes(challenge[_NONCE_BYTES : _NONCE_BYTES + _TIME_BYTES])

    def _seal(self, begun: bytes, whose: str) -> bytes:
        return hmac.new(self._key, begun + whose.encode(), "sha256").digest()
