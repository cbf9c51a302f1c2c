"""`verify`: finds what is damaged, names it, and is content with what is whole."""

from __future__ import annotations

import json
import shutil
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from authorizer.domain.accounts.aggregate import ACCOUNTS
from authorizer.domain.accounts.events import AccountCredited, AccountOpened, CardBlocked
from authorizer.domain.accounts.state import ACCOUNT_OF_CARD
from authorizer.domain.customers.aggregate import CUSTOMERS
from authorizer.domain.customers.state import ERASED
from authorizer.domain.merchants.aggregate import MERCHANTS
from authorizer.domain.sealing import unsealed
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.record import encode
from authorizer.persistence.state.snapshot import SnapshotEnd
from tests.support import documents
from tests.support.command_line import (
    account,
    batches,
    buy,
    done,
    everything,
    flip,
    head,
    journal_files,
    run,
    take_snapshot,
    write_batch,
    write_events,
    write_lines,
)
from tests.support.commands import purchase
from tests.support.server import MakeServer

NOW_US = 4_000_000_000_000_000
"""A time behind everything that happens in a test."""


def findings(data: Path, *arguments: object, whole: bool) -> dict[str, Any]:
    result = run("verify", "--json", "--data", data, *arguments)
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] == whole == (result.exit_code == 0), found
    assert bool(found["problems"]) != whole
    return found


def problem(data: Path, *arguments: object) -> dict[str, Any]:
    """The one problem that there is."""
    found = findings(data, *arguments, whole=False)["problems"]
    assert len(found) == 1, found
    only: dict[str, Any] = found[0]
    return only


@pytest.fixture
def used(demo: Path) -> Path:
    """A folder with several batches, a snapshot, and batches behind it."""
    buy(
        demo,
        *(
            purchase(100 + n, mcc="5411", transaction_id=f"t{n}", account_id="123")
            for n in range(6)
        ),
    )
    take_snapshot(demo)
    buy(
        demo,
        *(
            purchase(200 + n, mcc="5411", transaction_id=f"u{n}", account_id="123")
            for n in range(6)
        ),
    )
    return demo


COUNTED = ("accounts", "customers", "tickets", "cards", "merchants")

# --- what is whole -------------------------------------------------------------------------------


def test_what_is_whole_is_told_in_figures(used: Path) -> None:
    last = batches(used)[-1]
    found = findings(used, whole=True)
    assert found["position"] == last.last_position == 25
    assert found["chain"] == last.header.chain.hex()
    newest = json.loads(done("inspect", "--from", "25", "--data", used))
    assert found["newest_event_at"] == newest["at"]
    assert {name: found[name] for name in COUNTED} == {
        "accounts": 4,
        "customers": 1,
        "tickets": 0,
        "cards": 2,
        "merchants": 4,
    }
    assert found["segments"] == 1
    assert found["batches"] == len(batches(used))
    assert found["incomplete_batch"] is None
    (taken,) = found["snapshots"]
    assert taken == {
        "file": f"{used}/snapshots/00000000000000000019.snapshot",
        "whole": True,
        "other_version": False,
        "makes_the_same_state": True,
    }


def test_the_text_says_the_same(used: Path) -> None:
    lines = dict(line.split(maxsplit=1) for line in done("verify", "--data", used).splitlines())
    assert lines["head"] == head(used)
    assert lines["result"] == "whole"
    assert lines["snapshot"].endswith("whole, makes the same state as the journal")


def test_nothing_is_changed_and_no_lock_is_needed(used: Path) -> None:
    with LocalDisk(used).lock():
        before = everything(used)
        findings(used, whole=True)
        assert everything(used) == before


def test_an_empty_journal_is_whole(data: Path) -> None:
    done("init", "--data", data)
    found = findings(data, whole=True)
    assert (found["position"], found["newest_event_at"]) == (0, None)
    take_snapshot(data)
    findings(data, whole=True)


def test_several_segments_are_followed(demo: Path) -> None:
    write_batch(demo, [encode(AccountOpened(NOW_US, "t", "z", {"CASH": 1}, None))], segment_bytes=1)
    write_batch(demo, [encode(AccountCredited(NOW_US, "t", "z", "1", "CASH", 5))], segment_bytes=1)
    assert findings(demo, whole=True)["segments"] == 3


def test_ids_that_fill_many_pages_make_the_same_state(demo: Path) -> None:
    ids = (f"{number:05}" for number in range(9000))
    events = (AccountCredited(NOW_US, "t", "123", credit, "CASH", 1) for credit in ids)
    write_events(demo, *events)
    take_snapshot(demo)
    buy(demo, purchase(1, mcc="5411", transaction_id="one", account_id="123"))
    assert findings(demo, whole=True)["snapshots"][0]["makes_the_same_state"]


def test_a_shorter_memory_of_old_ids_is_no_difference(demo: Path) -> None:
    day_us = 86_400_000_000
    write_events(
        demo,
        *(AccountCredited(NOW_US, "t", "123", f"a{n}", "CASH", 1) for n in range(4096)),
        *(AccountCredited(NOW_US + 30 * day_us, "t", "123", f"b{n}", "CASH", 1) for n in range(10)),
    )
    done("snapshot", "--data", demo)
    taken = everything(demo / "snapshots")
    for path in (demo / "snapshots").iterdir():
        path.unlink()
    shorter = {"AUTHORIZER_CREDIT_ID_RETENTION_DAYS": "1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shorter.items():
            patch.setenv(name, value)
        done("snapshot", "--data", demo)
    assert everything(demo / "snapshots") != taken
    findings(demo, whole=True)


# --- a head that was kept ------------------------------------------------------------------------


def test_heads_that_were_kept_are_recognised(used: Path) -> None:
    heads = [f"{batch.last_position}:{batch.header.chain.hex()}" for batch in batches(used)]
    arguments = [word for kept in heads for word in ("--expect", kept.upper())]
    findings(used, *arguments, whole=True)


def test_another_chain_at_a_position_is_told(used: Path) -> None:
    position, chain = head(used).split(":")
    other = chain[:-1] + ("0" if chain[-1] != "0" else "1")
    told = problem(used, "--expect", f"{position}:{other}")
    assert told["problem"] == f"at position 25 the chain is {chain}, but {other} is expected"
    assert told["file"] == f"{used}/journal"


def test_a_position_inside_of_a_batch_is_told(demo: Path) -> None:
    write_events(demo, *(AccountOpened(NOW_US, "t", name, {}, None) for name in ("a", "b")))
    told = problem(demo, "--expect", f"14:{'00' * 32}")
    assert told["problem"] == "no batch ends at position 14, but one is expected"


def test_a_journal_that_was_cut_at_a_batch_is_found_by_a_kept_head(demo: Path) -> None:
    buy(demo, purchase(100, mcc="5411", account_id="123"))
    kept = head(demo)
    (file,) = journal_files(demo)
    last = batches(demo)[-1]
    file.write_bytes(file.read_bytes()[: last.offset])
    findings(demo, whole=True)
    assert problem(demo, "--expect", kept)["problem"] == (
        f"the journal ends at position {last.first_position - 1}, but {last.last_position} is "
        "expected"
    )


def test_a_forged_history_is_found_by_a_kept_head(demo: Path, tmp_path: Path) -> None:
    buy(demo, purchase(10000, mcc="5411", account_id="123"))
    kept = head(demo)
    forged = tmp_path / "forged"
    for batch in batches(demo):
        write_batch(forged, [record.replace(b"10000", b"12000") for record in batch.records()])
    findings(forged, "--without-keys", whole=True)
    told = problem(forged, "--without-keys", "--expect", kept)
    assert "the chain is" in told["problem"]


@pytest.mark.parametrize(
    "kept", ["", "25", "25:", "25:abc", f"-1:{'00' * 32}", f"x:{'00' * 32}", f"1:{'0g' * 32}"]
)
def test_a_head_that_is_none_is_wrong_usage(kept: str, demo: Path) -> None:
    assert run("verify", f"--expect={kept}", "--data", demo).exit_code == 2


# --- damage to the journal -----------------------------------------------------------------------


def test_every_changed_byte_is_found_with_its_batch(demo: Path, tmp_path: Path) -> None:
    buy(
        demo,
        purchase(100, mcc="5411", account_id="123"),
        purchase(200, mcc="5411", account_id="123"),
    )
    (file,) = journal_files(demo)
    found = batches(demo)
    size = file.stat().st_size
    for offset in range(0, size, 13):
        copy = tmp_path / "copy"
        shutil.copytree(demo, copy)
        flip(copy / "journal" / file.name, offset)
        begins = max([0, *(batch.offset for batch in found if batch.offset <= offset)])
        told = problem(copy)
        assert (told["file"], told["offset"]) == (str(copy / "journal" / file.name), begins)
        shutil.rmtree(copy)


def test_damage_is_told_in_the_text_and_what_lies_before_is_counted(used: Path) -> None:
    (file,) = journal_files(used)
    first, second, *_ = batches(used)
    flip(file, second.offset + 60)
    result = run("verify", "--data", used)
    assert result.exit_code == 1
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert lines[-1] == ["result", "not whole"]
    problems = [text for name, text in lines if name == "problem"]
    assert problems[0].startswith(f"{file} at byte {second.offset}: the batch")
    assert dict(lines)["head"].startswith(f"{first.last_position}:")


def test_a_torn_end_is_told_and_is_no_damage(used: Path) -> None:
    (file,) = journal_files(used)
    last = batches(used)[-1]
    before = everything(used)
    for cut in (1, 20, last.size_bytes - 1):
        file.write_bytes(before[f"journal/{file.name}"][: last.offset + cut])
        found = findings(used, whole=True)
        assert found["position"] == last.first_position - 1
        torn = found["incomplete_batch"]
        assert (torn["segment"], torn["offset"], torn["length"]) == (str(file), last.offset, cut)
        assert f"incomplete    {file} at byte {last.offset}, {cut} bytes" in done(
            "verify", "--data", used
        )


def test_a_missing_segment_is_found(demo: Path) -> None:
    for number in range(3):
        event = AccountOpened(NOW_US, "t", str(number), {"CASH": 1}, None)
        write_batch(demo, [encode(event)], segment_bytes=1)
    files = journal_files(demo)
    for missing, says in ((files[2], "does not continue"), (files[0], "records are missing")):
        content = missing.read_bytes()
        missing.unlink()
        assert says in findings(demo, whole=False)["problems"][0]["problem"]
        missing.write_bytes(content)
    findings(demo, whole=True)


def test_a_snapshot_betrays_a_missing_end(demo: Path) -> None:
    buy(demo, purchase(100, mcc="5411", account_id="123"))
    taken = take_snapshot(demo)
    (file,) = journal_files(demo)
    file.write_bytes(file.read_bytes()[: batches(demo)[-1].offset])
    ends, knows = batches(demo)[-1].last_position, int(taken.stem)
    found = findings(demo, whole=False)
    assert (found["position"], found["shorter_than"]) == (ends, knows)
    (only,) = found["problems"]
    assert only["file"] == str(taken)
    assert only["problem"].startswith(f"the journal ends at position {ends}, but {knows} was there")
    text = run("verify", "--data", demo).stdout
    assert f"whole up to position {ends}, but a snapshot knows {knows}" in text
    assert "damaged" not in text.replace("nothing is damaged", "")
    assert f"serve --accept-shorter-journal {ends}" in text


def test_beside_a_snapshot_that_is_ahead_the_older_one_is_compared(used: Path) -> None:
    (older,) = (used / "snapshots").glob("*.snapshot")
    newer = take_snapshot(used)
    (file,) = journal_files(used)
    file.write_bytes(file.read_bytes()[: batches(used)[-1].offset])
    by_file = {entry["file"]: entry for entry in findings(used, whole=False)["snapshots"]}
    assert by_file[str(older)]["makes_the_same_state"] is True
    assert by_file[str(newer)]["makes_the_same_state"] is None


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (b"not json", "no record of this program"),
        (b'["no_such_event",1,0,"t"]', "no record of this program"),
        (b'["account_opened",9,0,"t","z",{},null]', "account_opened version 9 is newer"),
        (encode(CardBlocked(NOW_US, "t", "123", "no-card", "roubo", "x")), "does not fit"),
    ],
)
def test_a_record_that_cannot_be_is_found_although_its_checksum_is_right(
    record: bytes, says: str, demo: Path
) -> None:
    good = encode(AccountCredited(NOW_US, "t", "123", "1", "CASH", 1))
    write_batch(demo, [good, record])
    last = batches(demo)[-1]
    told = problem(demo)
    assert says in told["problem"]
    assert (told["file"], told["offset"]) == (str(demo / last.segment), last.offset)


# --- damage to snapshots -------------------------------------------------------------------------


def test_every_changed_byte_of_a_snapshot_is_found(demo: Path) -> None:
    taken = take_snapshot(demo)
    for offset in range(0, taken.stat().st_size, 29):
        flip(taken, offset)
        told = problem(demo)
        assert told["file"] == str(taken)
        assert str(taken) not in told["problem"]
        flip(taken, offset)
    findings(demo, whole=True)


def test_a_snapshot_of_another_version_is_no_damage(demo: Path) -> None:
    """After an update they stay until newer ones have taken their places; a start passes over."""
    older = take_snapshot(demo)
    head_bytes = struct.pack(">8sHQ", snapshot.MAGIC, 1, int(older.stem))
    head_bytes += struct.pack(">I", zlib.crc32(head_bytes))
    older.write_bytes(head_bytes + older.read_bytes()[len(head_bytes) :])
    (found,) = findings(demo, whole=True)["snapshots"]
    assert (found["whole"], found["other_version"]) == (False, True)
    lines = done("verify", "--data", demo)
    assert "of another version of the program, passed over" in lines
    assert "damaged" not in lines


def test_beside_a_damaged_snapshot_the_next_one_is_compared(demo: Path) -> None:
    older = take_snapshot(demo)
    buy(demo, purchase(100, mcc="5411", account_id="123"))
    newer = take_snapshot(demo)
    for broken, good in ((newer, older), (older, newer)):
        flip(broken, 100)
        found = findings(demo, whole=False)
        assert [(entry["file"], entry["offset"]) for entry in found["problems"]] == [
            (str(broken), None)
        ]
        by_file = {entry["file"]: entry for entry in found["snapshots"]}
        assert by_file[str(broken)]["whole"] is False
        assert by_file[str(good)]["makes_the_same_state"] is True
        flip(broken, 100)


def rewrite(data: Path, path: Path, change: Callable[[Any], None]) -> None:
    """A snapshot with sound checksums and another state in it."""
    name = f"{snapshot.FOLDER}/{path.name}"
    disk = LocalDisk(data)
    read = snapshot.load(disk, name)
    change(read.state)
    state = read.state
    chunks = snapshot.slices(
        state, lambda aggregate, entity_id: state[aggregate].packed(entity_id), lambda: 0.0
    )
    end = snapshot.end_chunk(SnapshotEnd(*read.end))
    path.write_bytes(b"".join((snapshot.header(read.from_position), *chunks, end)))


def richer(state: Any) -> None:
    rich = state[ACCOUNTS].load("123")
    rich.wallets_cents["CASH"] += 1
    state[ACCOUNTS].put("123", rich)


def forgetful(state: Any) -> None:
    old = state[ACCOUNTS].load("123")
    old.purchase_keys.open_page.clear()
    state[ACCOUNTS].put("123", old)


def otherwise_called(state: Any) -> None:
    person = state[CUSTOMERS].load("12345")
    person.personal = unsealed("Outra Pessoa")
    state[CUSTOMERS].put("12345", person)


def erased_for_no_reason(state: Any) -> None:
    state.indexes[ERASED].add("12345", "")


def without_a_merchant(state: Any) -> None:
    state.single(MERCHANTS).remove("UBER EATS                   SAO PAULO BR")


def with_a_card_elsewhere(state: Any) -> None:
    state.indexes[ACCOUNT_OF_CARD]._values["123987654"] = "123"


def test_a_snapshot_with_other_money_is_named_with_the_wallet(used: Path) -> None:
    (taken,) = (used / "snapshots").glob("*.snapshot")
    rewrite(used, taken, richer)
    told = findings(used, whole=False)["problems"]
    assert {one["file"] for one in told} == {str(taken)}
    assert [one["problem"] for one in told] == [
        "with the journal behind it, it makes another state than the journal alone",
        (
            "account '123', wallet CASH: 1000.01 available, 0.00 held, 0.00 owed, but its "
            "events make 1000.00 available, 0.00 held, 0.00 owed"
        ),
    ]


@pytest.mark.parametrize(
    "change",
    [
        forgetful,
        otherwise_called,
        erased_for_no_reason,
        without_a_merchant,
        with_a_card_elsewhere,
    ],
)
def test_a_snapshot_that_says_something_else_than_the_journal_is_found(
    change: Callable[[Any], None], used: Path
) -> None:
    (taken,) = (used / "snapshots").glob("*.snapshot")
    rewrite(used, taken, lambda _: None)
    findings(used, whole=True)
    rewrite(used, taken, change)
    told = problem(used)
    assert told["file"] == str(taken)
    assert "makes another state than the journal alone" in told["problem"]


def test_a_snapshot_without_what_the_journal_goes_on_with_is_found(demo: Path) -> None:
    taken = take_snapshot(demo)
    buy(demo, purchase(100, mcc="5411", card_id="123987654", account_id="12345"))

    def without_cards(state: Any) -> None:
        bare = state[ACCOUNTS].load("12345")
        bare.cards.clear()
        state[ACCOUNTS].put("12345", bare)

    rewrite(demo, taken, without_cards)
    told = problem(demo)
    assert told["file"] == str(journal_files(demo)[0])
    assert told["problem"].startswith("behind the newest snapshot: the record 14 does not fit ")


def test_a_snapshot_of_another_journal_is_found(demo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done("import", write_lines(tmp_path / "lines", account("1", CASH=1)), "--data", other)
    write_events(other, *(AccountOpened(0, "t", str(n), {}, None) for n in range(2, 14)))
    taken = take_snapshot(other)
    shutil.copytree(other / "snapshots", demo / "snapshots")
    told = [entry["problem"] for entry in findings(demo, whole=False)["problems"]]
    assert any("it is not the journal that" in text and taken.name in text for text in told)


# --- beside a server -----------------------------------------------------------------------------


def test_beside_a_server_at_work_everything_is_whole(make_server: MakeServer) -> None:
    server = make_server("--segment-mib", "1", "--deadline-ms", "600000", "--snapshots-kept", "1")
    server.start()
    client = server.client
    client.open_account("1", CASH="1000000.00")
    stopped = threading.Event()

    def shop() -> None:
        number = 0
        while not stopped.is_set():
            number += 1
            client.authorize(documents.purchase("1", "0.01", id=f"t{number}"))

    shopper = threading.Thread(target=shop)
    shopper.start()
    try:
        positions = []
        for _ in range(4):
            done("snapshot", "--data", server.data)
            found = findings(server.data, whole=True)
            positions.append(found["position"])
            assert any(entry["makes_the_same_state"] for entry in found["snapshots"])
    finally:
        stopped.set()
        shopper.join()
    assert positions == sorted(positions)
    assert server.running
