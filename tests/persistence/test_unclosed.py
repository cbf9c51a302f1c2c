"""A connection to SQLite that nobody closes fails a test, on every Python."""

from __future__ import annotations

import gc
import sqlite3

import pytest

from authorizer.persistence.privacy.customer_index import CustomerIndex


def test_a_connection_that_is_not_closed_is_told() -> None:
    def let_go() -> None:
        sqlite3.connect(":memory:")
        gc.collect()

    with pytest.warns(ResourceWarning, match="unclosed database"):
        let_go()


def test_an_index_that_nobody_refers_to_closes_its_connection() -> None:
    """Also where it goes as a part of a cycle, whose members end in no order."""

    class Knot:
        def __init__(self) -> None:
            self.index = CustomerIndex()
            self.itself = self

    for _ in range(10):
        Knot()
        gc.collect()
