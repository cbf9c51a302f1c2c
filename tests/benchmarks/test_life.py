"""The benchmarks of a purchase's life: what they write and ask is what they say."""

from pathlib import Path

import pytest

from authorizer.domain.accounts.purchase_state import PurchaseStatus
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.verification.data_folder import verify
from benchmarks import holds, servers
from benchmarks.journals import accounts_opened, write_journal
from benchmarks.probe import KINDS, Probe, WrongAnswerError
from benchmarks.wrk import FIRST_ACCOUNT
from tests.support.documents import Document


def test_a_history_of_holds_adds_up_and_has_what_it_says(tmp_path: Path) -> None:
    figures = {(f.benchmark, f.name): f.value for f in holds.measure(tmp_path, scale=0.0001)}
    assert figures["holds", "open holds"] == 10  # and the server's metrics said so too
    assert figures["holds", "closed purchases"] == 100
    assert verify(LocalDisk(tmp_path / "data")).problems == ()
    with servers.authorizer(tmp_path) as server:
        base = f"/accounts/{FIRST_ACCOUNT}/authorizations"
        closed: Document = server.client.get(f"{base}/closed-9").json()
        assert (closed["status"], str(closed["captured"])) == (PurchaseStatus.CLOSED.value, "1.00")
        assert server.client.get(f"{base}/open").json()["status"] == PurchaseStatus.PENDING.value


def test_a_probe_asks_for_each_kind_and_takes_no_decline(tmp_path: Path) -> None:
    write_journal(tmp_path / "data", accounts_opened(2), 10)
    with servers.authorizer(tmp_path) as server, Probe(server.port, 2) as probe:
        turns = iter((False, False, True))
        probe.ask_until(lambda: next(turns))
        assert {kind: len(seconds) for kind, seconds in probe.seconds.items()} == dict.fromkeys(
            KINDS, 2
        )
        frozen = {"status": "frozen", "reason": "a test"}
        assert server.client.put(f"/accounts/{FIRST_ACCOUNT + 1}/status", frozen).status == 200
        with pytest.raises(WrongAnswerError, match="authorization"):
            probe.ask_until(lambda: False)
