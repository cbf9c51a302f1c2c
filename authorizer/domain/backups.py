"""What is known of the backups of a data folder: where they go, and whether they are whole."""

from typing import NamedTuple


class VerifiedBackup(NamedTuple):
    """A backup that `verify --backup` has looked at."""

    name: str
    at_us: int
    is_whole: bool


class PlaceOfBackups(NamedTuple):
    """A place, and the newest backup that was taken to it."""

    place: str
    """A folder's whole path, or a URL."""
    name: str
    taken_at_us: int
    position: int
    """Where the backup's journal ends."""
    keys_at: str | None
    """Where the keys of personal data went; None: they are kept otherwise."""
    verified: VerifiedBackup | None
    """The backup that was looked at last; maybe an earlier one."""

    @property
    def is_verified(self) -> bool:
        """Whether the newest backup was found whole."""
        looked = self.verified
        return looked is not None and looked.is_whole and looked.name == self.name
