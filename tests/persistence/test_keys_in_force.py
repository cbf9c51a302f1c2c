"""By which keys a server goes, as it says and as others read it."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog

from authorizer.domain.access import ApiKey, Role
from authorizer.http.access.control import Access
from authorizer.persistence.api_keys import FILE, KeyFile, changing, digest_of_file, write_keys
from authorizer.persistence.keys_in_force import IN_FORCE, InForce, said
from authorizer.persistence.local_disk import LocalDisk
from authorizer.server.access import follow_keys
from tests.support.waiting import eventually

KEY = ApiKey("a", Role.TERMINAL, "till", bytes(range(32)), 1, None, None)
DEADLINE_S = 60


def test_nobody_says_anything_where_no_server_runs(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path / "data")
    assert said(disk) is None
    with closing(InForce(disk)) as word:
        assert said(disk) == ""
        word.say(digest_of_file(disk))
        assert said(disk) == digest_of_file(disk)
    assert said(disk) is None


def test_a_full_disk_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = LocalDisk(tmp_path)
    with closing(InForce(disk)) as word:
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", no_space)
            with pytest.raises(OSError, match=IN_FORCE):
                word.say("a" * 64)
        assert said(disk) == ""
        word.say("a" * 64)
        assert said(disk) == "a" * 64


def no_space(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_keys_come_into_force_all_the_same_where_it_can_t_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authorizer.server.access.FOLLOW_KEYS_SECONDS", 0.001)
    disk = LocalDisk(tmp_path)

    async def off_loop(function: Any, *arguments: Any) -> Any:
        return function(*arguments)

    async def follow() -> None:
        access = Access()
        with closing(InForce(disk)) as word:
            following = asyncio.create_task(follow_keys(KeyFile(disk), word, access, off_loop))
            with monkeypatch.context() as patched:
                patched.setattr(os, "pwrite", no_space)
                with changing(disk):
                    write_keys(disk, [KEY])
                await eventually(lambda: is_told("could not be told"))
                assert not access.is_open
                assert said(disk) == ""
            await eventually(lambda: said(disk) == digest_of_file(disk))
            (tmp_path / FILE).write_bytes(b"{")
            await eventually(lambda: is_told("stay in force"))
            assert said(disk) not in ("", digest_of_file(disk))
            following.cancel()

    def is_told(text: str) -> bool:
        return any(text in line["event"] for line in told)

    with structlog.testing.capture_logs() as told:
        asyncio.run(follow())
    assert len([line for line in told if line["log_level"] == "error"]) == 2
