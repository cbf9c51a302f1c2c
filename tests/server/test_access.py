"""How the server is put together."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from authorizer.actors.counts import PurchaseCounts
from authorizer.domain.access import LOCAL, ApiKey, Role
from authorizer.http.access.control import Denied
from authorizer.http.metrics import Metrics
from authorizer.persistence.api_keys import KeyFile, changing, write_keys
from authorizer.persistence.local_disk import LocalDisk
from authorizer.server.access import access_for
from authorizer.settings.loading import load_settings

CLOCK: Any = SimpleNamespace(wall_us=lambda: 0, monotonic_ns=lambda: 0)
RUNNING: Any = SimpleNamespace(clock=CLOCK)
ALL = frozenset(Role)


def access(host: str, disk: LocalDisk) -> Any:
    metrics = Metrics(PurchaseCounts())
    return access_for(load_settings(host=host), RUNNING, KeyFile(disk), metrics)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "2001:db8::1"])
def test_beyond_loopback_it_is_never_open(host: str, tmp_path: Path) -> None:
    """The command refuses to listen there without a key; the file may go after it has looked."""
    found = access(host, LocalDisk(tmp_path))
    assert not found.is_open
    for answer in (found.admit([], ALL), found.admit_transaction([])):
        assert isinstance(answer, Denied)
        assert answer.status == 401


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_it_is_open_while_there_is_no_key(host: str, tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    assert access(host, disk).admit([], ALL) == LOCAL
    with changing(disk):
        write_keys(disk, [ApiKey("a", Role.TERMINAL, "", bytes(32), 0, None, 1)])
    assert not access(host, disk).is_open, "even a revoked one"
