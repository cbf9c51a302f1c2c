"""The purchases that a backtest has to know: the newest in memory, the others on disk."""

import sqlite3
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

import orjson

from authorizer.domain.accounts.backtest_values import KnownPurchase
from authorizer.domain.accounts.limits import Spending

KEPT: Final = 100_000
"""Purchases in memory at the most."""
_CACHE_KIB: Final = 32 * 1024

Key = tuple[str, str]


class PurchaseSpill:
    """Purchases by account and id. What it writes is in a file of its own, gone with the process.

    A purchase that no window has any more is forgotten, where nothing but a window would ask.
    """

    def __init__(self, horizon_us: Callable[[], int], kept: int = KEPT) -> None:
        """`horizon_us`: since when purchases may be in a window."""
        self._horizon_us = horizon_us
        self._kept = kept
        self._newest: dict[Key, KnownPurchase] = {}
        self._disk: sqlite3.Connection | None = None

    def get(self, account_id: str, purchase_id: str) -> KnownPurchase | None:
        """The purchase; None for one that is not there."""
        known = self._newest.get((account_id, purchase_id))
        if known is not None or self._disk is None:
            return known
        row = self._disk.execute(
            "SELECT known FROM purchases WHERE account = ? AND id = ?",
            (_bytes(account_id), _bytes(purchase_id)),
        ).fetchone()
        return None if row is None else _unpacked(orjson.loads(row[0]))

    def put(self, account_id: str, purchase_id: str, purchase: KnownPurchase) -> None:
        """Keep a purchase, in the place of what was known of it."""
        key = (account_id, purchase_id)
        self._newest.pop(key, None)
        self._newest[key] = purchase
        if len(self._newest) > self._kept:
            self._spill()

    def close(self) -> None:
        """Let the file go."""
        if self._disk is not None:
            self._disk.close()

    def _spill(self) -> None:
        """Put the half that was touched longest ago on disk."""
        if self._disk is None:
            self._disk = _open()
        horizon_us = self._horizon_us()
        oldest = list(islice(self._newest.items(), len(self._newest) // 2))
        rows = []
        for (account_id, purchase_id), known in oldest:
            del self._newest[account_id, purchase_id]
            if known.is_hold or known.made_at_us >= horizon_us:
                packed = orjson.dumps((*known[:-1], list(known.spending)))
                rows.append((_bytes(account_id), _bytes(purchase_id), packed))
        self._disk.execute("BEGIN")
        self._disk.executemany("INSERT OR REPLACE INTO purchases VALUES (?, ?, ?)", rows)
        self._disk.execute("COMMIT")


def _open() -> sqlite3.Connection:
    """A database without a name: SQLite removes its file when it is closed."""
    disk = sqlite3.connect("", isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
        disk.execute(f"PRAGMA {setting}")
    disk.execute(
        "CREATE TABLE purchases (account BLOB, id BLOB, known BLOB, PRIMARY KEY (account, id)) "
        "WITHOUT ROWID"
    )
    return disk


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _unpacked(values: list[Any]) -> KnownPurchase:
    return KnownPurchase._make((*values[:-1], Spending(*values[-1])))
