"""New files and folders belong to the owner of the folder that they are made in.

A command that root runs on the data folder of another user must leave nothing there that the
server, which runs as that user, can't read. Only what this process has made itself is given away:
the folder's owner could have put a link to anything else there.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
_NOT_ALLOWED: Final = frozenset({errno.EPERM, errno.EINVAL})
"""The process is not root, or its container does not know the owner."""


def open_or_make(path: Path, flags: int) -> int:
    """Open a file; one that is missing is made for the owner of its folder, with mode 600."""
    with suppress(FileNotFoundError):
        return os.open(path, flags)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:  # another process made it meanwhile, or it is a link to nowhere
        return os.open(path, flags | os.O_CREAT, FILE_MODE)
    try:
        _give(descriptor, path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_folder(path: Path, mode: int) -> None:
    """Make a folder for the owner of the one that it is in, unless it is there."""
    try:
        path.mkdir(mode)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _give(descriptor, path.parent)
    finally:
        os.close(descriptor)


def _give(descriptor: int, folder: Path) -> None:
    owner = folder.stat()
    if owner.st_uid == os.fstat(descriptor).st_uid:
        return
    try:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError as error:
        if error.errno not in _NOT_ALLOWED:
            raise
