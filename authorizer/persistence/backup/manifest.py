"""The manifest of a backup: what is in it, and under which names the store has it.

A manifest is written last, so a backup without one was never finished. Files are shared by the
backups of a place: a full segment never changes, and is stored once.
"""

import hashlib
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from authorizer.domain.moments import moment_of
from authorizer.persistence.journal.segments import segment_name
from authorizer.persistence.stores.protocol import ObjectStore

FOLDER: Final = "manifests"
STRICT: Final = ConfigDict(extra="forbid", frozen=True)


class BackupDamagedError(Exception):
    """A backup that can't be used; the message says which file and why."""


class StoredFile(BaseModel):
    """A file of the data folder, as the store has it."""

    model_config = STRICT

    name: str
    """Its name in the data folder."""
    stored_as: str
    size_bytes: int
    sha256: str


class StoredSegment(StoredFile):
    """A segment of a journal, whole up to the end of a batch."""

    first_position: int
    last_position: int
    chain: str
    """The hash chain's head after it, in hexadecimal."""
    newest_at_us: int
    """The time of its newest record."""


class StoredKeys(BaseModel):
    """The key file of personal data, as it was; a later backup puts a newer one in its place."""

    model_config = STRICT

    stored_as: str
    keys: int
    destroyed: int


class Manifest(BaseModel):
    """A backup."""

    model_config = STRICT

    version: Literal[1] = 1
    program: str
    """The version of the program that took it."""
    taken_at_us: int
    identity: str
    """The hash chain's head after the first batch: other journals have another one."""
    journal: tuple[StoredSegment, ...]
    access_log: tuple[StoredSegment, ...]
    files: tuple[StoredFile, ...]
    """Snapshots, and the files of API keys and people."""
    keys: StoredKeys | None
    """None where they are kept elsewhere, or there are none."""

    @property
    def position(self) -> int:
        """Where its journal ends."""
        return self.journal[-1].last_position

    @property
    def chain(self) -> str:
        """The hash chain's head there, in hexadecimal."""
        return self.journal[-1].chain

    @property
    def stored_files(self) -> tuple[StoredFile, ...]:
        """All files but the keys."""
        return (*self.journal, *self.access_log, *self.files)

    @property
    def name(self) -> str:
        """The name of the backup: where its journal ends, and when it was taken.

        A later one has a later name, whatever the clock did.
        """
        return f"{self.position:020d}-{moment_of(self.taken_at_us):%Y%m%dT%H%M%S.%fZ}"


class Found(NamedTuple):
    """The backups of a place, oldest first."""

    names: tuple[str, ...]

    @property
    def newest(self) -> str | None:
        """The name of the newest one; None where there is none."""
        return self.names[-1] if self.names else None


def stored_as(name: str, sha256: str) -> str:
    """The name in the store: content that differs has another name, so nothing is overwritten."""
    stem, _, kind = name.rpartition(".")
    return f"{stem}-{sha256[:16]}.{kind}"


def sha256_of(data: bytes) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def backups(store: ObjectStore) -> Found:
    """The backups that were finished."""
    names = (name.removeprefix(f"{FOLDER}/") for name in store.sizes(FOLDER))
    return Found(tuple(sorted(name.removesuffix(".json") for name in names)))


def write(store: ObjectStore, manifest: Manifest) -> None:
    """Finish a backup."""
    body = manifest.model_dump_json().encode()
    document = {"sha256": sha256_of(body), "manifest": body.decode()}
    store.put(f"{FOLDER}/{manifest.name}.json", orjson.dumps(document))


def read(store: ObjectStore, name: str) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupDamagedError: it is not as it was written, or of another version of the program.
        FileNotFoundError: there is no such backup.
    """
    file = f"{FOLDER}/{name}.json"
    try:
        document = orjson.loads(store.get(file))
        body = document["manifest"].encode()
        check_sum(body, document["sha256"])
        manifest = Manifest.model_validate_json(body)
        check_order("journal", manifest.journal)
        check_order("access log", manifest.access_log)
        check_names(manifest)
        moment_of(manifest.taken_at_us)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        ValidationError,
    ) as error:
        raise BackupDamagedError(f"{store.path(file)} is no manifest: {error}") from error
    return manifest


def check_sum(body: bytes, sha256: str) -> None:
    """ValueError if a text is not the one that was written."""
    if sha256_of(body) != sha256:
        raise ValueError("it does not match its SHA-256")


def check_order(what: str, segments: Iterable[StoredSegment]) -> None:
    """ValueError if segments do not go on from one another, from position 1 on."""
    position = 0
    for segment in segments:
        first, last = segment.first_position, segment.last_position
        if first != position + 1 or last < first or not segment.name.endswith(segment_name(first)):
            raise ValueError(f"the {what} does not go on from position {position}")
        position = last
    if what == "journal" and position == 0:
        raise ValueError("it has no journal")


def check_names(manifest: Manifest) -> None:
    """ValueError if a file would lie outside the folder that it is restored into, or the store."""
    names = [name for file in manifest.stored_files for name in (file.name, file.stored_as)]
    if manifest.keys is not None:
        names.append(manifest.keys.stored_as)
    for name in names:
        if {"", ".", ".."} & set(name.split("/")) or "\0" in name:
            raise ValueError(f"{name!r} is no name of a file")


def drop_all_but(store: ObjectStore, kept: int) -> int:
    """Take the oldest backups away, and the files that only they have; how many went.

    The keys stay: all backups of a place share them.
    """
    names = backups(store).names
    gone = names[: max(0, len(names) - kept)]
    if not gone:
        return 0
    needed = {
        file.stored_as for name in names[len(gone) :] for file in read(store, name).stored_files
    }
    for name in gone:
        unneeded = {file.stored_as for file in read(store, name).stored_files} - needed
        store.remove(f"{FOLDER}/{name}.json")
        for file in sorted(unneeded):
            store.remove(file)
    return len(gone)
