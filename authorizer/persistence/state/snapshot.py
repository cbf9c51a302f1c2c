"""Snapshots: a shortcut to the state, written beside the journal while the accounts go on.

A snapshot is fuzzy in time and exact in effect: every entity in it carries the position of the
newest event that it contains, and recovery replays the journal from `from_position` on, passing
over what an entity has already. It is valid once the journal holds everything that is in it, and is
named only then. docs/journal-format.md has the bytes.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import orjson

from authorizer.persistence.disk import Disk
from authorizer.persistence.state.population import EntityStore, PackedEntity
from authorizer.persistence.state.state import State
from authorizer.persistence.state.state_codec import STATE_VERSION

FOLDER: Final = "snapshots"
TEMPORARY: Final = f"{FOLDER}/new-snapshot.tmp"
MAGIC: Final = b"AUTHSNAP"
SLICE_SECONDS: Final = 0.001
"""How long one slice of a snapshot may hold the loop, give or take one entity."""

_NAME = re.compile(r"([0-9]{20})\.snapshot")
_HEADER = struct.Struct(">8sHQI")
_CHUNK = struct.Struct(">II")
_ENTRY = struct.Struct(">BHI")
_ACCOUNT, _CUSTOMER, _PAGE, _CARD, _MERCHANTS, _END, _TICKET, _ERASED, _REQUEST = range(1, 10)
_MERCHANTS_A_PAGE: Final = 2000
_MAX_SLICE_BYTES: Final = 4 << 20


class SnapshotDamagedError(Exception):
    """A snapshot that cannot be used; an older one, or the journal alone, can."""


class SnapshotVersionError(SnapshotDamagedError):
    """A snapshot of another version of the program: sound, perhaps, and of no use to this one."""


class SnapshotEnd(NamedTuple):
    """The last entry: what the snapshot rests on. A snapshot without it is not whole."""

    journal_position: int
    """The end of a batch at or behind the newest event that is in the snapshot."""
    chain: str
    """The journal's hash chain at `journal_position`, in hexadecimal."""
    at_us: int
    accounts: int
    customers: int
    tickets: int


class Snapshot(NamedTuple):
    """A snapshot that was read."""

    name: str
    from_position: int
    """Every event up to here is in it."""
    end: SnapshotEnd
    state: State


Look = Callable[[str], PackedEntity]
"""The present state of one entity, awake or asleep, as it would sleep."""


def snapshot_name(from_position: int) -> str:
    """The file of the snapshot from a position on."""
    return f"{FOLDER}/{from_position:020d}.snapshot"


def position_of(name: str) -> int:
    """The position in a snapshot's name."""
    return int(name.removeprefix(f"{FOLDER}/").split(".")[0])


def snapshots(disk: Disk) -> list[str]:
    """The files of the snapshots, newest first."""
    names = [name for name in disk.names(FOLDER) if _NAME.fullmatch(name)]
    return [f"{FOLDER}/{name}" for name in reversed(names)]


def header(from_position: int) -> bytes:
    """The bytes that begin a snapshot."""
    head = _HEADER.pack(MAGIC, STATE_VERSION, from_position, 0)[:-4]
    return head + struct.pack(">I", zlib.crc32(head))


def end_chunk(end: SnapshotEnd) -> bytes:
    """The bytes that end a snapshot."""
    return _chunk([_entry(_END, "", orjson.dumps(tuple(end)))])


def slices(
    state: State,
    look_account: Look,
    look_customer: Look,
    look_ticket: Look,
    seconds: Callable[[], float],
) -> Iterator[bytes]:
    """The state in chunks, each taken in one short stretch of the loop.

    Between two chunks the state may change. What came into being after the first chunk may be in
    the snapshot or not: the journal has it.
    """
    gathered: list[bytes] = []
    gathered_bytes = 0
    until = seconds() + SLICE_SECONDS
    for entry in _entries(state, look_account, look_customer, look_ticket):
        gathered.append(entry)
        gathered_bytes += len(entry)
        if seconds() >= until or gathered_bytes >= _MAX_SLICE_BYTES:
            yield _chunk(gathered)
            gathered, gathered_bytes = [], 0
            until = seconds() + SLICE_SECONDS
    if gathered:
        yield _chunk(gathered)


def _entries(
    state: State, look_account: Look, look_customer: Look, look_ticket: Look
) -> Iterator[bytes]:
    yield from _merchant_entries(state)
    for card_id in _so_far(state.card_ids):
        yield _entry(_CARD, card_id, state.account_of_card[card_id].encode())
    for customer_id in tuple(state.erased):
        yield _entry(_ERASED, customer_id, b"")
    for key in _so_far(state.request_keys):
        yield _entry(_REQUEST, key, state.ticket_of_request[key].encode())
    yield from _sleepers(_ACCOUNT, state.accounts, look_account)
    yield from _sleepers(_CUSTOMER, state.customers, look_customer)
    yield from _sleepers(_TICKET, state.tickets, look_ticket)


def _merchant_entries(state: State) -> Iterator[bytes]:
    entries, position = state.merchants.entries(), state.merchants.position
    for at in range(0, len(entries), _MERCHANTS_A_PAGE):
        page = entries[at : at + _MERCHANTS_A_PAGE]
        yield _entry(_MERCHANTS, "", orjson.dumps((position, page)))
    yield _entry(_MERCHANTS, "", orjson.dumps((position, ())))


def _sleepers(kind: int, population: EntityStore[Any], look: Look) -> Iterator[bytes]:
    for entity_id in _so_far(population.ids):
        sleeper = look(entity_id)
        yield _entry(kind, entity_id, sleeper.data)
        for owner, pages in sleeper.pages.items():
            for page in pages:
                yield _entry(_PAGE, entity_id, orjson.dumps((owner, page)))


def _so_far(ids: list[str]) -> Iterator[str]:
    for index in range(len(ids)):
        yield ids[index]


def _entry(kind: int, entity_id: str, payload: bytes) -> bytes:
    identity = entity_id.encode()
    return _ENTRY.pack(kind, len(identity), len(payload)) + identity + payload


def _chunk(entries: list[bytes]) -> bytes:
    data = b"".join(entries)
    return _CHUNK.pack(len(data), zlib.crc32(data)) + data


def load(disk: Disk, name: str) -> Snapshot:
    """Read a snapshot, whole.

    Raises:
        SnapshotVersionError: it is of another version.
        SnapshotDamagedError: it is not whole, or damaged.
    """
    try:
        return _Loader(name, disk.read(name)).snapshot()
    except _OtherVersionError as error:
        raise SnapshotVersionError(f"{disk.path(name)}: {error}") from error
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise SnapshotDamagedError(f"{disk.path(name)}: {error}") from error


class _OtherVersionError(ValueError):
    pass


class _Loader:
    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._data = data
        self._state = State()
        self._end: SnapshotEnd | None = None

    def snapshot(self) -> Snapshot:
        magic, version, from_position, crc = _HEADER.unpack_from(self._data)
        if magic != MAGIC or zlib.crc32(self._data[: _HEADER.size - 4]) != crc:
            raise ValueError("no sound snapshot header")
        if version != STATE_VERSION:
            raise _OtherVersionError(f"snapshot version {version} is not read by this program")
        at = _HEADER.size
        while at < len(self._data):
            at = self._chunk(at)
        if self._end is None:
            raise ValueError("the snapshot is not whole")
        self._state.at_us = self._end.at_us
        return Snapshot(self._name, from_position, self._end, self._state)

    def _chunk(self, at: int) -> int:
        length: int
        length, crc = _CHUNK.unpack_from(self._data, at)
        at += _CHUNK.size
        data = self._data[at : at + length]
        if not 0 < length == len(data) or zlib.crc32(data) != crc:
            raise ValueError(f"the chunk at byte {at} is damaged")
        inside = 0
        while inside < length:
            kind, id_bytes, payload_bytes = _ENTRY.unpack_from(data, inside)
            inside += _ENTRY.size
            entity_id = data[inside : inside + id_bytes].decode()
            inside += id_bytes
            self._entry(kind, entity_id, data[inside : inside + payload_bytes])
            inside += payload_bytes
        return at + length

    def _entry(self, kind: int, entity_id: str, payload: bytes) -> None:
        if kind == _ACCOUNT:
            self._state.accounts.lay_down(entity_id, PackedEntity(payload, {}))
        elif kind == _PAGE:
            owner, page = orjson.loads(payload)
            self._state.accounts.add_page(entity_id, owner, page)
        elif kind == _CUSTOMER:
            self._state.customers.lay_down(entity_id, PackedEntity(payload, {}))
        elif kind == _TICKET:
            self._state.tickets.lay_down(entity_id, PackedEntity(payload, {}))
        elif kind == _CARD:
            self._state.add_card(entity_id, payload.decode())
        elif kind == _MERCHANTS:
            position, entries = orjson.loads(payload)
            for name, mcc in entries:
                self._state.merchants.register(name, mcc)
            self._state.merchants.position = position
        elif kind == _REQUEST:
            self._state.add_request(entity_id, payload.decode())
        elif kind == _ERASED:
            self._state.erased.add(entity_id)
        elif kind == _END:
            self._end = SnapshotEnd(*orjson.loads(payload))
        else:
            raise ValueError(f"unknown entry kind {kind}")
