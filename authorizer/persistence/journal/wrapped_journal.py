"""A journal around another one, which is written in a way of its own and read as the other is."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from typing_extensions import override

from authorizer.persistence.journal.place import Place
from authorizer.persistence.journal.protocol import Journal
from authorizer.persistence.journal.segments import Batch

J = TypeVar("J", bound=Journal)


class WrappedJournal(Journal, Generic[J]):
    """What another journal says of itself; `submit`, `synced_by` and `close` are left."""

    def __init__(self, journal: J) -> None:
        self._journal = journal

    @property
    @override
    def position(self) -> int:
        return self._journal.position

    @property
    @override
    def chain(self) -> bytes:
        return self._journal.chain

    @override
    def batches(self, after: Place, until: int) -> Iterator[Batch]:
        return self._journal.batches(after, until)

    @override
    def check(self) -> None:
        self._journal.check()
