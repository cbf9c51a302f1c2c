"""A small file of the data folder: replaced as a whole, and read again while a server runs."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from authorizer.persistence.disk import Disk, replace

T = TypeVar("T")


class SmallFile(NamedTuple, Generic[T]):
    """A file: where it is, and what its bytes are taken for."""

    name: str
    temporary: str
    parse: Callable[[Disk, bytes], tuple[T, ...]]
    """The entries, oldest first; what it raises where the bytes are none is its own."""

    def read(self, disk: Disk) -> tuple[T, ...]:
        """All entries, oldest first; none where there is no file."""
        content = self.content(disk)
        return () if content is None else self.parse(disk, content)

    def write(self, disk: Disk, document: BaseModel) -> None:
        """Put a document in the place of all there was, durably and at once."""
        disk.make_folder(str(PurePosixPath(self.name).parent))
        content = document.model_dump_json(indent=1).encode() + b"\n"
        replace(disk, self.temporary, self.name, content)

    def digest(self, disk: Disk) -> str:
        """What names the content: its SHA-256; that of nothing if the file is missing."""
        return digest_of(self.content(disk))

    def content(self, disk: Disk) -> bytes | None:
        """The bytes; None where there is no file."""
        try:
            return disk.read(self.name)
        except FileNotFoundError:
            return None


class FollowedFile(Generic[T]):
    """The file as a running server follows it."""

    def __init__(self, disk: Disk, file: SmallFile[T], damaged: type[Exception]) -> None:
        """`damaged` is raised where the file is gone; its `parse` raises it for other bytes."""
        self._disk = disk
        self._file = file
        self._damaged = damaged
        self._content = file.content(disk)
        self.entries = () if self._content is None else file.parse(disk, self._content)
        """The entries as they were read last."""

    @property
    def digest(self) -> str:
        """What names the file as it was read last: see `SmallFile.digest`."""
        return digest_of(self._content)

    def changed(self) -> bool:
        """Read the file again; whether other bytes were in it, and are now in `entries`.

        A file that is gone, or can't be used, leaves `entries` as they were: a key that was there
        must not stop being asked for because its file went away.

        Raises:
            What `damaged` is, OSError: it can't be used now.
        """
        content = self._file.content(self._disk)
        if content == self._content:
            return False
        if content is None:
            raise self._damaged(f"{self._disk.path(self._file.name)} is gone")
        self.entries = self._file.parse(self._disk, content)
        self._content = content
        return True


def digest_of(content: bytes | None) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return sha256(content or b"").hexdigest()
