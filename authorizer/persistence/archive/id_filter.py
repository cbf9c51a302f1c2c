"""Which purchases may be in an archive: a Bloom filter that grows a generation at a time.

Two bytes of memory a purchase. Of ids that are not there, one in 1,500 or so passes by chance and
is looked up for nothing. The hash has a secret key, so nobody can make ids that do on purpose.
"""

from hashlib import blake2b
from typing import Final

SMALLEST: Final = 1 << 16
LARGEST: Final = 1 << 22
"""Purchases of the first and of the largest generation; each has room for twice the one before."""
_BITS_EACH: Final = 16
_PROBES: Final = 6
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
        self._masked: tuple[tuple[bytearray, int], ...] = ()

    def __contains__(self, key: bytes) -> bool:
        """Whether a key may have been added."""
        at, step = self._places(key)
        for bits, mask in self._masked:
            place = at
            for _ in range(_PROBES):
                here = place & mask
                if not bits[here >> 3] >> (here & 7) & 1:
                    break
                place += step
            else:
                return True
        return False

    @property
    def newest(self) -> Generation | None:
        """The generation that takes what comes."""
        return self.generations[-1] if self.generations else None

    def begin(self, generation: Generation) -> None:
        """Have a generation take what comes from now on."""
        self.generations.append(generation)
        self._mask()

    def drop(self, generation: Generation) -> None:
        """Ask a generation no more."""
        self.generations.remove(generation)
        self._mask()

    def add(self, key: bytes, changed_us: int) -> None:
        """Add a key to the newest generation."""
        generation = self.generations[-1]
        bits, mask = generation.bits, generation.capacity * _BITS_EACH - 1
        place, step = self._places(key)
        for _ in range(_PROBES):
            here = place & mask
            bits[here >> 3] |= 1 << (here & 7)
            place += step
        generation.count += 1
        generation.newest_us = max(generation.newest_us, changed_us)

    def _places(self, key: bytes) -> tuple[int, int]:
        whole = int.from_bytes(blake2b(key, digest_size=16, key=self._secret).digest(), "little")
        return whole & _HALF, whole >> 64 | 1

    def _mask(self) -> None:
        self._masked = tuple(
            (each.bits, each.capacity * _BITS_EACH - 1) for each in reversed(self.generations)
        )


def key_of(account_id: str, purchase_id: str) -> bytes:
    """What a purchase is called in the filter. No account's name has the separator."""
    return f"{account_id}\0{purchase_id}".encode()
