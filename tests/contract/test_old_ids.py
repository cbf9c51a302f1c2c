"""A server walks along its accounts for ids that are past their retention, from its start on."""

from __future__ import annotations

import time

from tests.support.client import Client
from tests.support.server import POLL_S, START_DEADLINE_S


def test_the_first_walk_is_made_at_once(client: Client) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while b"authorizer_old_ids_rounds 1.0" not in client.get("/metrics").body:
        assert time.monotonic() < deadline
        time.sleep(POLL_S)
