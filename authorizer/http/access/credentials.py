"""An API key as its owner holds it: `ak_<id>_<secret>`.

The id names the key and is no secret. The secret is 256 random bits; the server keeps its SHA-256.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from typing import Final, NamedTuple

PREFIX: Final = "ak"
_ID_BYTES: Final = 5
_SECRET_BYTES: Final = 32
_KEY = re.compile(rb"ak_([0-9a-f]{10})_([0-9a-f]{64})")


class Credential(NamedTuple):
    """An API key with its secret."""

    key_id: str
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}_{self.key_id}_{self.secret}"

    def __repr__(self) -> str:
        """The id alone, so that no log and no traceback shows a secret."""
        return f"Credential({self.key_id})"

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the secret."""
        return hashlib.sha256(self.secret.encode()).digest()


def new_credential() -> Credential:
    """A new random key."""
    return Credential(secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES))


def parse_credential(text: bytes) -> Credential | None:
    """Parse a key; None for anything else."""
    match = _KEY.fullmatch(text)
    return None if match is None else Credential(match[1].decode(), match[2].decode())


def authorizations(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """The values of `Authorization`, of which there may be one. Names are in lower case."""
    return tuple([value for name, value in headers if name == b"authorization"])
