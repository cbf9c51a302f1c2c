"""The keys in the bytes of a key file, and what is sealed and opened with them."""

import base64
import hashlib
import os
import struct
import zlib
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from authorizer.domain.sealing import PLAIN, Sealed, Sealer, is_plain

HEADER: Final = b"AUTHKEYS 1\n".ljust(64, b"\0")
SLOT_BYTES: Final = 64
SEALED: Final = "v1:"
"""The beginning of every sealed text."""
EMPTY: Final = bytes(SLOT_BYTES)
"""A slot whose key was destroyed."""
KEY_BYTES: Final = 32

_NONCE_BYTES: Final = 12
_SLOT = struct.Struct(">4s24s32sI")
_MAGIC: Final = b"KEY1"
_KEY_AT: Final = 28


class VaultDamagedError(Exception):
    """The key file was not written by this program."""


class Keyring(Sealer):
    """The keys in the bytes of a key file: what is sealed and opened with them."""

    def __init__(self, data: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        """A torn last slot is passed over.

        Raises:
            VaultDamagedError: the bytes are no key file.
        """
        if not data.startswith(HEADER):
            raise VaultDamagedError("this is no key file")
        self._random = random
        self._slots = bytearray(whole_slots(data))
        self._at: dict[bytes, int] = {}
        self._damaged_at: dict[bytes, int] = {}
        self._also_at: dict[bytes, list[int]] = {}
        """Where a slot lies whose customer has a later one: no file has that unless by hand."""
        for offset in range(SLOT_BYTES, len(self._slots), SLOT_BYTES):
            self._index(offset)

    def __len__(self) -> int:
        """How many customers have a key."""
        return len(self._at)

    @property
    def damaged(self) -> int:
        """How many slots hold neither a key nor zeros."""
        return len(self._damaged_at)

    @property
    def damaged_at(self) -> list[int]:
        """Where these slots begin in the file."""
        return sorted(self._damaged_at.values())

    @property
    def destroyed(self) -> int:
        """How many slots hold zeros: each was a key."""
        return sum(
            not any(self._slots[offset : offset + SLOT_BYTES])
            for offset in range(SLOT_BYTES, len(self._slots), SLOT_BYTES)
        )

    @override
    def has_key(self, customer_id: str) -> bool:
        return identity_of(customer_id) in self._at

    @override
    def seal(self, customer_id: str, plain: str) -> Sealed:
        nonce = self._random(_NONCE_BYTES)
        cipher = AESGCM(self._key(customer_id))
        data = nonce + cipher.encrypt(nonce, plain.encode(), customer_id.encode())
        return Sealed(SEALED + base64.b64encode(data).decode())

    @override
    def open(self, customer_id: str, sealed: Sealed) -> str | None:
        """None as well for a text of a key that was lost, or of another key."""
        if is_plain(sealed):
            return sealed.removeprefix(PLAIN)
        try:
            data = base64.b64decode(sealed.removeprefix(SEALED))
            nonce, text = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            cipher = AESGCM(self._key(customer_id))
            return cipher.decrypt(nonce, text, customer_id.encode()).decode()
        except (KeyError, ValueError, InvalidTag):
            return None

    def _key(self, customer_id: str) -> bytes:
        at = self._at[identity_of(customer_id)] + _KEY_AT
        key = bytes(self._slots[at : at + KEY_BYTES])
        if not any(key):  # it is being destroyed in another thread: never seal under zeros
            raise KeyError(customer_id)
        return key

    def _index(self, offset: int) -> None:
        slot = bytes(self._slots[offset : offset + SLOT_BYTES])
        if slot == EMPTY:
            return
        magic, identity, _, crc = _SLOT.unpack(slot)
        sound = magic == _MAGIC and zlib.crc32(slot[:-4]) == crc
        index = self._at if sound else self._damaged_at
        if identity in index:
            self._also_at.setdefault(identity, []).append(index[identity])
        index[identity] = offset


def whole_slots(data: bytes) -> bytes:
    """The bytes of a key file without a torn last slot."""
    return data[: len(data) // SLOT_BYTES * SLOT_BYTES]


def is_later(data: bytes, than: bytes) -> bool:
    """Whether a key file may have come of another: keys are added, or overwritten with zeros."""
    known = (slice(at, at + SLOT_BYTES) for at in range(0, len(than), SLOT_BYTES))
    return len(data) >= len(than) and all(data[at] in (than[at], EMPTY) for at in known)


def destroyed_since(data: bytes, before: bytes) -> bool:
    """Whether a key was destroyed between two states of a key file, also one made in between."""
    made = (data[at : at + SLOT_BYTES] for at in range(len(before), len(data), SLOT_BYTES))
    return data[: len(before)] != before or EMPTY in made


def identity_of(customer_id: str) -> bytes:
    """What a customer's slot is found by; the id can't be told from it."""
    return hashlib.sha256(customer_id.encode()).digest()[:24]


def slot(identity: bytes, key: bytes) -> bytes:
    """The bytes of a slot that holds a key."""
    head = _SLOT.pack(_MAGIC, identity, key, 0)[:-4]
    return head + struct.pack(">I", zlib.crc32(head))
