"""Backups of data folders, and what two folders have in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from authorizer.domain.accounts.policy import ID_RETENTION
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state.digest import state_digest
from authorizer.persistence.state.recovery import recover
from authorizer.persistence.verification.walk import Walk
from tests.support.command_line import done


def backed_up(data: Path, to: Path, *flags: object) -> dict[str, Any]:
    """Take a backup into `to`, with the keys beside it."""
    told = done("backup", "--data", data, "--to", to, "--keys-to", keys_of(to), "--json", *flags)
    return dict(json.loads(told))


def restored(place: Path, data: Path, *flags: object) -> dict[str, Any]:
    """Restore the newest backup of a place."""
    words = ("--from", place, "--keys-from", keys_of(place), "--data", data)
    return dict(json.loads(done("restore", *words, "--json", *flags)))


def keys_of(place: Path) -> Path:
    """Where these helpers put a place's keys."""
    return place.with_name(f"{place.name}-keys")


def digest_at(data: Path, position: int) -> bytes:
    """The digest of all state that a journal makes up to a position."""
    walk = Walk(LocalDisk(data), ID_RETENTION, set(), [])
    walk.to(position, lambda _: None)
    assert walk.head.position == position
    return state_digest(walk.state, 0)


def digest_of_a_start(data: Path) -> bytes:
    """The digest of all state that a start would have, by the snapshot if there is one."""
    return state_digest(recover(LocalDisk(data)).state, 0)
