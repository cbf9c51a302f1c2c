"""The key file that is in force: the running server notes it, and commands that change keys wait.

`DATA/access/in-force` holds the SHA-256 of the key file that the server read last. The server has
it locked for as long as it follows the key file; without that lock the digest means nothing. It
takes the lock before it reads the key file. So a command that has written that file and then finds
no lock knows that a server which begins later reads what was written.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from authorizer.persistence.api_keys import FOLDER
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.ownership import open_or_make

IN_FORCE: Final = f"{FOLDER}/in-force"
USERS_IN_FORCE: Final = f"{FOLDER}/users-in-force"
"""The same of the file of people."""
_DIGEST_BYTES: Final = 64


class InForce:
    """The server's side. OSError where the disk refuses."""

    def __init__(self, disk: LocalDisk, name: str = IN_FORCE) -> None:
        self._disk = disk
        self._name = name
        self._path = Path(disk.path(name))
        self._said = ""
        self._open()

    def say(self, digest: str) -> None:
        """Write the digest of the key file in force. A file that was removed is made again."""
        if self._disk.identity(self._name) != self._identity:
            os.close(self._descriptor)
            self._open()
        if digest != self._said:
            self._write(digest)
            self._said = digest

    def close(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)

    def _write(self, digest: str) -> None:
        try:
            os.pwrite(self._descriptor, digest.encode(), 0)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error

    def _open(self) -> None:
        self._disk.make_folder(FOLDER)
        self._descriptor = open_or_make(self._path, os.O_RDWR)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)  # others have it for a moment, to see
        os.ftruncate(self._descriptor, 0)  # what a server before this one said is not its word
        self._identity = self._disk.identity(self._name)
        self._said = ""


def said(disk: LocalDisk, name: str = IN_FORCE) -> str | None:
    """The digest that the running server has written last; None if no server runs."""
    try:
        descriptor = os.open(disk.path(name), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        return os.pread(descriptor, _DIGEST_BYTES, 0).decode(errors="replace")
    finally:
        os.close(descriptor)
