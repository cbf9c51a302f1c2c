"""Rate limits of the customer search.

A masked CPF shows some digits, and a search tells whether a guess at the others is right. So the
number of guesses is bounded, found or not.
"""

from collections.abc import Callable

from starlette.exceptions import HTTPException

from authorizer.domain.access import LOCAL, Caller
from authorizer.http.access.rate import HOUR_NS, MINUTE_NS, RateLimit, Rates, retry_after


class SearchRates:
    """Counts the searches of each key. Callers without a key have no limit."""

    def __init__(
        self,
        hits_per_minute: int,
        masked_per_hour: int,
        monotonic_ns: Callable[[], int],
        on_denied: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`on_denied` gets the status of every refused search."""
        hits = RateLimit(hits_per_minute, max(1, hits_per_minute), MINUTE_NS)
        masked = RateLimit(masked_per_hour, max(1, masked_per_hour), HOUR_NS)
        self._hits = Rates(hits, monotonic_ns)
        self._masked = Rates(masked, monotonic_ns)
        self._on_denied = on_denied

    def count_masked(self, caller: Caller) -> None:
        """Count a search by a masked field, before it is made.

        Raises:
            HTTPException: 429, there were too many.
        """
        self._count(self._masked, caller, "this API key guesses too often at what it sees masked")

    def count_hit(self, caller: Caller) -> None:
        """Count a search that found a customer, before it is answered.

        Raises:
            HTTPException: 429, there were too many.
        """
        self._count(self._hits, caller, "this API key looks for people too often")

    def _count(self, rates: Rates, caller: Caller, problem: str) -> None:
        wait_ns = 0 if caller == LOCAL else rates.wait_ns(caller.by)
        if wait_ns:
            self._on_denied(429)
            raise HTTPException(429, problem, retry_after(wait_ns))
