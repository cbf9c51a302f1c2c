"""The data folder: whose it is, who has it, the keys in it, and how long a start takes."""

import os
import stat
from pathlib import Path
from typing import Final

from authorizer.cli.diagnosis.finding import Finding, error, ok, size_text, warning
from authorizer.domain.access import ApiKey, Standing
from authorizer.domain.moments import DAY_US, moment_text
from authorizer.persistence import api_keys
from authorizer.persistence.api_keys import ApiKeysDamagedError
from authorizer.persistence.backup.restoring import UNFINISHED
from authorizer.persistence.disk import Disk, is_there
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.journal.segments import JournalDamagedError
from authorizer.persistence.privacy.keyring import VaultDamagedError
from authorizer.persistence.privacy.vault import read_keys
from authorizer.persistence.state.history import events_of

_SECONDS_A_GB: Final = 4
"""docs/operations.md, "Sizing"."""
_SOON_US: Final = 14 * DAY_US


def check_ownership(what: str, path: Path, user: int) -> Finding:
    """Whether nobody else can read the folder, and this user can write it."""
    name = f"owner of the {what}"
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    told = f"{path}: user {found.st_uid}, mode {mode:o}"
    if user not in (0, found.st_uid):
        return error(name, told, f"a server of user {user} can't use it: chown it")
    if mode & 0o077:
        return warning(name, told, f"others may look into it: chmod 700 {path}")
    return ok(name, told)


def check_use(path: Path, locks: str) -> Finding:
    """Who owns the folder, by the text of `/proc/locks`: to try the lock would hinder a start."""
    inode = f":{path.stat().st_ino}"
    for line in locks.splitlines():
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].endswith(inode):
            return ok("in use", f"by process {fields[4]}")
    return ok("in use", "by nobody")


def check_restored(disk: Disk) -> Finding | None:
    """Whether a restore was broken off."""
    if not is_there(disk, UNFINISHED):
        return None
    advice = "remove the folder, and restore it again"
    return error("restore", f"{disk.path(UNFINISHED)}: it did not come to its end", advice)


def check_keys(disk: Disk, folder: str) -> Finding:
    """Whether the keys of personal data can be read."""
    name = "keys of personal data"
    try:
        ring = read_keys(disk, folder)
    except FileNotFoundError:
        return ok(name, f"there are none in {disk.path(folder)}")
    except (VaultDamagedError, OSError) as problem:
        return error(name, f"{disk.path(folder)}: {problem}", "put a backup of the keys in place")
    found = f"{len(ring)} keys, {ring.destroyed} destroyed, in {disk.path(folder)}"
    if ring.damaged:
        told = f"{found}; {ring.damaged} damaged"
        return error(name, told, "`authorizer verify` tells which; put a backup of them in place")
    return ok(name, found)


def check_api_keys(disk: Disk, is_loopback: bool, now_us: int) -> Finding:
    """Whether somebody may ask, and whether anybody may."""
    try:
        keys = api_keys.read_keys(disk)
    except ApiKeysDamagedError as problem:
        return error("API keys", str(problem), "put a backup of the file in place")
    active = [key for key in keys if key.standing(now_us) is Standing.ACTIVE]
    found = f"{len(active)} active"
    if not active and not is_loopback:
        return error("API keys", found, "no server listens beyond loopback: authorizer keys create")
    if not keys:
        return warning("API keys", "none", "anybody on this machine may do anything: keys create")
    soon = [key.key_id for key in active if _expires_soon(key, now_us)]
    if soon:
        told = f"{found}; {', '.join(soon[:5])} expire before {moment_text(now_us + _SOON_US)}"
        return warning("API keys", told, "make the next ones: authorizer keys create")
    return ok("API keys", found)


def _expires_soon(key: ApiKey, now_us: int) -> bool:
    return key.expires_at_us is not None and key.expires_at_us < now_us + _SOON_US


def newest_event_us(disk: Disk) -> int:
    """The time of the journal's newest event, as far as can be told without reading it; else 0."""
    try:
        batch = JournalReader(disk).last_batch()
        return max(event.at_us for _, event in events_of(disk, batch)) if batch else 0
    except JournalDamagedError:
        return 0


def check_start(journal_bytes: int, snapshot_bytes: int, has_snapshot: bool) -> Finding:
    """About how long a start takes, by the journal's size."""
    seconds = journal_bytes / 1e9 * _SECONDS_A_GB
    found = f"{size_text(journal_bytes)} of journal, read in about {seconds:.0f} s"
    if not has_snapshot and journal_bytes > 64 << 20:
        return warning("start", f"{found}; there is no snapshot", "take one: authorizer snapshot")
    if has_snapshot:
        found += f", and a snapshot of {size_text(snapshot_bytes)}"
    return ok("start", found)


def user_id() -> int:
    """The user whom this process runs as."""
    return os.geteuid()
