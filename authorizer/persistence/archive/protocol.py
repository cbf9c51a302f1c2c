"""What every archive of closed purchases promises.

An archive is derived from the journal: where it is lost, a replay from the journal's beginning
makes it anew. It keeps each purchase as it stood at some position of the journal, and older forms
of it too: a recovery that begins before a later change must find the purchase as it was by then.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from authorizer.domain.accounts.leaving import ClosedPurchases, Form
from authorizer.domain.accounts.room import Room


class ArchiveError(Exception):
    """The archive can't be read or written."""


class Archived(NamedTuple):
    """A purchase as it lies in an archive."""

    purchase_id: str
    position: int
    """The journal position of its account when it left memory."""
    changed_us: int
    """The time of its last change."""
    form: Form


class Mark(NamedTuple):
    """Which archive a snapshot rests on, and how much of it."""

    identity: str
    taken: int
    """How many forms of purchases it had taken by then."""


LATEST = 2**63 - 1
"""A position behind every other."""


class Archive(Protocol):
    """Closed purchases on disk. `put` and `find` block; any thread may call them."""

    takes: bool
    """Whether it takes what leaves memory; one that is only read does not."""
    has_any: bool
    """Whether it has taken anything: as long as it has not, no id needs to be looked up."""

    @property
    def mark(self) -> Mark:
        """What a snapshot that is taken now would rest on."""

    def may_hold(self, account_id: str, purchase_id: str) -> bool:
        """Whether a purchase may be here; if not, it surely is not. From memory, and at once."""

    def put(self, closed: Sequence[ClosedPurchases]) -> None:
        """Take purchases; they are durable when it returns.

        Raises:
            ArchiveError: the disk refused. Some may have been taken.
        """

    def find(self, account_id: str, purchase_id: str, before: int = LATEST) -> Archived | None:
        """The newest form of a purchase from before a position.

        Raises:
            ArchiveError: it can't be read.
        """

    def of_account(self, account_id: str, before: int = LATEST) -> Iterator[Archived]:
        """The newest form of every purchase of an account from before a position.

        Raises:
            ArchiveError: it can't be read.
        """

    def cut_after(self, position: int) -> None:
        """Drop what is from behind the journal's end: it has another history from there on.

        Raises:
            ArchiveError: the disk refused.
        """

    def forget_before(self, since_us: int) -> int:
        """Drop what was last changed before a time, as far as it lies together; how much went.

        Raises:
            ArchiveError: the disk refused.
        """

    def begin_anew(self) -> None:
        """Drop everything; snapshots that rest on this archive can't be used any more.

        Raises:
            ArchiveError: the disk refused.
        """

    def close(self) -> None:
        """Let the files go."""


class Attic(NamedTuple):
    """An archive, and how much stays in memory all the same."""

    archive: Archive
    room: Room
