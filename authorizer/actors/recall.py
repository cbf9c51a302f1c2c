"""What has left memory is brought along before a message that names it reaches its account.

Every new id must be proven absent before it is decided on. A filter in memory does that for all but
a few; what passes it is looked up off the loop. An account lets go of a purchase only after the
archive has it, and after every message that was put before: so what the filter says in the step of
the loop in which a message is put is true when the message is handled.
"""

from typing import Any, Final

from authorizer.actors.clock import Clock
from authorizer.actors.entity import OffLoop
from authorizer.domain.accounts.leaving import recalled
from authorizer.domain.accounts.state import Recalled
from authorizer.domain.outcomes import Refusal, RefusalKind
from authorizer.persistence.archive.protocol import Archive

UNREADABLE: Final = Refusal(
    RefusalKind.UNAVAILABLE, "the archive of purchases can't be read: nothing was decided"
)


class Recall:
    """Looks purchases up in the archive."""

    def __init__(
        self, archive: Archive, off_loop: OffLoop, clock: Clock, retention_us: int
    ) -> None:
        self.archive = archive
        self._off_loop = off_loop
        self._clock = clock
        self._retention_us = retention_us
        self.changes = 0
        """How often the archive has taken something."""
        self.lookups = 0
        """How often an id passed the filter."""
        self.in_vain = 0
        """How often it was not there all the same."""

    def may_be_archived(self, account_id: str, purchase_id: str | None) -> bool:
        """Whether a purchase may have left memory."""
        archive = self.archive
        return (
            purchase_id is not None
            and archive.has_any
            and archive.may_hold(account_id, purchase_id)
        )

    async def look_up(self, account_id: str, purchase_id: str) -> Recalled | None:
        """The purchase of an id, if it has left memory and is still to be found.

        What it says is true in the step of the loop in which it returns.

        Raises:
            ArchiveError: the archive can't be read.
        """
        self.lookups += 1
        while True:
            before = self.changes
            found = await self._off_loop(self.archive.find, account_id, purchase_id)
            if self.changes == before:
                break
        since_us = self._clock.now_us() - self._retention_us
        if found is None or found.changed_us < since_us:
            self.in_vain += 1
            return None
        return recalled(purchase_id, found.form)


def purchase_named(command: Any) -> str | None:
    """The purchase that a command names."""
    name: str | None = getattr(command, "purchase_id", None)
    return name
