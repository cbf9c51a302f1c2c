"""A purchase as a child would keep it: a few numbers, and what was said under which id."""

from typing import Any, NamedTuple

Said = tuple[Any, ...]
"""All members of a request."""


class NaiveOperation(NamedTuple):
    """An operation whose id is taken."""

    operation_id: str
    what: str
    said: Said


class NaivePurchase(NamedTuple):
    """A purchase; amounts in centavos, times in microseconds since 1970 UTC."""

    made_at_us: int
    status: str
    """`declined`, `pending`, `closed`, `reversed`, `expired`, in the words of the wire."""
    word: str
    """The reason of its first decision."""
    said: Said | None
    """The request that made it; None where only an operation on it has come."""
    source: str | None = None
    card: str | None = None
    mcc: str | None = None
    merchant: str = ""
    amount: int = 0
    held: int = 0
    captured: int = 0
    back: int = 0
    """Captured money that came back, by a reversal or a refund."""
    refunded: int = 0
    freed: int = 0
    freed_at_us: int = 0
    expires_at_us: int | None = None
    operations: tuple[NaiveOperation, ...] = ()

    @property
    def left(self) -> int:
        """Captured money that did not come back."""
        return self.captured - self.back

    @property
    def counted(self) -> int:
        """What velocity limits count of it: a refund gives nothing back."""
        return self.held + self.captured - (self.back - self.refunded)

    @property
    def is_announced(self) -> bool:
        """Whether its reversal has come, and nothing else."""
        return self.status == "reversed" and self.said is None and not self.amount

    @property
    def figures(self) -> tuple[str, int, int, int]:
        """What is compared of it: status, authorized, held, captured."""
        return self.status, self.amount, self.held, self.captured

    def taken(self, operation_id: str) -> NaiveOperation | None:
        """The operation that has an id."""
        found = (each for each in self.operations if each.operation_id == operation_id)
        return next(found, None)

    def then(self, operation: NaiveOperation, **changes: Any) -> "NaivePurchase":
        """The purchase behind one more operation."""
        return self._replace(operations=(*self.operations, operation), **changes)


class NaiveLimit(NamedTuple):
    """A velocity limit: at most so much, or so often, in a window."""

    window: str
    trailing_us: int | None
    most_cents: int | None
    most_count: int | None
    wallet: str | None
    """The only source that counts; None: every one."""
    is_shadow: bool

    def since_us(self, now_us: int) -> int:
        """From when on purchases are in its window."""
        return 0 if self.trailing_us is None else now_us - self.trailing_us + 1

    def counts(self, source: str | None) -> bool:
        """Whether what a source pays counts."""
        return self.wallet in (None, source)
