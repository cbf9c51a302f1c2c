"""Snapshots: a shortcut to the state, written beside the journal while the accounts go on.

A snapshot is fuzzy in time and exact in effect: every entity in it carries the position of the
newest event that it contains, and recovery replays the journal from `from_position` on, passing
over what an entity has already. It is valid once the journal holds everything that is in it, and is
named only then. docs/journal-format.md has the bytes.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from authorizer.domain.aggregate import Aggregate, Codec, TableCodec, Upgrade
from authorizer.domain.aggregates import AGGREGATES, INDEXES, table
from authorizer.domain.index import Index
from authorizer.persistence.archive.protocol import Mark
from authorizer.persistence.disk import Disk
from authorizer.persistence.state.population import PackedEntity, to_be_kept
from authorizer.persistence.state.state import State

FOLDER: Final = "snapshots"
TEMPORARY: Final = f"{FOLDER}/new-snapshot.tmp"
MAGIC: Final = b"AUTHSNAP"
SLICE_SECONDS: Final = 0.001
"""How long one slice of a snapshot may hold the loop, give or take one entity."""

_NAME = re.compile(r"([0-9]{20})\.snapshot")
_HEADER = struct.Struct(">8sHQI")
_CHUNK = struct.Struct(">II")
_ENTRY = struct.Struct(">BHI")
_PAGE, _END, _ARCHIVE = 3, 6, 20
_OF_KIND: Final[Mapping[int, Aggregate[Any] | Index | None]] = table(
    [
        (_PAGE, None),
        (_END, None),
        (_ARCHIVE, None),
        *((aggregate.snapshot_kind, aggregate) for aggregate in AGGREGATES),
        *((index.snapshot_kind, index) for index in INDEXES),
    ]
)
"""What an entry of a snapshot is of, by its kind."""
_OF_PAGE: Final = table(
    (name, aggregate)
    for aggregate in AGGREGATES
    if isinstance(aggregate.codec, Codec)
    for name in aggregate.codec.pages
)
"""The aggregate that a page belongs to, by the name it has on disk."""
OLDEST_VERSION: Final = 4
"""The oldest version that is read: each one since has an upgrade.

The ones before do not tell which source paid for an id, and nothing but the journal does.
"""
VERSION: Final = max(
    [OLDEST_VERSION, *(old + 1 for aggregate in AGGREGATES for old in aggregate.codec.upgrades)]
)
"""The version that is written: it grows with an upgrade of any aggregate's values."""
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
    counts: tuple[int, ...]
    """How many entities there are, by aggregate in the order of the declarations."""


class Snapshot(NamedTuple):
    """A snapshot that was read."""

    name: str
    from_position: int
    """Every event up to here is in it."""
    end: SnapshotEnd
    state: State
    archived: Mark | None = None
    """The archive that holds what had left memory; None where nothing had."""


Look = Callable[[Aggregate[Any], str], PackedEntity]
"""The present state of one entity, packed."""


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
    head = _HEADER.pack(MAGIC, VERSION, from_position, 0)[:-4]
    return head + struct.pack(">I", zlib.crc32(head))


def end_chunk(end: SnapshotEnd) -> bytes:
    """The bytes that end a snapshot."""
    return _chunk([_entry(_END, "", orjson.dumps((*end[:-1], *end.counts)))])


def archive_chunk(mark: Mark) -> bytes:
    """The bytes that say which archive the snapshot rests on; none where it rests on none."""
    return _chunk([_entry(_ARCHIVE, "", orjson.dumps(list(mark)))]) if mark.taken else b""


def slices(state: State, look: Look, seconds: Callable[[], float]) -> Iterator[bytes]:
    """The state in chunks, each taken in one short stretch of the loop.

    Between two chunks the state may change. What came into being after the first chunk may be in
    the snapshot or not: the journal has it.
    """
    gathered: list[bytes] = []
    gathered_bytes = 0
    until = seconds() + SLICE_SECONDS
    for entry in _entries(state, look):
        gathered.append(entry)
        gathered_bytes += len(entry)
        if seconds() >= until or gathered_bytes >= _MAX_SLICE_BYTES:
            yield _chunk(gathered)
            gathered, gathered_bytes = [], 0
            until = seconds() + SLICE_SECONDS
    if gathered:
        yield _chunk(gathered)


def _entries(state: State, look: Look) -> Iterator[bytes]:
    for aggregate, single in state.singles.items():
        assert isinstance(aggregate.codec, TableCodec)
        for part in aggregate.codec.parts(single):
            yield _entry(aggregate.snapshot_kind, "", orjson.dumps(part))
    for index, entries in state.indexes.items():
        for key in _so_far(entries.keys_in_order):
            yield _entry(index.snapshot_kind, key, entries[key].encode())
    for aggregate, store in state.stores.items():
        for entity_id in _so_far(store.ids):
            packed = look(aggregate, entity_id)
            yield _entry(aggregate.snapshot_kind, entity_id, packed.data)
            for name, pages in packed.pages.items():
                for page in pages:
                    yield _entry(_PAGE, entity_id, orjson.dumps((name, page)))


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
    except (ValueError, LookupError, TypeError, struct.error) as error:
        raise SnapshotDamagedError(f"{disk.path(name)}: {error}") from error


class _OtherVersionError(ValueError):
    pass


class _Loader:
    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._data = data
        self._state = State()
        self._end: SnapshotEnd | None = None
        self._archived: Mark | None = None
        self._version = VERSION

    def snapshot(self) -> Snapshot:
        magic, version, from_position, crc = _HEADER.unpack_from(self._data)
        if magic != MAGIC or zlib.crc32(self._data[: _HEADER.size - 4]) != crc:
            raise ValueError("no sound snapshot header")
        if not OLDEST_VERSION <= version <= VERSION:
            raise _OtherVersionError(f"snapshot version {version} is not read by this program")
        self._version = version
        at = _HEADER.size
        while at < len(self._data):
            at = self._chunk(at)
        if self._end is None:
            raise ValueError("the snapshot is not whole")
        self._state.at_us = self._end.at_us
        return Snapshot(self._name, from_position, self._end, self._state, self._archived)

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
        if kind == _PAGE:
            name, page = orjson.loads(payload)
            self._state[_OF_PAGE[name]].add_page(entity_id, name, page)
        elif kind == _ARCHIVE:
            self._archived = Mark(*orjson.loads(payload))
        elif kind == _END:
            position, chain, at_us, *counts = orjson.loads(payload)
            self._end = SnapshotEnd(position, chain, at_us, tuple(counts))
        else:
            if kind not in _OF_KIND:
                raise ValueError(f"unknown entry kind {kind}")
            whose = _OF_KIND[kind]
            if isinstance(whose, Index):
                self._state.indexes[whose].add(entity_id, payload.decode())
            elif whose is not None:
                self._entity(whose, entity_id, payload)

    def _entity(self, aggregate: Aggregate[Any], entity_id: str, payload: bytes) -> None:
        codec = aggregate.codec
        upgrades = [codec.upgrades[v] for v in range(self._version, VERSION) if v in codec.upgrades]
        if isinstance(codec, TableCodec):
            codec.add(self._state.single(aggregate), _upgraded(payload, upgrades))
        elif upgrades:
            data = to_be_kept(orjson.dumps(_upgraded(payload, upgrades)))
            self._state[aggregate].put_packed(entity_id, PackedEntity(data, {}))
        else:
            self._state[aggregate].put_packed(entity_id, PackedEntity(payload, {}))


def _upgraded(payload: bytes, upgrades: Iterable[Upgrade]) -> list[Any]:
    values: list[Any] = orjson.loads(payload)
    for upgrade in upgrades:
        values = upgrade(values)
    return values
