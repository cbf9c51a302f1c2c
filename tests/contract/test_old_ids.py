"""A server walks along its accounts for ids that are past their retention, from its start on."""

from __future__ import annotations

from tests.support.client import Client
from tests.support.waiting import until


def test_the_first_walk_is_made_at_once(client: Client) -> None:
    until(lambda: b"authorizer_old_ids_rounds 1.0" in client.get("/metrics").body, "made")
