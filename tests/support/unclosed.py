"""What newer Pythons warn of, for the older ones: a connection to SQLite that nobody closed."""

from __future__ import annotations

import sqlite3
import sys
import warnings
from functools import partial
from typing import Any, Final

SAYS_SO_ITSELF: Final = sys.version_info >= (3, 13)


class WatchedConnection(sqlite3.Connection):
    """Warns when it goes and was never closed. Warnings are errors here."""

    _closed = False

    def close(self) -> None:
        self._closed = True
        super().close()

    def __del__(self) -> None:
        if not self._closed:
            warnings.warn(f"unclosed database in {self!r}", ResourceWarning, 2, self)


def warn_of_unclosed_databases() -> None:
    """Have every connection of this process watched; SQLAlchemy takes its from the second."""
    if SAYS_SO_ITSELF:
        return
    watched: Any = partial(sqlite3.connect, factory=WatchedConnection)
    for module in (sqlite3, sqlite3.dbapi2):
        module.connect = watched  # type: ignore[attr-defined]
