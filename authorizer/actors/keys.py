"""Keys of personal data, made and destroyed off the loop, many with one sync."""

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from authorizer.actors.disk_room import NO_ROOM, DiskRoom
from authorizer.actors.entity import OffLoop
from authorizer.domain.outcomes import Refusal
from authorizer.domain.sealing import Sealer


class KeyStore(Sealer, Protocol):
    """Durable keys. `create` and `destroy` block."""

    def create(self, customer_ids: Collection[str]) -> None:
        """Make keys, durably, for those of the customers that have none."""

    def destroy(self, customer_ids: Collection[str]) -> None:
        """Destroy the keys of these customers, durably and for good."""


class _Batch:
    """Customers whose keys are made with one sync."""

    def __init__(self) -> None:
        self.customer_ids: dict[str, None] = {}
        """In the order in which they came: chance decides their keys in this order."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Keys:
    """Makes keys before the event that needs them is appended.

    A store that can't be written ends the process, as the journal does: after a failed sync it is
    not known what is on disk, so requests that wait get no answer.
    """

    def __init__(
        self,
        store: KeyStore,
        erased: Collection[str],
        was_sealed: Callable[[str], bool],
        off_loop: OffLoop,
        on_failure: Callable[[BaseException], None],
        disk_room: DiskRoom,
    ) -> None:
        """`erased` holds the customers who never get a key again.

        `was_sealed` tells whether a customer's data was sealed before, with a key that must be
        there.
        """
        self.store = store
        self._erased = erased
        self._was_sealed = was_sealed
        self._off_loop = off_loop
        self._on_failure = on_failure
        self._disk_room = disk_room
        self._gathering: _Batch | None = None
        self._writer: asyncio.Task[None] | None = None

    async def ensure(self, customer_id: str) -> Refusal | None:
        """Return when a customer whose text is about to be sealed has a key, durably.

        Refused, and without a key, where the disk is short.

        A key that was destroyed or lost is never made anew. The decision that needs it is refused
        then (`Context.unsealable`).
        """
        if self.store.has_key(customer_id) or customer_id in self._erased:
            return None
        if self._was_sealed(customer_id):
            return None
        if self._disk_room.is_short:
            return NO_ROOM
        if self._gathering is None:
            self._gathering = _Batch()
        batch = self._gathering
        batch.customer_ids[customer_id] = None
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())
        await asyncio.shield(batch.done)
        return None

    async def destroy(self, customer_id: str) -> None:
        """Return when the customer's key is destroyed, durably."""
        await self._do(self.store.destroy, (customer_id,))

    async def _write(self) -> None:
        """Write batch after batch: the requests that come during one sync are the next."""
        while self._gathering is not None:
            batch, self._gathering = self._gathering, None
            await self._do(self.store.create, batch.customer_ids)
            batch.done.set_result(None)
        self._writer = None

    async def _do(self, change: Callable[..., None], customer_ids: Collection[str]) -> None:
        try:
            await self._off_loop(change, customer_ids)
        except OSError as error:
            self._on_failure(error)
            raise
