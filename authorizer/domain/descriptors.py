"""Merchant descriptors: how names are compared with them, exactly and by prefix."""

from collections.abc import Iterable
from typing import Final

from authorizer.domain.text import normalize_name

_MEMO_ENTRIES: Final = 16_384
_MEMO_ENTRIES_OF_NAMES: Final = 16


def names_a_merchant(name: str) -> bool:
    """Whether a name has more than blanks and stars: others would match every merchant."""
    return merchant_key(name).strip("*") != ""


def merchant_key(name: str) -> str:
    """The identity of a registered name: two spellings of one key are one entry.

    A name that ends in `*` is a prefix; its key keeps the star. Elsewhere `*` is a plain character.
    """
    folded = normalize_name(name)
    return folded[:-1].rstrip() + "*" if folded.endswith("*") else folded


class DescriptorTable:
    """Names with a value each, and the search of the one that a merchant descriptor meets."""

    def __init__(self, memo_entries: int = _MEMO_ENTRIES) -> None:
        """`memo_entries`: how many descriptors it remembers the value of."""
        self._memo_entries = memo_entries
        self._entries: dict[str, tuple[str, str]] = {}
        self._memo: dict[str, str | None] = {}
        self._prefix_lengths: list[int] | None = None
        """The lengths of the registered prefixes, longest first; None until somebody searches."""

    @classmethod
    def of(cls, names: Iterable[str]) -> "DescriptorTable | None":
        """The table of names without values, for `meets`; None where there is no name.

        There may be one for every card, so it remembers few descriptors.
        """
        table = DescriptorTable(_MEMO_ENTRIES_OF_NAMES)
        for name in names:
            table.register(name, "")
        return table if len(table) else None

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self) -> list[tuple[str, str]]:
        """Every (name as registered, value), in the order of registration."""
        return list(self._entries.values())

    def get(self, name: str) -> tuple[str, str] | None:
        """The entry that a spelling of its name identifies."""
        return self._entries.get(merchant_key(name))

    def register(self, name: str, value: str) -> None:
        """Put an entry in, or in the place of the one with the same key."""
        self._entries[merchant_key(name)] = (name, value)
        self._changed()

    def remove(self, name: str) -> None:
        """Take an entry out; KeyError if it is not there."""
        del self._entries[merchant_key(name)]
        self._changed()

    def value_for(self, merchant: str) -> str | None:
        """The value of the entry that a descriptor meets; None where it meets none.

        An exact entry wins before any prefix, the longest prefix before the shorter ones.
        """
        if not self._entries:
            return None
        memo = self._memo
        if merchant in memo:
            return memo[merchant]
        if len(memo) >= self._memo_entries:
            memo.clear()
        found = memo[merchant] = self._search(normalize_name(merchant))
        return found

    def meets(self, merchant: str) -> bool:
        """Whether a descriptor meets one of the names."""
        return self.value_for(merchant) is not None

    def _search(self, name: str) -> str | None:
        exact = self._entries.get(name) if not name.endswith("*") else None
        if exact is not None:
            return exact[1]
        for length in self._lengths():
            if length <= len(name) and _ends_word(name, length):
                entry = self._entries.get(name[:length] + "*")
                if entry is not None:
                    return entry[1]
        return None

    def _lengths(self) -> list[int]:
        if self._prefix_lengths is None:
            lengths = {len(key) - 1 for key in self._entries if key.endswith("*")}
            self._prefix_lengths = sorted(lengths, reverse=True)
        return self._prefix_lengths

    def _changed(self) -> None:
        self._memo.clear()
        self._prefix_lengths = None


def _ends_word(name: str, length: int) -> bool:
    """Whether a prefix of this length does not cut a word in two."""
    return length == len(name) or not (name[length - 1].isalnum() and name[length].isalnum())
