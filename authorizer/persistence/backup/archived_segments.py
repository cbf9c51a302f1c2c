"""Segments that were archived: moved to a store, compressed, with a list that says what they are.

Not to be taken for the archive of purchases (`persistence/archive`), which has closed purchases
that left memory: that one is made of the journal, and is in the data folder.
"""

import gzip
from typing import Final, Literal

import orjson
from pydantic import BaseModel, ValidationError

from authorizer.persistence.backup.manifest import (
    STRICT,
    BackupDamagedError,
    StoredSegment,
    check_order,
    check_sum,
    sha256_of,
)
from authorizer.persistence.backup.stored_disk import StoredDisk
from authorizer.persistence.stores.protocol import ObjectStore

LIST: Final = "archived-segments.json"
COMPRESSED: Final = ".gz"
_LEVEL: Final = 6


class ArchivedSegments(BaseModel):
    """The list of the segments that a store has, from position 1 on without a gap."""

    model_config = STRICT

    version: Literal[1] = 1
    segments: tuple[StoredSegment, ...]

    @property
    def position(self) -> int:
        """Where they end; 0 if there are none."""
        return self.segments[-1].last_position if self.segments else 0


def read_list(store: ObjectStore) -> ArchivedSegments:
    """What a store has; nothing where no segment was ever archived.

    Raises:
        BackupDamagedError: the list is not as it was written.
    """
    try:
        data = store.get(LIST)
    except FileNotFoundError:
        return ArchivedSegments(segments=())
    try:
        document = orjson.loads(data)
        body = document["archived"].encode()
        check_sum(body, document["sha256"])
        found = ArchivedSegments.model_validate_json(body)
        check_order("journal", found.segments)
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise BackupDamagedError(f"{store.path(LIST)} is no list of segments: {error}") from error
    return found


def write_list(store: ObjectStore, archived: ArchivedSegments) -> None:
    """Say what the store has; it must have it already."""
    body = archived.model_dump_json().encode()
    document = {"sha256": sha256_of(body), "archived": body.decode()}
    store.put(LIST, orjson.dumps(document))


def compressed(data: bytes) -> bytes:
    """The bytes of a segment as they are stored: the same bytes each time."""
    return gzip.compress(data, _LEVEL, mtime=0)


def archived_disk(store: ObjectStore, archived: ArchivedSegments) -> StoredDisk:
    """The archived segments as a disk that is read."""
    return StoredDisk(store, {segment.name: segment for segment in archived.segments})
