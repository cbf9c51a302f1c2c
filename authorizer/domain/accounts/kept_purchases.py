"""An account's purchases of several messages, each made of its values when it is asked for.

An account that wakes may have thousands of closed purchases. What has come is about one of them
mostly, and to make the others, and plain values of them again, took most of the time.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from typing_extensions import override

from authorizer.domain.accounts.purchase_state import (
    Purchase,
    PurchaseStatus,
    pack_purchase,
    unpack_purchase,
)

_ID, _STATUS, _OPERATIONS = 0, 3, 6
"""Where they are among a purchase's values."""
_OPERATION_AT: Final = 4
_PENDING: Final = PurchaseStatus.PENDING.value


class Purchases(dict[str, Any]):
    """Purchases by their id, in the order in which they were kept.

    Those that are at rest lie in it as lists of values. Nothing gives them out but `packed`: what
    a `dict` has besides and would, is refused. To count them, and to ask whether one is there,
    needs none to be made.
    """

    __hash__ = None

    def lay(self, values: Sequence[Any]) -> None:
        """Put a purchase in, as the values that `pack_purchase` makes."""
        super().__setitem__(values[_ID], list(values))

    def packed(self) -> Iterator[Any]:
        """The values of each."""
        for kept in super().values():
            yield kept if type(kept) is list else pack_purchase(kept)

    def open(self) -> Iterator[Purchase]:
        """The purchases of which a hold is open."""
        for purchase_id, kept in list(super().items()):
            if type(kept) is list:
                if kept[_STATUS] == _PENDING:
                    yield self[purchase_id]
            elif kept.status is PurchaseStatus.PENDING:
                yield kept

    def ended(self) -> Iterator[tuple[str, int]]:
        """The id of each other one, and when it changed last."""
        for purchase_id, kept in super().items():
            if type(kept) is list:
                if kept[_STATUS] != _PENDING:
                    yield purchase_id, kept[_OPERATIONS][-1][_OPERATION_AT]
            elif kept.status is not PurchaseStatus.PENDING:
                yield purchase_id, kept.operations[-1].at_us

    @override
    def __getitem__(self, purchase_id: str) -> Purchase:
        kept = super().__getitem__(purchase_id)
        found: Purchase = self._made(purchase_id, kept) if type(kept) is list else kept
        return found

    @override
    def get(self, purchase_id: str, default: None = None) -> Purchase | None:  # type: ignore[override]
        kept = super().get(purchase_id, default)
        found: Purchase | None = self._made(purchase_id, kept) if type(kept) is list else kept
        return found

    @override
    def values(self) -> list[Purchase]:  # type: ignore[override]
        return [self[purchase_id] for purchase_id in self]

    @override
    def items(self) -> list[tuple[str, Purchase]]:  # type: ignore[override]
        return [(purchase_id, self[purchase_id]) for purchase_id in self]

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, dict):
            return NotImplemented
        if self.keys() != other.keys():
            return False
        return all(pack_purchase(self[name]) == pack_purchase(other[name]) for name in self)

    def _refuse(self, *_: Any) -> Any:
        raise TypeError("purchases at rest are values: ask for one by its id")

    pop = popitem = setdefault = copy = __or__ = __ror__ = __ior__ = _refuse

    def _made(self, purchase_id: str, values: list[Any]) -> Purchase:
        purchase = unpack_purchase(values)
        super().__setitem__(purchase_id, purchase)
        return purchase
