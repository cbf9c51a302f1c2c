"""A folder of the local file system as a store."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from typing_extensions import override

from authorizer.persistence.disk import is_there, replace
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.stores.protocol import ObjectStore

_TEMPORARY: Final = ".tmp"
_OLD: Final = ".replaced.tmp"
"""The end of the name of a secret that is being replaced."""


class FolderStore(ObjectStore):
    """Files with mode 600 in folders with mode 700. What a crash left half written is no object."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._disk = LocalDisk(root)

    @override
    def sizes(self, folder: str) -> dict[str, int]:
        found = {}
        for path in sorted((self._root / folder).rglob("*")):
            if path.is_file() and not path.name.endswith(_TEMPORARY):
                found[str(path.relative_to(self._root))] = path.stat().st_size
        return found

    @override
    def put(self, name: str, data: bytes) -> None:
        self._disk.make_folder(str(Path(name).parent))
        replace(self._disk, f"{name}{_TEMPORARY}", name, data)

    @override
    def put_secret(self, name: str, data: bytes) -> None:
        """The file that was there is overwritten with zeros, and then taken away."""
        self._finish(name)
        if is_there(self._disk, name):
            self._disk.rename(name, f"{name}{_OLD}")
        self.put(name, data)
        self._finish(name)

    def _finish(self, name: str) -> None:
        """Leave one file, wherever a crash came between the steps of `put_secret`."""
        old = f"{name}{_OLD}"
        if not is_there(self._disk, old):
            return
        if not is_there(self._disk, name):
            self._disk.rename(old, name)
            return
        self._disk.overwrite(old, 0, bytes(self._disk.size(old)))
        self._disk.remove(old)

    @override
    def get(self, name: str) -> bytes:
        try:
            return self._disk.read(name)
        except FileNotFoundError:
            if is_there(self._disk, f"{name}{_OLD}"):  # a crash came while it was replaced
                return self._disk.read(f"{name}{_OLD}")
            raise

    @override
    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._disk.remove(name)

    @override
    def path(self, name: str) -> str:
        return self._disk.path(name)
