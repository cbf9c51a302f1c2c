"""Which purchases may be in an archive: a Bloom filter that grows a generation at a time.

Two and a half bytes of memory a purchase, and at most half as much again for what is to come. Of
ids that are not there, about one in 7,000 passes a full generation by chance, and is looked up for
nothing. The hash has a secret key, so nobody can make ids that do on purpose.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

SMALLEST: Final = 1 << 16
LARGEST: Final = 1 << 22
"""Purchases of the first and of the largest generation."""
_BITS_EACH: Final = 20
_PROBES: Final = 8
_HALF: Final = (1 << 64) - 1


class Generation:
    """The filter of purchases that were taken one after the other."""

    __slots__ = ("bits", "capacity", "count", "first", "newest_us")

    def __init__(
        self, first: int, capacity: int, count: int = 0, newest_us: int = 0, bits: bytes = b""
    ) -> None:
        self.first = first
        """The number of the first purchase that it took."""
        self.capacity = capacity
        self.count = count
        self.newest_us = newest_us
        """The time of the newest last change among them."""
        self.bits = bytearray(bits or bytes(capacity * _BITS_EACH // 8))

    @property
    def is_full(self) -> bool:
        """Whether the next purchase begins another generation."""
        return self.count >= self.capacity


class IdFilter:
    """The filters of all generations. One thread adds; any thread may ask."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.generations: list[Generation] = []
        self._tables: tuple[tuple[bytearray, int], ...] = ()
        """The bits of each generation, and how many there are; the newest first."""

    def __contains__(self, key: bytes) -> bool:
        """Whether a key may have been added."""
        at, step = self._places(key)
        for bits, size in self._tables:
            here = at % size
            if bits[here >> 3] >> (here & 7) & 1 and _has_rest(bits, size, at, step):
                return True
        return False

    @property
    def newest(self) -> Generation | None:
        """The generation that takes what comes."""
        return self.generations[-1] if self.generations else None

    def begin(self, generation: Generation) -> None:
        """Have a generation take what comes from now on."""
        self.generations.append(generation)
        self._list_tables()

    def drop(self, generation: Generation) -> None:
        """Ask a generation no more."""
        self.generations.remove(generation)
        self._list_tables()

    def add(self, key: bytes, changed_us: int) -> None:
        """Add a key to the newest generation."""
        generation = self.generations[-1]
        bits, size = generation.bits, generation.capacity * _BITS_EACH
        at, step = self._places(key)
        for place in range(at, at + _PROBES * step, step):
            here = place % size
            bits[here >> 3] |= 1 << (here & 7)
        generation.count += 1
        generation.newest_us = max(generation.newest_us, changed_us)

    def _places(self, key: bytes) -> tuple[int, int]:
        whole = int.from_bytes(blake2b(key, digest_size=16, key=self._secret).digest(), "little")
        return whole & _HALF, whole >> 64 | 1

    def _list_tables(self) -> None:
        self._tables = tuple(
            (each.bits, each.capacity * _BITS_EACH) for each in reversed(self.generations)
        )


def _has_rest(bits: bytearray, size: int, at: int, step: int) -> bool:
    """Whether all bits of a key are set but the first, which was looked at."""
    for place in range(at + step, at + _PROBES * step, step):
        here = place % size
        if not bits[here >> 3] >> (here & 7) & 1:
            return False
    return True


def next_capacity(generations: Sequence[Generation]) -> int:
    """Purchases that the next generation takes: half as many as there are, in a power of two."""
    half = sum(each.count for each in generations) // 2
    return min(max(SMALLEST, 1 << max(0, half.bit_length() - 1)), LARGEST)


def key_of(account_id: str, purchase_id: str) -> bytes:
    """What a purchase is called in the filter. No account's name has the separator."""
    return f"{account_id}\0{purchase_id}".encode()
