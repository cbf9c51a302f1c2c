"""The data folders that earlier versions of the journal's format have left."""

from __future__ import annotations

from tests.support.server import PROJECT

FIXTURES = PROJECT / "tests" / "fixtures"
V1, V2, V3, V4, V5, V6, V7, V8, V9, V10 = (
    FIXTURES / f"journal-v{number}" for number in range(1, 11)
)
