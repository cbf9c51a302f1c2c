"""Whatever is in a file, only the errors come out that are declared: no traceback, nothing else.

Bytes as they came from somewhere are changed at random: in their values, where JSON holds them, and
with their check sums made right again, so that what reads them comes as far as it can. Bodies of
requests are in `tests/contract/test_fuzz.py`, `test_transaction_body.py` and `tests/http`. `make
fuzz` tries many more.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorizer.cli.import_lines import BadLine, GoodLine, read_lines
from authorizer.domain.accounts.limits import LimitMode, LimitScope, LimitTerms
from authorizer.domain.accounts.purchase_commands import AuthorizeHold, PutLimit
from authorizer.domain.limits.commands import PutGlobalLimit
from authorizer.persistence.backup import manifest as manifests
from authorizer.persistence.backup.manifest import BackupDamagedError, Manifest, sha256_of
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.record import (
    UnknownRecordError,
    decode,
    encode,
    event_of,
    fields_of,
)
from authorizer.persistence.state.snapshot import SnapshotDamagedError, SnapshotVersionError
from authorizer.persistence.stores.folder_store import FolderStore
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support.any_event import any_event, json_values, unhurried
from tests.support.backups import backed_up
from tests.support.builders import BY, terms
from tests.support.command_line import account, done, write_lines
from tests.support.commands import (
    block,
    credit,
    merchant,
    opening,
    purchase,
    registration,
    ticket,
)
from tests.support.documents import card, customer
from tests.support.documents import encode as as_json
from tests.support.machine import Machine

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES") or 60)
fuzzed: Final = settings(unhurried, max_examples=EXAMPLES)

odd: Final = (
    json_values
    | st.sampled_from([2**63, -(2**63), 2**64, 1e300, -0.0, "", "\0", "é" * 300, [[]], {"": {}}])
    | st.integers(-(2**70), 2**70).map(str)
)
"""Values that nobody wrote there."""


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a JSON value."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [at, *(place for key, each in inner for place in places(each, (*at, key)))]


def put(value: Any, place: tuple[Any, ...], new: Any, drop: bool) -> Any:
    """The value with something else at a place, or nothing."""
    if not place:
        return new
    key, *rest = place
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if not rest and drop:
        del copy[key]
    else:
        copy[key] = put(copy[key], tuple(rest), new, drop)
    return copy


def changed(data: st.DataObject, text: bytes) -> bytes:
    """JSON with one to three of its values changed, or with other bytes in it."""
    if data.draw(st.integers(0, 5)) == 0:
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 8))
        return text[:at] + data.draw(st.binary(max_size=8)) + text[at + length :]
    value = orjson.loads(text)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(value)))
        value = put(value, place, data.draw(odd), data.draw(st.booleans()))
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS) if _fits(value) else text[:-1]


def _fits(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


# --- records --------------------------------------------------------------------------------------


@fuzzed
@given(any_event, st.data())
def test_a_record_is_an_event_or_unknown(event: Any, data: st.DataObject) -> None:
    record = changed(data, encode(event))
    with suppress(UnknownRecordError):
        decode(record)
    with suppress(UnknownRecordError):
        for fields in fields_of([record, encode(event)]):
            event_of(fields)


# --- snapshots ------------------------------------------------------------------------------------


def made_snapshot() -> bytes:
    """A snapshot with everything in it."""
    machine = Machine()
    machine.start()
    ask = machine.dispatcher.ask
    asked: list[Any] = [
        ask(merchant("UBER*", "5812")),
        ask(opening("a", FOOD=100_00, CASH=5_00)),
        ask(credit("a", "c-1", "CASH", 7)),
        ask(AuthorizeHold("a", "h", 5_00, "5411", "X", None, False, 1, None, 0, BY)),
        ask(PutLimit("a", "l", False, LIMIT, (), None, 0, BY)),
        ask(PutGlobalLimit("g", LIMIT, BY)),
        machine.actors.onboarding.register(registration("c", "a", ["k"]), (terms("k"),)),
    ]
    for each in asked:
        machine.answer(machine.ask(each))
    machine.answer(
        machine.authorize(purchase(1_00, mcc="5411", transaction_id="t", account_id="a"))
    )
    machine.answer(machine.ask(ask(block("a", "k"))))
    machine.answer(machine.ask(machine.actors.tickets.open(ticket("c", "s", "k", None))))
    taken = machine.answer(machine.ask(machine.running.snapshots.take()))
    file = machine.disk.read(snapshot.snapshot_name(taken.position))
    machine.close()
    return file


LIMIT: Final = LimitTerms("day", None, 100_00, 3, LimitScope(), LimitMode.ENFORCE)
SNAPSHOT: Final = made_snapshot()
HEADER_BYTES: Final = len(snapshot.header(0))
_CHUNK: Final = struct.Struct(">II")
_ENTRY: Final = snapshot._ENTRY


def entries_of(file: bytes) -> list[tuple[int, bytes, bytes]]:
    """The entries of a snapshot: kind, id, payload."""
    found, at = [], HEADER_BYTES
    while at < len(file):
        length, _ = _CHUNK.unpack_from(file, at)
        at, end = at + _CHUNK.size, at + _CHUNK.size + length
        while at < end:
            kind, id_bytes, payload_bytes = _ENTRY.unpack_from(file, at)
            at += _ENTRY.size
            found.append((kind, file[at : at + id_bytes], file[at + id_bytes :][:payload_bytes]))
            at += id_bytes + payload_bytes
    return found


ENTRIES: Final = entries_of(SNAPSHOT)


def snapshot_of(entries: list[tuple[int, bytes, bytes]]) -> bytes:
    """A snapshot with these entries, whose check sums are right."""
    file = SNAPSHOT[:HEADER_BYTES]
    for kind, identity, payload in entries:
        entry = _ENTRY.pack(kind, len(identity), len(payload)) + identity + payload
        file += _CHUNK.pack(len(entry), zlib.crc32(entry)) + entry
    return file


def load(file: bytes) -> bool:
    """Whether a snapshot is read; else it is damaged. Its entities are asleep, and stay so."""
    disk = MemoryDisk()
    disk.make_folder(snapshot.FOLDER)
    name = snapshot.snapshot_name(1)
    written = disk.append(name)
    written.write(file)
    written.sync()
    try:
        snapshot.load(disk, name)
    except (SnapshotDamagedError, SnapshotVersionError):
        return False
    return True


def test_a_snapshot_that_is_put_together_again_is_read() -> None:
    assert load(SNAPSHOT)
    assert load(snapshot_of(ENTRIES))


@pytest.mark.parametrize("new", [[], {}, 1, -1, None, "x", [[]], 2**63])
def test_a_snapshot_with_one_value_changed_or_left_out_is_read_or_damaged(new: Any) -> None:
    for at, (kind, identity, payload) in enumerate(ENTRIES):
        try:
            value = orjson.loads(payload)
        except orjson.JSONDecodeError:  # an index has plain text
            continue
        for place in places(value):
            for drop in (False, True):
                odd_one = orjson.dumps(put(value, place, new, drop))
                load(snapshot_of([*ENTRIES[:at], (kind, identity, odd_one), *ENTRIES[at + 1 :]]))


@fuzzed
@given(st.data())
def test_a_snapshot_is_read_or_damaged(data: st.DataObject) -> None:
    entries = list(ENTRIES)
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(entries) - 1))
        kind, identity, payload = entries[at]
        try:
            payload = changed(data, payload)
        except orjson.JSONDecodeError:  # an index has plain text
            payload = data.draw(st.binary(max_size=20))
        kind = data.draw(st.sampled_from([kind] * 9 + [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255]))
        entries[at] = (kind, identity, payload)
    load(snapshot_of(entries))


@fuzzed
@given(st.integers(0, len(SNAPSHOT)), st.binary(max_size=12), st.integers(0, 12))
def test_a_snapshot_with_other_bytes_in_it_is_damaged(at: int, new: bytes, length: int) -> None:
    odd_one = SNAPSHOT[:at] + new + SNAPSHOT[at + length :]
    assert load(odd_one) == (odd_one == SNAPSHOT)


# --- manifests of backups -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with a backup."""
    folder = tmp_path_factory.mktemp("backup")
    lines = write_lines(folder / "lines.ndjson", account("a", FOOD=100.0))
    done("import", lines, "--data", folder / "data")
    backed_up(folder / "data", folder / "place")
    return folder / "place"


@fuzzed
@given(data=st.data())
def test_a_manifest_is_read_or_damaged(backup: Path, data: st.DataObject) -> None:
    store = FolderStore(backup)
    (name,) = manifests.backups(store).names
    file = f"{manifests.FOLDER}/{name}.json"
    sound = store.get(file)
    body = changed(data, orjson.loads(sound)["manifest"].encode())
    document = {"sha256": sha256_of(body), "manifest": body.decode("utf-8", "replace")}
    text = (
        changed(data, orjson.dumps(document))
        if data.draw(st.booleans())
        else orjson.dumps(document)
    )
    try:
        store.put(file, text)
        found: Manifest = manifests.read(store, name)
        assert (found.position, bool(found.name)) == (found.journal[-1].last_position, True)
    except BackupDamagedError:
        pass
    finally:
        store.put(file, sound)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "a//x", "./x", "a/..", ""])
@pytest.mark.parametrize("member", ["name", "stored_as"])
def test_no_manifest_names_a_file_outside_of_its_folder(
    backup: Path, member: str, name: str
) -> None:
    """Whoever can write into the store of the backups can't write into the machine."""
    odd_one = {"name": "a", "stored_as": "a", "size_bytes": 1, "sha256": "", member: name}
    refused(backup, "is no name of a file", files=[odd_one])


def test_no_manifest_has_a_time_that_can_not_be_told(backup: Path) -> None:
    for at_us in (2**62, 2**63, -(2**62)):
        refused(backup, "out of range", taken_at_us=at_us)


def refused(backup: Path, why: str, **members: Any) -> None:
    """A manifest with these members, whose check sum is right, is damaged."""
    store = FolderStore(backup)
    (found,) = manifests.backups(store).names
    file = f"{manifests.FOLDER}/{found}.json"
    sound = store.get(file)
    body = orjson.dumps({**orjson.loads(orjson.loads(sound)["manifest"]), **members})
    store.put(file, orjson.dumps({"sha256": sha256_of(body), "manifest": body.decode()}))
    try:
        with pytest.raises(BackupDamagedError, match=why):
            manifests.read(store, found)
    finally:
        store.put(file, sound)


# --- imports --------------------------------------------------------------------------------------


LINES: Final = (
    account("a", FOOD=100.0, CASH=20.5),
    {"name": "UBER EATS   SAO PAULO BR", "mcc": "5812"},
    customer("c", card("k", "120.00"), conta="a"),
)


@fuzzed
@given(st.data(), st.sampled_from(LINES), st.sampled_from(["lines.ndjson", "one.json"]))
def test_a_line_of_an_import_is_good_or_told(data: st.DataObject, line: Any, name: str) -> None:
    text = changed(data, as_json(line))
    for found in read_lines(io.BytesIO(text + b"\n" + as_json(line)), name):
        assert isinstance(found, GoodLine | BadLine)
