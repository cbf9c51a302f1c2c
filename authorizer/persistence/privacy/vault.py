"""The keys of personal data: one random key a customer, apart from the journal.

Personal text is sealed with AES-256-GCM under its customer's key, with a random nonce and the
customer's id as associated data. A key is destroyed by writing zeros over it in place; from then on
every text under it, wherever it was copied, is noise. docs/journal-format.md has the bytes.

A slot is a power of two long and lies at a multiple of its length, so none crosses a sector: a
crash leaves each of them as it was or as it was to be.

A start after anything but an orderly end writes the file anew, through another one, since the last
sync may have failed (`clean_shutdown`). The file that was there is overwritten with zeros and then
taken away, or a key that is destroyed later could be found in what it leaves on the device.
"""

import base64
import hashlib
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from authorizer.domain.sealing import PLAIN, Sealed, Sealer, is_plain
from authorizer.persistence.disk import Disk, FilePlace, is_there
from authorizer.persistence.journal import clean_shutdown

FILE: Final = "customers.keys"
HEADER: Final = b"AUTHKEYS 1\n".ljust(64, b"\0")
SLOT_BYTES: Final = 64
NEW: Final = "new-customers.tmp"
"""The key file's replacement, while it is being made."""
OLD: Final = "old-customers.tmp"
"""The key file that is being replaced."""
SEALED: Final = "v1:"
"""The beginning of every sealed text."""

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SLOT = struct.Struct(">4s24s32sI")
_MAGIC: Final = b"KEY1"
_KEY_AT: Final = 28
_EMPTY: Final = bytes(SLOT_BYTES)


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
        self._slots = bytearray(data[: len(data) // SLOT_BYTES * SLOT_BYTES])
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
        return _identity(customer_id) in self._at

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
        at = self._at[_identity(customer_id)] + _KEY_AT
        key = bytes(self._slots[at : at + _KEY_BYTES])
        if not any(key):  # it is being destroyed in another thread: never seal under zeros
            raise KeyError(customer_id)
        return key

    def _index(self, offset: int) -> None:
        slot = bytes(self._slots[offset : offset + SLOT_BYTES])
        if slot == _EMPTY:
            return
        magic, identity, _, crc = _SLOT.unpack(slot)
        sound = magic == _MAGIC and zlib.crc32(slot[:-4]) == crc
        index = self._at if sound else self._damaged_at
        if identity in index:
            self._also_at.setdefault(identity, []).append(index[identity])
        index[identity] = offset


class Vault(Keyring):
    """The keys of a folder, to which keys are added and in which they are destroyed.

    `create` and `destroy` block until the disk has it, and may be called from any thread; a key is
    there for the others only once it is durable.
    """

    def __init__(
        self, disk: Disk, folder: str, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        """Open the keys of a folder, which is made if missing; a torn last slot is cut.

        Raises:
            VaultDamagedError: the file is no key file.
        """
        self._disk = disk
        self._folder = folder
        self._name = f"{folder}/{FILE}"
        self._writing = threading.Lock()
        self._sound = True
        """Whether every write so far is on the device."""
        disk.make_folder(folder)
        _finish_replacing(disk, folder)
        data = b""
        if is_there(disk, self._name):
            disk.drop_cache(self._name)
            data = disk.read(self._name)
        data = _with_header(data)
        try:
            super().__init__(data, random)
        except VaultDamagedError as error:
            raise VaultDamagedError(f"{self.path}: {error}") from error
        if clean_shutdown.said(disk, folder) == _end(data):
            disk.sync(self._name)
            clean_shutdown.withdraw(disk, folder)
            disk.sync_folder(folder)
        else:
            _replace(disk, folder, bytes(self._slots))
            clean_shutdown.withdraw(disk, folder)
        self._file = disk.append(self._name)
        self._place = FilePlace(disk, self._name)

    @property
    def path(self) -> str:
        """How messages name the key file."""
        return self._disk.path(self._name)

    def create(self, customer_ids: Iterable[str]) -> None:
        """Make keys for the customers without one, with one sync.

        Raises:
            OSError: the disk refused; the keys may be there or not.
        """
        with self._writing:
            missing = [
                each for each in dict.fromkeys(map(_identity, customer_ids)) if each not in self._at
            ]
            if not missing:
                return
            data = b"".join(_slot(identity, self._random(_KEY_BYTES)) for identity in missing)
            self._sound = False
            self._file.write(data)
            self._file.sync()
            self._sound = True
            begin = len(self._slots)
            self._slots += data
            for offset in range(begin, len(self._slots), SLOT_BYTES):
                self._index(offset)

    def destroy(self, customer_ids: Iterable[str]) -> None:
        """Write zeros over the keys of these customers, on disk and in memory.

        Raises:
            OSError: the disk refused; a key may be there still.
        """
        with self._writing:
            self._sound = False
            for identity in map(_identity, customer_ids):
                for earlier in self._also_at.pop(identity, ()):
                    self._disk.overwrite(self._name, earlier, _EMPTY)
                    self._slots[earlier : earlier + SLOT_BYTES] = _EMPTY
                for index in (self._at, self._damaged_at):
                    offset = index.get(identity)
                    if offset is not None:
                        self._disk.overwrite(self._name, offset, _EMPTY)
                        del index[identity]
                        self._slots[offset : offset + SLOT_BYTES] = _EMPTY
            self._sound = True

    def check_place(self) -> None:
        """OSError if the key file is not the file at its path. Any thread may call it."""
        self._place.check()

    def close(self) -> None:
        """Let the file go. Unless a write failed, the next start may believe what it reads."""
        self._file.close()
        if self._sound:
            clean_shutdown.say(self._disk, self._folder, _end(bytes(self._slots)))


def read_keys(disk: Disk, folder: str, *, from_device: bool = False) -> Keyring:
    """The keys of a folder as they are; nothing is changed, and a server may be at work.

    `from_device`: not what the system has of the file in memory, as far as it can.

    Raises:
        FileNotFoundError: there are none.
        VaultDamagedError: the file is no key file.
    """
    name = f"{folder}/{FILE}"
    if not is_there(disk, name) and is_there(disk, f"{folder}/{OLD}"):
        name = f"{folder}/{OLD}"  # it is being replaced just now, or a crash came between
    if from_device:
        disk.drop_cache(name)
    return Keyring(_with_header(disk.read(name)))


def _with_header(data: bytes) -> bytes:
    """A key file's bytes; one whose first write was cut is an empty one."""
    return HEADER if len(data) < len(HEADER) and HEADER.startswith(data) else data


def _end(data: bytes) -> str:
    return f"{FILE} {len(data)} {hashlib.sha256(data).hexdigest()}"


def _replace(disk: Disk, folder: str, content: bytes) -> None:
    """Have the key file hold these bytes, in a new file, and nothing be left of the old one."""
    new, name = f"{folder}/{NEW}", f"{folder}/{FILE}"
    file = disk.append(new)
    try:
        file.write(content)
        file.sync()
    finally:
        file.close()
    if is_there(disk, name):
        disk.rename(name, f"{folder}/{OLD}")
    disk.rename(new, name)
    _finish_replacing(disk, folder)


def _finish_replacing(disk: Disk, folder: str) -> None:
    """Leave one key file, wherever a crash came between the steps of `_replace`."""
    old, name = f"{folder}/{OLD}", f"{folder}/{FILE}"
    if is_there(disk, old) and not is_there(disk, name):
        disk.rename(old, name)
    for left in (old, f"{folder}/{NEW}"):
        if is_there(disk, left):
            disk.overwrite(left, 0, bytes(disk.size(left)))
            disk.remove(left)
            disk.sync_folder(folder)


def _identity(customer_id: str) -> bytes:
    return hashlib.sha256(customer_id.encode()).digest()[:24]


def _slot(identity: bytes, key: bytes) -> bytes:
    head = _SLOT.pack(_MAGIC, identity, key, 0)[:-4]
    return head + struct.pack(">I", zlib.crc32(head))
