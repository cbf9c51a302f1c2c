"""The file systems under the data folder and the keys: do they keep what they are given?"""

import re
from pathlib import Path
from typing import Final, NamedTuple

from authorizer.cli.diagnosis.finding import Finding, error, ok, warning

MOUNTS: Final = Path("/proc/self/mountinfo")
_LOCAL: Final = frozenset({"ext3", "ext4", "xfs"})
"""They overwrite in place."""
_COPY_ON_WRITE: Final = frozenset({"btrfs", "zfs", "f2fs", "bcachefs", "nilfs2"})
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_REMOTE: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "afs"}
)
_UNSYNCED: Final = frozenset({"nobarrier", "barrier=0"})
_LOCAL_DISK: Final = "put the folder on ext4 or XFS, on a local disk"
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A file system, and how it is mounted."""

    at: str
    kind: str
    options: frozenset[str]


def mount_of(path: Path, mountinfo: str) -> Mount | None:
    """The file system that holds a path, by the text of `/proc/self/mountinfo`."""
    found: Mount | None = None
    for line in mountinfo.splitlines():
        before, _, behind = line.partition(" - ")
        fields, last = before.split(), behind.split()
        if len(fields) < 6 or len(last) < 3:
            continue
        at = _ESCAPED.sub(lambda match: chr(int(match[1], 8)), fields[4])
        options = frozenset((*fields[5].split(","), *last[2].split(",")))
        longer = found is None or len(at) >= len(found.at)  # a later mount hides the earlier
        if longer and (path == Path(at) or Path(at) in path.parents):
            found = Mount(at, last[0], options)
    return found


def check_file_system(what: str, path: Path, mount: Mount | None, holds_keys: bool) -> Finding:
    """Whether a folder lies on a file system that will do."""
    name = f"file system of the {what}"
    if mount is None:
        return warning(name, f"{path}: it can't be told", _LOCAL_DISK)
    found = f"{mount.kind}, mounted at {mount.at}"
    refused = _refused(mount)
    if refused:
        return error(name, found, refused)
    doubted = _doubted(mount, holds_keys)
    return warning(name, found, doubted) if doubted else ok(name, found)


def _refused(mount: Mount) -> str:
    if "ro" in mount.options:
        return "it is read-only: mount it so that it can be written"
    if mount.kind in _IN_MEMORY:
        return f"nothing of it is left after a restart: {_LOCAL_DISK}"
    if mount.kind in _REMOTE:
        return f"the journal relies on fdatasync and flock: {_LOCAL_DISK}"
    if mount.options & _UNSYNCED:
        return "it is mounted without barriers: a loss of power loses what was synced"
    return ""


def _doubted(mount: Mount, holds_keys: bool) -> str:
    if mount.kind in _COPY_ON_WRITE:
        text = "it copies on write, so a key that was destroyed may be left: keep the keys on ext4 "
        return f"{text}or XFS (--personal-keys)" if holds_keys else ""
    if mount.kind == "overlay":
        return "it goes with the container: mount a volume for the folder"
    return "" if mount.kind in _LOCAL else f"it is not known how it syncs: {_LOCAL_DISK}"
