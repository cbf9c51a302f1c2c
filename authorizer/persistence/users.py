"""The people of the console on disk: one small file beside the API keys, replaced as a whole.

`DATA/access/users.json` holds no password, only hashes of them (Argon2id). It does hold the secrets
of second factors, which nothing can be checked without, and the public keys of passkeys. Changes
need the lock of the API keys.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from authorizer.domain.access import Role
from authorizer.domain.moments import moment_of, us_of
from authorizer.domain.people import LOG_IN_ROLES, MAX_PASSKEYS, Passkey, User
from authorizer.persistence.api_keys import FOLDER, ApiKeysDamagedError, changing
from authorizer.persistence.disk import Disk
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.small_file import FollowedFile, SmallFile

FILE: Final = f"{FOLDER}/users.json"
TEMPORARY: Final = f"{FOLDER}/new-users.tmp"
MAX_USERS: Final = 10_000
"""Disabled people stay, so that the journal's `by` can be read; this bounds them all."""
USER_ID: Final = r"[a-z][a-z0-9._-]{1,31}"
"""What somebody logs in with."""


class UsersDamagedError(ApiKeysDamagedError):
    """The file of the people cannot be used; the message says which and what to do."""


class _StoredPasskey(BaseModel):
    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    credential_id: Annotated[bytes, Field(min_length=1, max_length=1023)]
    public_key: Annotated[bytes, Field(min_length=1)]
    sign_count: Annotated[int, Field(ge=0, lt=2**32)]
    host: str
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    created_at: AwareDatetime


class _StoredUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(pattern=rf"\A{USER_ID}\z")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    role: Role
    password_hash: Annotated[str, StringConstraints(pattern=r"\A\$argon2id\$")]
    totp_secret: Annotated[str, StringConstraints(pattern=r"\A[A-Z2-7]{32,}\z")] | None
    created_at: AwareDatetime
    invited_until: AwareDatetime | None
    disabled_at: AwareDatetime | None
    passkeys: Annotated[list[_StoredPasskey], Field(max_length=MAX_PASSKEYS)] = []


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    users: list[_StoredUser]


def read_users(disk: Disk) -> tuple[User, ...]:
    """All people, oldest first; none where there is no file.

    Raises:
        UsersDamagedError: the file is there and is not one of people.
        OSError: it can't be read.
    """
    return _FILE.read(disk)


def write_users(disk: Disk, users: Sequence[User]) -> None:
    """Put these people in the place of all there were, durably and at once."""
    stored = _Stored(version=1, users=[_stored(user) for user in users])
    _FILE.write(disk, stored)


def change_user(
    disk: LocalDisk, user_id: str, change: Callable[[User], User]
) -> tuple[User, ...] | None:
    """Put what `change` makes of a person in their place; all people then, or None without them."""
    with changing(disk):
        known = read_users(disk)
        if all(user.user_id != user_id for user in known):
            return None
        users = tuple(change(user) if user.user_id == user_id else user for user in known)
        write_users(disk, users)
        return users


def digest_of_users(disk: Disk) -> str:
    """What names the content of the file: its SHA-256; that of nothing if it is missing."""
    return _FILE.digest(disk)


def _parse(disk: Disk, content: bytes) -> tuple[User, ...]:
    try:
        stored = _Stored.model_validate_json(content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise _damaged(disk, problem) from error
    if len({user.id for user in stored.users}) < len(stored.users):
        raise _damaged(disk, "an id is there twice")
    credentials = [key.credential_id for user in stored.users for key in user.passkeys]
    if len(set(credentials)) < len(credentials):
        raise _damaged(disk, "a passkey is there twice")
    if any(user.role not in LOG_IN_ROLES for user in stored.users):
        raise _damaged(disk, "a role is none that people have")
    return tuple(_user(user) for user in stored.users)


def _damaged(disk: Disk, problem: str) -> UsersDamagedError:
    return UsersDamagedError(
        f"{disk.path(FILE)} is damaged: {problem}. Put a backup of it in its place, or take it "
        "away and make the people anew."
    )


def _user(stored: _StoredUser) -> User:
    return User(
        stored.id,
        stored.name,
        stored.role,
        stored.password_hash,
        stored.totp_secret,
        us_of(stored.created_at),
        None if stored.invited_until is None else us_of(stored.invited_until),
        None if stored.disabled_at is None else us_of(stored.disabled_at),
        tuple(map(_passkey, stored.passkeys)),
    )


def _passkey(stored: _StoredPasskey) -> Passkey:
    return Passkey(
        stored.credential_id,
        stored.public_key,
        stored.sign_count,
        stored.host,
        stored.name,
        us_of(stored.created_at),
    )


def _stored(user: User) -> _StoredUser:
    return _StoredUser(
        id=user.user_id,
        name=user.name,
        role=user.role,
        password_hash=user.password_hash,
        totp_secret=user.totp_secret,
        created_at=moment_of(user.created_at_us),
        invited_until=None if user.invited_until_us is None else moment_of(user.invited_until_us),
        disabled_at=None if user.disabled_at_us is None else moment_of(user.disabled_at_us),
        passkeys=[
            _StoredPasskey(
                credential_id=passkey.credential_id,
                public_key=passkey.public_key,
                sign_count=passkey.sign_count,
                host=passkey.host,
                name=passkey.name,
                created_at=moment_of(passkey.created_at_us),
            )
            for passkey in user.passkeys
        ],
    )


_FILE: Final = SmallFile(FILE, TEMPORARY, _parse)


class UserFile(FollowedFile[User]):
    """The file as a running server follows it."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk, _FILE, UsersDamagedError)

    @property
    def users(self) -> tuple[User, ...]:
        """The people as they were read last."""
        return self.entries
