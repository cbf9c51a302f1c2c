"""A data folder together with the segments that were archived from it."""

from typing_extensions import override

from authorizer.persistence.backup.stored_disk import StoredDisk
from authorizer.persistence.disk import Disk
from authorizer.persistence.disk_view import DiskView
from authorizer.persistence.journal import segments as journal


class JoinedDisk(DiskView):
    """Shows the folder's own files, and those segments of the journal that only the archive has."""

    def __init__(self, folder: Disk, archived: StoredDisk) -> None:
        super().__init__(folder)
        self._archived = archived

    @override
    def names(self, folder: str) -> list[str]:
        own = super().names(folder)
        if folder != journal.FOLDER:
            return own
        return sorted({*own, *self._archived.names(folder)})

    @override
    def read(self, name: str) -> bytes:
        return self._holder(name).read(name)

    @override
    def read_part(self, name: str, offset: int, length: int) -> bytes:
        return self._holder(name).read_part(name, offset, length)

    @override
    def size(self, name: str) -> int:
        return self._holder(name).size(name)

    @override
    def identity(self, name: str) -> tuple[int, int] | None:
        return self._holder(name).identity(name)

    @override
    def sync(self, name: str) -> None:
        self._holder(name).sync(name)

    @override
    def drop_cache(self, name: str) -> None:
        self._holder(name).drop_cache(name)

    @override
    def path(self, name: str) -> str:
        return self._holder(name).path(name)

    def _holder(self, name: str) -> Disk:
        """Where a file is: the folder's own comes first."""
        folder, _, file = name.rpartition("/")
        is_own = folder != journal.FOLDER or file in super().names(folder)
        return self._behind if is_own or not self._archived.has(name) else self._archived
