"""`verify`: the keys open what is sealed, and the log of who read whose data is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from authorizer.domain.access import DataAccess
from authorizer.domain.accounts.cards import Operation
from authorizer.domain.customers.events import OperationsImported, PersonalDataErased
from authorizer.domain.merchants.events import MerchantRegistered
from authorizer.domain.messages import Event
from authorizer.domain.moments import WrittenTime
from authorizer.domain.sealing import Sealed
from authorizer.domain.tickets.events import TicketOpened
from authorizer.persistence.journal import segments as journal
from authorizer.persistence.journal.file_journal import FileJournal
from authorizer.persistence.journal.reader import JournalReader
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.privacy import access_log, keyring, vault
from authorizer.persistence.privacy.access_log import AccessLog
from authorizer.persistence.privacy.keyring import SLOT_BYTES
from authorizer.persistence.privacy.vault import Vault, read_keys
from authorizer.persistence.state import snapshot
from authorizer.persistence.state.record import encode
from authorizer.persistence.verification import data_folder as verification
from authorizer.persistence.verification.data_folder import KeysIn
from authorizer.simulation.memory_disk import MemoryDisk
from tests.support import documents
from tests.support.command_line import done, flip, journal_files, run, take_snapshot, write_events

IDS: Final = ("ana", "bia", "caio")
LATER_US: Final = 4_000_000_000_000_000


@pytest.fixture
def people(data: Path, tmp_path: Path) -> Path:
    """A folder with three customers."""
    for customer_id in IDS:
        file = tmp_path / f"{customer_id}.json"
        file.write_bytes(documents.encode(documents.customer(customer_id)))
        done("import", file, "--data", data)
    return data


def key_file(data: Path) -> Path:
    return data / "keys" / vault.FILE


def slot_of(data: Path, customer_id: str) -> int:
    """Where a customer's key lies in the key file."""
    identity = keyring.identity_of(customer_id)
    content = key_file(data).read_bytes()
    (at,) = (
        offset
        for offset in range(SLOT_BYTES, len(content), SLOT_BYTES)
        if content[offset + 4 : offset + 28] == identity
    )
    return at


def put(data: Path, offset: int, content: bytes) -> None:
    whole = bytearray(key_file(data).read_bytes())
    whole[offset : offset + len(content)] = content
    key_file(data).write_bytes(whole)


def findings(data: Path, *arguments: object, whole: bool) -> dict[str, Any]:
    result = run("verify", "--json", "--data", data, *arguments)
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] == whole == (result.exit_code == 0), found
    return found


def told(data: Path, *arguments: object) -> list[str]:
    return [each["problem"] for each in findings(data, *arguments, whole=False)["problems"]]


# --- keys ----------------------------------------------------------------------------------------


def test_keys_that_open_everything_are_counted(people: Path) -> None:
    found = findings(people, whole=True)
    file = str(key_file(people))
    assert found["keys"] == {"file": file, "keys": 3, "destroyed": 0, "of_erased_customers": []}
    assert f"keys          3 keys, 0 destroyed, in {file}" in done("verify", "--data", people)


def test_without_a_key_file_every_customer_is_named(people: Path) -> None:
    shutil.rmtree(people / "keys")
    missing, *each = told(people)
    assert missing == "the key file is missing"
    assert [text.split(" and ")[0] for text in each] == [
        f"customer '{customer_id}' has no key," for customer_id in IDS
    ]
    text = run("verify", "--data", people).stdout
    assert text.splitlines()[-1] == "result        not whole"


def test_a_copy_without_keys_on_purpose_is_whole(people: Path) -> None:
    shutil.rmtree(people / "keys")
    assert findings(people, "--without-keys", whole=True)["keys"] is None
    assert "keys          not checked" in done("verify", "--without-keys", "--data", people)


def test_a_folder_without_customers_needs_no_keys(data: Path) -> None:
    done("init", "--data", data)
    shutil.rmtree(data / "keys", ignore_errors=True)
    findings(data, whole=True)


def test_keys_elsewhere_are_looked_for_there(data: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "safe"
    file = tmp_path / "ana.json"
    file.write_bytes(documents.encode(documents.customer("ana")))
    done("import", file, "--data", data, "--personal-keys", elsewhere)
    findings(data, "--personal-keys", elsewhere, whole=True)
    assert told(data)[0] == "the key file is missing"


def test_one_missing_key_names_its_customer(people: Path) -> None:
    """Cut out of the file; and overwritten, as an erasure behind the journal's end leaves it."""
    slot, whole = slot_of(people, "bia"), key_file(people).read_bytes()
    key_file(people).write_bytes(whole[:slot] + whole[slot + SLOT_BYTES :])
    assert told(people) == ["customer 'bia' has no key, and the personal data can't be read"]
    key_file(people).write_bytes(whole)
    put(people, slot, bytes(SLOT_BYTES))
    (text,) = told(people)
    assert "customer 'bia' has no key" in text
    assert "1 more keys were destroyed than erasures are in the journal" in text


def test_a_wrong_key_names_its_customer(people: Path) -> None:
    """A sound slot, with the key of another folder."""
    slot = slot_of(people, "bia")
    put(people, slot, keyring.slot(keyring.identity_of("bia"), bytes(range(32))))
    (text,) = told(people)
    assert text.startswith("customer 'bia' has a key that does not open the personal data")


def test_a_damaged_slot_is_told_with_its_place(people: Path) -> None:
    slot = slot_of(people, "caio")
    flip(key_file(people), slot + 40)
    damaged, missing = findings(people, whole=False)["problems"]
    assert damaged == {
        "file": str(key_file(people)),
        "offset": slot,
        "problem": "no key and no zeros",
    }
    assert "customer 'caio' has no key" in missing["problem"]


def test_a_file_that_is_no_key_file_is_told(people: Path) -> None:
    flip(key_file(people), 3)
    first, *each = told(people)
    assert first == "this is no key file"
    assert len(each) == 3


def test_who_is_erased_needs_no_key_and_one_that_is_left_is_told(people: Path) -> None:
    """No problem: the next start destroys it."""
    keys = read_keys(LocalDisk(people), "keys")
    write_events(
        people,
        ticket_of("ana", keys.seal("ana", "[]"), 1),
        operations_of("ana", keys.seal("ana", "[]"), 1),
        PersonalDataErased(LATER_US, "t", "ana"),
    )
    found = findings(people, whole=True)
    assert found["keys"]["of_erased_customers"] == ["ana"]
    text = done("verify", "--data", people)
    assert "erased        customer 'ana' is erased and has a key" in text
    take_snapshot(people)
    found = findings(people, whole=True)
    assert (found["keys"]["of_erased_customers"], found["keys"]["destroyed"]) == ([], 1)
    shutil.rmtree(people / "keys")
    assert [text.split(" and ")[0] for text in told(people)[1:]] == [
        f"customer '{customer_id}' has no key," for customer_id in ("bia", "caio")
    ]


STRANGE: Final = keyring.Keyring(
    keyring.HEADER + keyring.slot(keyring.identity_of("ana"), b"k" * 32)
)
"""Seals under another key than the folder's."""


def ticket_of(customer_id: str, text: Sealed, number: int) -> TicketOpened:
    ticket_id = f"2025022400000{number}"
    kept = ("card", "P2", "Telefone", None, 1, 1, text)
    return TicketOpened(LATER_US, "t", ticket_id, customer_id, *kept)


def operations_of(customer_id: str, text: Sealed, _: int) -> OperationsImported:
    at = WrittenTime(1_740_391_200_000_000)
    line = Operation("bloqueio", "card", at, "Telefone", justification=text)
    return OperationsImported(LATER_US, "t", customer_id, (line,))


@pytest.mark.parametrize(
    ("make", "what"),
    [(ticket_of, "the ticket 20250224000002"), (operations_of, "the personal data")],
)
def test_other_texts_that_the_key_does_not_open_name_their_customer(
    make: Callable[[str, Sealed, int], Event], what: str, people: Path
) -> None:
    keys = read_keys(LocalDisk(people), "keys")
    write_events(people, make("ana", keys.seal("ana", "[]"), 1))
    findings(people, whole=True)
    write_events(people, make("ana", STRANGE.seal("ana", "[]"), 2))
    (said,) = told(people)
    assert f"customer 'ana' has a key that does not open {what}" in said


def test_only_so_many_problems_are_printed(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("authorizer.cli.verify"), "_TOLD", 2)
    shutil.rmtree(people / "keys")
    text = run("verify", "--data", people).stdout
    assert [line for line in text.splitlines() if line.startswith("problem")][-1].endswith(
        "2 more; --json has all"
    )
    assert len(told(people)) == 4


def test_a_key_that_is_made_or_destroyed_meanwhile_is_no_missing_one(people: Path) -> None:
    """A server's file is read before the state and after it."""

    class Changing(LocalDisk):
        def __init__(self, root: Path, contents: Iterator[bytes]) -> None:
            super().__init__(root)
            self._contents = contents

        def read(self, name: str) -> bytes:
            return next(self._contents)

    whole = key_file(people).read_bytes()
    bia = slot_of(people, "bia")
    erased = whole[:bia] + bytes(SLOT_BYTES) + whole[bia + SLOT_BYTES :]
    last = whole[:-SLOT_BYTES]
    for before, after in ((whole, erased), (last, whole), (keyring.HEADER[:10], whole)):
        disk = Changing(people, iter((before, after)))
        found = verification.verify(LocalDisk(people), keys_in=KeysIn(disk, "keys"))
        assert found.problems == ()


def test_a_key_file_that_is_being_replaced_is_found(people: Path) -> None:
    key_file(people).rename(people / "keys" / vault.OLD)
    assert findings(people, whole=True)["keys"]["keys"] == 3


# --- the access log ------------------------------------------------------------------------------


@pytest.fixture
def read(people: Path) -> Path:
    """A folder in which somebody's data was read."""
    log = AccessLog(LocalDisk(people / access_log.FOLDER))
    for number in range(3):
        log.write([DataAccess(number, "local", "documento", ("ana",), f"r{number}")])
    log.close()
    return people


def accesses_file(data: Path) -> Path:
    (file,) = journal_files(data / access_log.FOLDER)
    return file


def test_the_access_log_is_counted(read: Path) -> None:
    found = findings(read, whole=True)["access_log"]
    assert found["position"] == 3
    assert found["incomplete_batch"] is None
    assert f"access log    3 records, head {found['chain']}" in done("verify", "--data", read)


def test_every_changed_byte_of_the_access_log_is_found(read: Path) -> None:
    file = accesses_file(read)
    for offset in range(0, file.stat().st_size, 7):
        flip(file, offset)
        (only,) = findings(read, whole=False)["problems"]
        assert only["file"] == str(file)
        flip(file, offset)
    findings(read, whole=True)


def test_an_incomplete_end_of_the_access_log_is_no_problem(read: Path) -> None:
    file = accesses_file(read)
    file.write_bytes(file.read_bytes()[:-1])
    found = findings(read, whole=True)["access_log"]
    assert (found["position"], found["incomplete_batch"]["segment"]) == (2, str(file))
    assert f"incomplete    {file} at byte" in done("verify", "--data", read)


def test_a_record_that_is_none_of_an_access_log_is_found(read: Path) -> None:
    disk = LocalDisk(read / access_log.FOLDER)
    reader = JournalReader(disk)
    assert sum(1 for _ in reader) == 3
    opened = FileJournal(disk, reader, 1 << 30)
    opened.write(4, [b'["something",1]'])
    opened.close()
    (text,) = told(read)
    assert text.startswith("a record that is none of an access log")


def test_a_beginning_that_is_missing_from_the_access_log_is_found(read: Path) -> None:
    disk = LocalDisk(read / access_log.FOLDER)
    reader = JournalReader(disk)
    assert sum(1 for _ in reader) == 3
    opened = FileJournal(disk, reader, 1)
    opened.write(4, [b'["data_read",1,0,"local","documento",["ana"],"r"]'])
    opened.close()
    first, _ = journal_files(read / access_log.FOLDER)
    first.unlink()
    (text,) = told(read)
    assert text == "the log begins at position 4: records are missing"


# --- the device, not the memory ------------------------------------------------------------------


def test_every_file_is_read_from_the_device(people: Path) -> None:
    """What the system shows of a file after a failed sync is on no device."""
    write_segment(people)
    take_snapshot(people)
    (people / access_log.FOLDER).mkdir()
    log = AccessLog(LocalDisk(people / access_log.FOLDER))
    log.write([DataAccess(1, "local", "documento", ("ana",), "r")])
    log.close()
    names = [
        *journal.segments(LocalDisk(people)),
        *snapshot.snapshots(LocalDisk(people)),
        f"keys/{vault.FILE}",
    ]
    assert len(names) == 4
    for name in (None, *names):
        disk, accesses = disk_of(people), disk_of(people / access_log.FOLDER)
        if name is not None:
            disk._inode(name).synced = disk.read(name)[:100]
        found = verification.verify(disk, keys_in=KeysIn(disk, "keys"), accesses_on=accesses)
        assert bool(found.problems) == (name is not None), name
    accesses = disk_of(people / access_log.FOLDER)
    (segment,) = journal.segments(accesses)
    accesses._inode(segment).synced = bytes(200)
    assert verification.verify(disk_of(people), accesses_on=accesses).problems


def write_segment(data: Path) -> None:
    """A journal of two segments."""
    disk = LocalDisk(data)
    reader = JournalReader(disk)
    assert list(reader)
    opened = FileJournal(disk, reader, 1)
    opened.write(opened.position + 1, [encode(MerchantRegistered(LATER_US, "t", "SHOP", "5411"))])
    opened.close()


def disk_of(folder: Path) -> MemoryDisk:
    """A disk in memory with a folder's files."""
    disk = MemoryDisk()
    for path in folder.rglob("*"):
        if path.is_file():
            disk.put(str(path.relative_to(folder)), path.read_bytes())
    return disk


def test_keys_are_opened_for_a_vault_that_is_at_work(people: Path) -> None:
    opened = Vault(LocalDisk(people), "keys")
    findings(people, whole=True)
    opened.close()
