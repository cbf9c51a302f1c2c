"""Idempotency keys: an id that an account has answered for gets the stored answer again."""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Final, NamedTuple

PAGE_ENTRIES: Final = 2048
_SEPARATOR: Final = "\0"
_PAID_BY: Final = "\1"


class IdRetention(NamedTuple):
    """How long ids are remembered, in microseconds."""

    purchases_us: int
    """Those of purchases and of what is done to them, and those of adjustments."""
    credits_us: int


class StoredAnswer(NamedTuple):
    """The answer given under a key."""

    at_us: int
    answer: str
    """In one word."""
    fingerprint: str
    """All that the request said besides its id: a repeat says exactly the same."""
    source: str | None = None
    """The source that paid; None for a decline, and where it is not known."""
    override_mcc: str | None = None
    """The MCC of the merchant override that applied, if one did."""


def purchase_fingerprint(
    amount_cents: int, card_id: str | None, mcc: str, merchant: str, product: str | None = None
) -> str:
    """All that a purchase says besides its id, in one text."""
    text = f"{amount_cents}\0{card_id or ''}\0{mcc}\0{merchant}"
    return text if product is None else f"{text}\0{product}"


def approval(source: str, override_mcc: str | None) -> str:
    """The answer to a purchase that a source paid."""
    return f"approved{_PAID_BY}{source}{_PAID_BY}{override_mcc or ''}"


def credit_fingerprint(amount_cents: int, wallet: str, reference: str | None = None) -> str:
    """All that a credit says besides its id, in one text."""
    text = f"{amount_cents}\0{wallet}"
    return text if reference is None else f"{text}\0{reference}"


class IdempotencyKeys:
    """Keys in the order of their event times: one open page, and sealed ones that never change.

    Sealed pages let a snapshot take a hundred thousand keys without copying them, and let keys
    expire a page at a time. Entries are text because the garbage collector does not follow text.
    """

    __slots__ = ("open_page", "sealed_pages")

    def __init__(self) -> None:
        self.open_page: dict[str, str] = {}
        self.sealed_pages: tuple[dict[str, str], ...] = ()

    def __len__(self) -> int:
        """How many are held."""
        return len(self.open_page) + PAGE_ENTRIES * len(self.sealed_pages)

    def get(self, key: str, since_us: int) -> StoredAnswer | None:
        """The answer given under this key at or after `since_us`, if there was one."""
        entry = self.open_page.get(key)
        if entry is None:
            for page in reversed(self.sealed_pages):
                entry = page.get(key)
                if entry is not None:
                    break
            else:
                return None
        found = parse_entry(entry)
        return found if found.at_us >= since_us else None

    def add(self, key: str, at_us: int, answer: str, fingerprint: str) -> None:
        """Store an answer (`approval`, where a source paid).

        The times of successive calls never go backwards.
        """
        page = self.open_page
        if len(page) >= PAGE_ENTRIES and key not in page:
            self.sealed_pages = (*self.sealed_pages, page)
            page = self.open_page = {}
        page.pop(key, None)  # a key keeps its old place in the order otherwise
        page[key] = f"{at_us}{_SEPARATOR}{answer}{_SEPARATOR}{fingerprint}"

    def has_room(self, limit: int, since_us: int) -> bool:
        """Whether fewer than `limit` are held, pages wholly older than `since_us` left out."""
        if len(self) < limit:
            return True
        live = [page for page in self.sealed_pages if newest_us(page) >= since_us]
        return len(self.open_page) + PAGE_ENTRIES * len(live) < limit

    def holds(self, key: str) -> bool:
        """Whether there is an answer under this key, however old."""
        return key in self.open_page or any(key in page for page in self.sealed_pages)

    def answered_before(self, before_us: int) -> dict[str, str]:
        """The entries of the open page that are older than a time."""
        old: dict[str, str] = {}
        for key, entry in self.open_page.items():
            if entry_us(entry) >= before_us:
                break
            old[key] = entry
        return old

    def drop(self, pages: Collection[dict[str, str]], entries: Mapping[str, str]) -> None:
        """Take out sealed pages, and entries of the open page that are as they were.

        A page that was sealed meanwhile is left alone.
        """
        gone = {id(page) for page in pages}
        self.sealed_pages = tuple(page for page in self.sealed_pages if id(page) not in gone)
        if any(self.open_page.get(key) == entry for key, entry in entries.items()):
            left = self.open_page.items()
            self.open_page = {key: entry for key, entry in left if entries.get(key) != entry}

    def has_just_sealed(self) -> bool:
        """Whether the newest key began a page: the time to look for pages to drop."""
        return len(self.open_page) == 1 and bool(self.sealed_pages)

    def forget_before(self, since_us: int) -> None:
        """Drop sealed pages that are wholly older than `since_us`; no `get` since then sees it."""
        self.sealed_pages = tuple(page for page in self.sealed_pages if newest_us(page) >= since_us)

    def forget_all_before(self, since_us: int) -> int:
        """Drop what is older in the open page as well; how many ids went.

        The page is made anew where any went: a dict never gets smaller by itself.
        """
        before = len(self)
        young = (entry_us(entry) >= since_us for entry in self.open_page.values())
        old = next((at for at, is_young in enumerate(young) if is_young), len(self.open_page))
        if old:
            self.open_page = dict(islice(self.open_page.items(), old, None))
        if self.sealed_pages:
            self.forget_before(since_us)
        return before - len(self)


def entry_us(entry: str) -> int:
    """The time of the answer that an entry holds."""
    return int(entry.split(_SEPARATOR, 1)[0])


def parse_entry(entry: str) -> StoredAnswer:
    """The answer that an entry holds."""
    at, answer, fingerprint = entry.split(_SEPARATOR, 2)
    word, *paid = answer.split(_PAID_BY)
    source, override_mcc = paid or (None, None)
    return StoredAnswer(int(at), word, fingerprint, source, override_mcc or None)


def newest_us(page: dict[str, str]) -> int:
    """The time of a page's newest answer; pages are never empty."""
    return entry_us(page[next(reversed(page))])
