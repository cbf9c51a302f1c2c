"""A disk seen through another one, which may show less of it, or more."""

from typing_extensions import override

from authorizer.persistence.disk import Disk, DiskFile


class DiskView(Disk):
    """Hands everything on to the disk behind it; views change what they show."""

    def __init__(self, behind: Disk) -> None:
        self._behind = behind

    @override
    def append(self, name: str) -> DiskFile:
        return self._behind.append(name)

    @override
    def read(self, name: str) -> bytes:
        return self._behind.read(name)

    @override
    def read_part(self, name: str, offset: int, length: int) -> bytes:
        return self._behind.read_part(name, offset, length)

    @override
    def size(self, name: str) -> int:
        return self._behind.size(name)

    @override
    def identity(self, name: str) -> tuple[int, int] | None:
        return self._behind.identity(name)

    @override
    def names(self, folder: str) -> list[str]:
        return self._behind.names(folder)

    @override
    def sync(self, name: str) -> None:
        self._behind.sync(name)

    @override
    def drop_cache(self, name: str) -> None:
        self._behind.drop_cache(name)

    @override
    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        self._behind.overwrite(name, offset, data)

    @override
    def rename(self, old: str, new: str) -> None:
        self._behind.rename(old, new)

    @override
    def remove(self, name: str) -> None:
        self._behind.remove(name)

    @override
    def make_folder(self, folder: str) -> None:
        self._behind.make_folder(folder)

    @override
    def sync_folder(self, folder: str) -> None:
        self._behind.sync_folder(folder)

    @override
    def path(self, name: str) -> str:
        return self._behind.path(name)
