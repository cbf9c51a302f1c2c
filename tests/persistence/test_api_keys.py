"""The API keys on disk: whole or as before, whatever happens, and followed by a server."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.domain.access import ApiKey, Role
from authorizer.persistence.api_keys import (
    FILE,
    TEMPORARY,
    ApiKeysDamagedError,
    KeyFile,
    changing,
    read_keys,
    write_keys,
)
from authorizer.persistence.local_disk import LocalDisk
from authorizer.simulation.faulty_disk import FaultyDisk
from authorizer.simulation.memory_disk import MachineDied, MemoryDisk

US = 1_700_000_000_123_456
MAX_US = 253_402_300_799_999_999


def key(key_id: str = "a", **fields: Any) -> ApiKey:
    return ApiKey(key_id, Role.TERMINAL, "till", bytes(range(32)), US, None, None)._replace(
        **fields
    )


times = st.integers(0, MAX_US)
keys = st.lists(
    st.builds(
        ApiKey,
        key_id=st.text("0123456789abcdef", min_size=1, max_size=10),
        role=st.sampled_from(Role),
        name=st.text(st.characters(codec="utf-8"), max_size=100),
        digest=st.binary(min_size=32, max_size=32),
        created_at_us=times,
        expires_at_us=st.none() | times,
        revoked_at_us=st.none() | times,
    ),
    unique_by=lambda made: made.key_id,
    max_size=5,
)


def test_there_are_none_where_there_is_no_file() -> None:
    assert read_keys(MemoryDisk()) == ()


@given(keys, keys)
def test_what_was_written_last_is_read(before: list[ApiKey], after: list[ApiKey]) -> None:
    disk = MemoryDisk()
    write_keys(disk, before)
    write_keys(disk, after)
    assert read_keys(disk) == tuple(after)
    assert set(disk.files()) == {FILE}


def test_it_is_for_the_owner_alone(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path / "data")
    with changing(disk):
        write_keys(disk, [key()])
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "data", *(tmp_path / "data").rglob("*"))
    }
    assert modes == {"data": 0o700, "access": 0o700, "api-keys.json": 0o600, "lock": 0o600}


# --- crashes -----------------------------------------------------------------------------------

BEFORE, AFTER = [key("a")], [key("a", revoked_at_us=US), key("b")]


def written() -> MemoryDisk:
    disk = MemoryDisk()
    write_keys(disk, BEFORE)
    return disk


def steps_of_a_write() -> int:
    disk = written()
    before = len(disk.steps)
    write_keys(disk, AFTER)
    return len(disk.steps) - before


@pytest.mark.parametrize("steps", range(steps_of_a_write()))
@pytest.mark.parametrize("seed", range(8))
def test_a_crash_leaves_the_old_keys_or_the_new_ones(steps: int, seed: int) -> None:
    disk = written()
    disk.die_after(steps)
    with pytest.raises(MachineDied):
        write_keys(disk, AFTER)
    disk.lose_power(Random(seed))
    assert read_keys(disk) in (tuple(BEFORE), tuple(AFTER))
    write_keys(disk, AFTER)  # what the crash left is in nobody's way
    assert read_keys(disk) == tuple(AFTER)
    assert set(disk.files()) == {FILE}


@pytest.mark.parametrize("seed", range(8))
def test_once_written_they_outlive_the_machine(seed: int) -> None:
    disk = written()
    write_keys(disk, AFTER)
    disk.lose_power(Random(seed))
    assert read_keys(disk) == tuple(AFTER)


@pytest.mark.parametrize("operation", ["append", "write", "sync", "rename"])
def test_a_write_that_fails_changes_nothing(operation: str) -> None:
    disk = FaultyDisk(written())
    disk.fail(operation)
    with pytest.raises(OSError, match="Input/output error"):
        write_keys(disk, AFTER)
    assert read_keys(disk) == tuple(BEFORE)
    write_keys(disk, AFTER)
    assert read_keys(disk) == tuple(AFTER)


# --- damage ------------------------------------------------------------------------------------


def document(**change: Any) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(written().read(FILE))
    stored["keys"][0] |= change
    return stored


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"{",
        b'{"version": 1}',
        b'{"version": 2, "keys": []}',
        b"[" * 100_000,
        *(
            json.dumps(stored).encode()
            for stored in (
                document(role="root"),
                document(sha256="00"),
                document(sha256="00" * 32 + "\n"),
                document(sha256="G" * 64),
                document(expires_at="tomorrow"),
                document(expires_at="2026-01-01T00:00:00"),
                document(id=""),
                document(secret="s"),
                {"version": 1, "keys": document()["keys"] * 2},
                {"version": 1, "keys": [{"id": "a"}]},
            )
        ),
    ],
)
def test_a_damaged_file_is_refused_and_named(content: bytes) -> None:
    disk = MemoryDisk()
    disk.put(FILE, content)
    for use in (read_keys, KeyFile):
        with pytest.raises(ApiKeysDamagedError, match=r"api-keys\.json is damaged"):
            use(disk)


@given(st.integers(0, 10_000))
def test_a_torn_file_is_never_taken_for_fewer_keys(length: int) -> None:
    disk = written()
    whole = disk.read(FILE)
    torn = whole[: length % (len(whole) - 2)]
    disk.put(FILE, torn)
    with pytest.raises(ApiKeysDamagedError):
        read_keys(disk)


# --- as a server follows it --------------------------------------------------------------------


def test_a_change_is_noticed_once() -> None:
    disk = written()
    follower = KeyFile(disk)
    assert follower.keys == tuple(BEFORE)
    assert not follower.changed()
    write_keys(disk, AFTER)
    assert follower.changed()
    assert follower.keys == tuple(AFTER)
    assert not follower.changed()


def test_the_first_key_is_noticed() -> None:
    disk = MemoryDisk()
    follower = KeyFile(disk)
    assert follower.keys == ()
    assert not follower.changed()
    write_keys(disk, BEFORE)
    assert follower.changed()
    assert follower.keys == tuple(BEFORE)


def test_a_file_that_is_gone_or_damaged_leaves_the_keys_as_they_were() -> None:
    disk = written()
    follower = KeyFile(disk)
    disk.put(FILE, b"{")
    with pytest.raises(ApiKeysDamagedError):
        follower.changed()
    disk.remove(FILE)
    with pytest.raises(ApiKeysDamagedError, match="is gone"):
        follower.changed()
    with pytest.raises(ApiKeysDamagedError, match="is gone"):
        follower.changed()
    assert follower.keys == tuple(BEFORE)
    write_keys(disk, AFTER)
    assert follower.changed()
    assert follower.keys == tuple(AFTER)


def test_a_temporary_file_is_none_of_its_business() -> None:
    disk = written()
    disk.put(TEMPORARY, b"half")
    assert not KeyFile(disk).changed()
