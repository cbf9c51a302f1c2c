"""The API keys on disk: one small file, replaced as a whole, read again while a server runs.

`DATA/access/api-keys.json` holds no key, only the SHA-256 of each key's secret. A change of it
needs the lock of `DATA/access/lock`, which is not the lock of the data folder: keys are made and
revoked while a server owns that one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from authorizer.domain.access import ApiKey, Role
from authorizer.domain.moments import moment_of, us_of
from authorizer.persistence.disk import Disk
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.small_file import FollowedFile, SmallFile

FOLDER: Final = "access"
FILE: Final = f"{FOLDER}/api-keys.json"
LOCK: Final = f"{FOLDER}/lock"
TEMPORARY: Final = f"{FOLDER}/new-api-keys.tmp"
MAX_KEYS: Final = 10_000
"""Revoked and expired keys stay, so that the journal's `by` can be read; this bounds them all."""


class ApiKeysDamagedError(Exception):
    """The file of the API keys cannot be used; the message says which and what to do."""


class _StoredKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    role: Role
    name: str
    sha256: Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{64}\z")]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    keys: list[_StoredKey]


def read_keys(disk: Disk) -> tuple[ApiKey, ...]:
    """All keys, oldest first; none where there is no file.

    Raises:
        ApiKeysDamagedError: the file is there and is not one of API keys.
        OSError: it can't be read.
    """
    return _FILE.read(disk)


def write_keys(disk: Disk, keys: Sequence[ApiKey]) -> None:
    """Put these keys in the place of all there were, durably and at once."""
    stored = _Stored(version=1, keys=[_stored(key) for key in keys])
    _FILE.write(disk, stored)


def digest_of_file(disk: Disk) -> str:
    """What names the content of the key file: its SHA-256; that of nothing if it is missing."""
    return _FILE.digest(disk)


@contextmanager
def changing(disk: LocalDisk) -> Iterator[None]:
    """Hold the lock of the keys until the context ends; wait while another process holds it."""
    disk.make_folder(".")
    disk.make_folder(FOLDER)
    with disk.turn(LOCK):
        yield


def _parse(disk: Disk, content: bytes) -> tuple[ApiKey, ...]:
    try:
        stored = _Stored.model_validate_json(content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise _damaged(disk, problem) from error
    if len({key.id for key in stored.keys}) < len(stored.keys):
        raise _damaged(disk, "an id is there twice")
    return tuple(_key(key) for key in stored.keys)


def _damaged(disk: Disk, problem: str) -> ApiKeysDamagedError:
    return ApiKeysDamagedError(
        f"{disk.path(FILE)} is damaged: {problem}. Put a backup of it in its place, or take it "
        "away and make new keys."
    )


def _key(stored: _StoredKey) -> ApiKey:
    return ApiKey(
        stored.id,
        stored.role,
        stored.name,
        bytes.fromhex(stored.sha256),
        us_of(stored.created_at),
        None if stored.expires_at is None else us_of(stored.expires_at),
        None if stored.revoked_at is None else us_of(stored.revoked_at),
    )


def _stored(key: ApiKey) -> _StoredKey:
    return _StoredKey(
        id=key.key_id,
        role=key.role,
        name=key.name,
        sha256=key.digest.hex(),
        created_at=moment_of(key.created_at_us),
        expires_at=None if key.expires_at_us is None else moment_of(key.expires_at_us),
        revoked_at=None if key.revoked_at_us is None else moment_of(key.revoked_at_us),
    )


_FILE: Final = SmallFile(FILE, TEMPORARY, _parse)


class KeyFile(FollowedFile[ApiKey]):
    """The file as a running server follows it."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk, _FILE, ApiKeysDamagedError)

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """The keys as they were read last."""
        return self.entries
