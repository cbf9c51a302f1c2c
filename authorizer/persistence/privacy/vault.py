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

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import Final

from authorizer.persistence.disk import Disk, FilePlace, is_there
from authorizer.persistence.journal import clean_shutdown
from authorizer.persistence.privacy.keyring import (
    EMPTY,
    HEADER,
    KEY_BYTES,
    SLOT_BYTES,
    Keyring,
    VaultDamagedError,
    identity_of,
    slot,
)

FILE: Final = "customers.keys"
NEW: Final = "new-customers.tmp"
"""The key file's replacement, while it is being made."""
OLD: Final = "old-customers.tmp"
"""The key file that is being replaced."""


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
                each
                for each in dict.fromkeys(map(identity_of, customer_ids))
                if each not in self._at
            ]
            if not missing:
                return
            data = b"".join(slot(identity, self._random(KEY_BYTES)) for identity in missing)
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
            for identity in map(identity_of, customer_ids):
                for earlier in self._also_at.pop(identity, ()):
                    self._disk.overwrite(self._name, earlier, EMPTY)
                    self._slots[earlier : earlier + SLOT_BYTES] = EMPTY
                for index in (self._at, self._damaged_at):
                    offset = index.get(identity)
                    if offset is not None:
                        self._disk.overwrite(self._name, offset, EMPTY)
                        del index[identity]
                        self._slots[offset : offset + SLOT_BYTES] = EMPTY
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
    return Keyring(read_key_file(disk, folder, from_device=from_device))


def read_key_file(disk: Disk, folder: str, *, from_device: bool = False) -> bytes:
    """The bytes of a folder's key file. FileNotFoundError if there is none."""
    name = f"{folder}/{FILE}"
    if not is_there(disk, name) and is_there(disk, f"{folder}/{OLD}"):
        name = f"{folder}/{OLD}"  # it is being replaced just now, or a crash came between
    if from_device:
        disk.drop_cache(name)
    return _with_header(disk.read(name))


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
