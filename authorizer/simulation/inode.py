"""Files and folders in memory, and what a loss of power leaves of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Final

SECTOR_BYTES: Final = 512


@dataclass(eq=False)
class Inode:
    """A file's bytes, apart from its names."""

    content: bytes = b""
    """The bytes that a reader sees."""
    synced: bytes = b""
    """The bytes that are surely on the device."""
    changes: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Since the last sync, in order: (offset, bytes written there), or (new length, None)."""
    doomed: list[tuple[int, int]] = field(default_factory=list)
    """From where to where a sync failed: nothing that is written there reaches the device now."""

    def change(self, at: int, data: bytes | None) -> None:
        """Write bytes at an offset, or cut to a length; not synced yet."""
        self.changes.append((at, data))
        self.content = changed(self.content, at, data)

    def sync(self) -> None:
        """Put on the device what changed since the last sync, but for what was doomed by then.

        ext4 writes into a block whose first write failed, and reads it as zeros all the same: it
        never noted that the block holds anything.
        """
        before = self.synced
        for at, data in self.changes:
            self.synced = changed(self.synced, at, data)
        for begin, end in self.doomed:
            there = before[begin:end].ljust(end - begin, b"\0")
            if begin < len(self.synced):
                there = there[: len(self.synced) - begin]
                self.synced = changed(self.synced, begin, there)
        self.changes.clear()

    def fail_sync(self) -> None:
        """A sync fails: what changed is clean in memory from now on, and is on no device."""
        self.doomed += [(at, at + len(data)) for at, data in self.changes if data is not None]
        self.changes.clear()

    def drop_cache(self) -> None:
        """Have the device's bytes be seen again, and what is not yet written over them."""
        self.content = self.synced
        for at, data in self.changes:
            self.content = changed(self.content, at, data)

    def lose_power(self, random: Random) -> None:
        """Keep what is synced, and a random part of what is not."""
        kept = self.synced
        fate = random.choice(("lost", "lost", "cut", "kept", "holes"))
        whole = {"lost": 0, "cut": random.randrange(len(self.changes) + 1)}
        count = whole.get(fate, len(self.changes))
        for at, data in self.changes[:count]:
            kept = changed(kept, at, with_holes(data, at, random) if fate == "holes" else data)
        if fate == "cut" and count < len(self.changes):
            at, data = self.changes[count]
            if data is not None:
                kept = changed(kept, at, data[: random.randrange(len(data) + 1)])
        self.content = self.synced = kept
        self.changes.clear()
        self.doomed.clear()


def changed(content: bytes, at: int, data: bytes | None) -> bytes:
    """Bytes after a write at an offset, or after a cut to a length."""
    if data is None:
        return content[:at]
    return content[:at].ljust(at, b"\0") + data + content[at + len(data) :]


def with_holes(data: bytes | None, at: int, random: Random) -> bytes | None:
    """What a write leaves when some of its sectors never arrive: there are zeros."""
    if data is None:
        return None
    return b"".join(
        bytes(len(piece)) if random.random() < 0.5 else piece for piece in sectors(data, at)
    )


def sectors(data: bytes, at: int) -> list[bytes]:
    """The pieces of a write that begins at an offset, one for each sector that it touches."""
    edges = [0, *range(SECTOR_BYTES - at % SECTOR_BYTES, len(data), SECTOR_BYTES), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


Entries = dict[str, Inode]


@dataclass(eq=False)
class Folder:
    """The names in a folder. What was not synced is lost from some operation on, in order."""

    entries: Entries = field(default_factory=dict)
    synced: Entries = field(default_factory=dict)
    changes: list[dict[str, Inode | None]] = field(default_factory=list)
    """Since the last sync: names and what they stand for now (None: taken away), each as one."""

    def change(self, names: dict[str, Inode | None]) -> None:
        """Have names stand for something else; not synced yet."""
        self.changes.append(names)
        self.entries = named(self.entries, names)

    def sync(self) -> None:
        """Put on the device what changed since the last sync."""
        for names in self.changes:
            self.synced = named(self.synced, names)
        self.changes.clear()

    def fail_sync(self) -> None:
        """A sync fails: the names are seen from now on, and are on no device."""
        self.changes.clear()

    def lose_power(self, random: Random) -> None:
        """Keep what is synced, and of what is not a random part, from its beginning."""
        kept = self.synced
        for names in self.changes[: random.randrange(len(self.changes) + 1)]:
            kept = named(kept, names)
        self.entries, self.synced = kept, dict(kept)
        self.changes.clear()


def named(entries: Entries, names: dict[str, Inode | None]) -> Entries:
    """A folder's entries after some names stand for something else."""
    together = {**entries, **names}
    return {name: inode for name, inode in together.items() if inode is not None}
