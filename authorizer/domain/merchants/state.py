"""L3: merchant overrides. A registered name beats the MCC that the transaction carries."""

from collections.abc import Sequence
from typing import Any, Final

from authorizer.domain.descriptors import DescriptorTable

_ENTRIES_A_PART: Final = 2000


class MerchantTable(DescriptorTable):
    """The registered merchants: the MCC of each name.

    One owner changes it, through `register` and `remove`; the accounts only look names up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.position = 0

    @property
    def exists(self) -> bool:
        """There is always a table, if an empty one."""
        return True

    mcc_for = DescriptorTable.value_for
    """The MCC of the entry that a descriptor meets; None where the payload's MCC stands."""


def parts(table: MerchantTable) -> Sequence[tuple[int, Sequence[tuple[str, str]]]]:
    """The table as plain values, in parts: its position with some entries each; none at the end."""
    entries, position = table.entries(), table.position
    beginnings = range(0, len(entries), _ENTRIES_A_PART)
    return [*((position, entries[at : at + _ENTRIES_A_PART]) for at in beginnings), (position, ())]


def add_part(table: MerchantTable, part: list[Any]) -> None:
    """Take a part in."""
    position, entries = part
    for name, mcc in entries:
        table.register(name, mcc)
    table.position = position
